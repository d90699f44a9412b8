import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from bot.site.loading import load_files
from bot.site.starting import starter_files
from rules.filters import FILTERS, Manner
from web import assets, demo, headers
from web.demo import LANGUAGES, PAGES, PRODUCTS

ADDRESSES = [f"/demo/{'' if page == 'home' else page}" for page in PAGES]
ALL = [*ADDRESSES, *(address.replace("/demo/", "/demo/de/") for address in ADDRESSES)]


@pytest.fixture
def shop():
    app = Flask("web", static_folder=None)
    headers.install(app)
    assets.install(app, assets.shipped())
    app.register_blueprint(demo.blueprint())
    return app.test_client()


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def addresses(self):
        for _, attributes in self.tags:
            for name in ("href", "src"):
                if name in attributes:
                    yield attributes[name]


def page(shop, address):
    answer = shop.get(address)
    assert answer.status_code == 200, address
    return Page(answer.text)


@pytest.mark.parametrize("address", ALL)
def test_every_page_opens_in_its_language(shop, address):
    opened = page(shop, address)
    language = "de" if address.startswith("/demo/de/") else "en"
    assert opened.all("html") == [{"lang": language}]
    assert len(opened.all("h1")) == 1


@pytest.mark.parametrize("address", ALL)
def test_every_page_has_the_one_script_tag(shop, address):
    scripts = [script for script in page(shop, address).all("script") if "demo" not in script["src"]]
    assert scripts == [{"src": "/widget.js", "async": None}]


@pytest.mark.parametrize("address", ALL)
def test_nothing_stands_in_a_page_that_a_strict_policy_forbids(shop, address):
    answer = shop.get(address)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.text
    for tag, attributes in Page(answer.text).tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "script" or "src" in attributes


@pytest.mark.parametrize("address", ALL)
def test_whatever_a_page_refers_to_is_there(shop, address):
    opened = page(shop, address)
    anchors = {attributes.get("id") for _, attributes in opened.tags}
    for target in opened.addresses():
        path, _, anchor = target.partition("#")
        if target.startswith("mailto:"):
            continue
        if not path:
            assert anchor in anchors, target
        elif path.startswith("/demo/"):
            other = page(shop, path)
            assert not anchor or anchor in {attributes.get("id") for _, attributes in other.tags}, target
        else:
            assert shop.get(path).status_code == 200, target


@pytest.mark.parametrize("address", ALL)
def test_every_picture_has_its_size_and_says_whether_it_means_something(shop, address):
    for picture in page(shop, address).all("img"):
        assert picture["width"]
        assert picture["height"]
        assert picture["alt"] == ""


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_leads_to_itself_in_the_other_language(shop, address):
    german = address.replace("/demo/", "/demo/de/")
    assert german in set(page(shop, address).addresses())
    assert address in set(page(shop, german).addresses())


def test_prices_are_written_as_each_language_does(shop):
    assert "€7.90" in shop.get("/demo/catalogue").text
    assert "7,90\xa0€" in shop.get("/demo/de/catalogue").text


FREE = re.compile(
    r"(?:[Dd]elivery (?:is )?free from|[Ff]rom) €(\d+)(?:,? delivery is free| it is free|\.)"
    r"|[Ff]ree,? from €(\d+)|(?:frei ab|[Aa]b) (\d+)\s€(?: ist (?:der Versand|es) frei|\.)"
)
COOKBOOK = Path(__file__).parents[2] / "docs" / "marketers" / "cookbook.md"


def test_the_shop_its_content_and_the_cookbook_promise_the_same(shop):
    texts = [*starter_files().values(), COOKBOOK.read_text(), *(unescape(shop.get(address).text) for address in ALL)]
    amounts = [next(filter(None, found)) for text in texts for found in FREE.findall(text)]
    assert len(amounts) >= 2 * len(PAGES) + 5
    assert set(amounts) == {"60"}
    assert "one or two days" in starter_files()["rules/questions.yaml"]
    assert "one or two days" in starter_files()["responses.yaml"]
    assert '<td class="figures">1 to 2</td>' in shop.get("/demo/pricing").text


def test_the_shop_counts_its_teas_right(shop):
    teas = {5: "Five", 6: "Six", 7: "Seven"}[len([each for each in PRODUCTS if each.shelf != "table"])]
    assert f"{teas} teas and" in shop.get("/demo/").text and f"{teas} teas and" in shop.get("/demo/catalogue").text
    assert f"{teas} teas can be" in starter_files()["triggers/shop.yaml"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hours_in_the_shop_are_those_of_its_site(shop, language):
    hours = load_files(starter_files()).site.opening_hours
    written = str(FILTERS["summary"].apply(hours, None, Manner(language, "EUR", hours.zone))).split(", ")
    text = shop.get("/demo/" if language == "en" else "/demo/de/").text
    assert written and all(each in text for each in written)


def test_the_shop_says_that_it_sells_nothing(shop):
    assert "Nothing here is for sale" in shop.get("/demo/").text
    assert "Hier gibt es nichts zu kaufen" in shop.get("/demo/de/").text


@pytest.mark.parametrize("address", ALL)
def test_no_word_of_the_templates_is_left_over(shop, address):
    assert not re.search(r"\{\{|\{%|Undefined", shop.get(address).text)


def test_every_language_has_every_page():
    assert len(ALL) == len(PAGES) * len(LANGUAGES)
