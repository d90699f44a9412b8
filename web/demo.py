"""The sample shop: a few pages of a made-up tea shop, in English and German, to see the widget where it belongs.

Pages under `/demo/` and `/demo/de/` do not know Parlour; like any customer's page they have one script tag.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for

from rules.filters import FILTERS, Manner
from web.audience import audience

PAGES = ("home", "catalogue", "pricing", "cart", "support")
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    """Names the picture too."""
    shelf: str
    name: tuple[str, str]
    line: tuple[str, str]
    price: float
    unit: tuple[str, str]
    tint: str = "sand"


_PER_100_G = ("100 g", "100 g")
PRODUCTS = (
    Product(
        "assam",
        "black",
        ("Morning Assam", "Morgen-Assam"),
        ("Malty and strong, takes milk well", "Malzig und kräftig, gut mit Milch"),
        7.90,
        _PER_100_G,
    ),
    Product(
        "oolong",
        "black",
        ("Mountain Oolong", "Berg-Oolong"),
        ("Half-roasted, smells of baked plums", "Halb geröstet, duftet nach Backpflaumen"),
        14.50,
        _PER_100_G,
        "green",
    ),
    Product(
        "sencha",
        "green",
        ("Garden Sencha", "Garten-Sencha"),
        ("Fresh as cut grass, a little sweet", "Frisch wie gemähtes Gras, etwas süß"),
        8.90,
        _PER_100_G,
        "amber",
    ),
    Product(
        "white-peony",
        "green",
        ("White Peony", "Weiße Pfingstrose"),
        ("Pale, soft, with a hint of melon", "Hell, weich, mit einem Hauch Melone"),
        12.50,
        _PER_100_G,
    ),
    Product(
        "rooibos",
        "herbal",
        ("Evening Rooibos", "Abend-Rooibos"),
        ("Vanilla and orange peel, no caffeine", "Vanille und Orangenschale, ohne Koffein"),
        6.90,
        _PER_100_G,
        "green",
    ),
    Product(
        "mint",
        "herbal",
        ("Mint and Verbena", "Minze und Verbene"),
        ("Two leaves and nothing else", "Zwei Blätter und sonst nichts"),
        6.50,
        ("60 g", "60 g"),
        "amber",
    ),
    Product(
        "teapot",
        "table",
        ("Stoneware pot", "Steinzeugkanne"),
        ("Holds one litre and keeps it warm", "Fasst einen Liter und hält ihn warm"),
        38,
        ("1 l", "1 l"),
        "amber",
    ),
    Product(
        "cups",
        "table",
        ("Two cups", "Zwei Tassen"),
        ("Glazed by hand, no two alike", "Von Hand glasiert, keine wie die andere"),
        24,
        ("pair", "Paar"),
        "green",
    ),
    Product(
        "matcha",
        "table",
        ("Matcha set", "Matcha-Set"),
        ("Bowl, bamboo whisk and 30 g of matcha", "Schale, Bambusbesen und 30 g Matcha"),
        46,
        ("set", "Set"),
    ),
    Product(
        "tasting-box",
        "table",
        ("Tasting box", "Probierkiste"),
        ("Six teas of 25 g and a card for notes", "Sechs Tees zu 25 g und eine Karte für Notizen"),
        24,
        ("box", "Kiste"),
        "green",
    ),
)
_BY_ID = {product.id: product for product in PRODUCTS}


def blueprint() -> Blueprint:
    """Returns the pages of the shop."""
    pages = Blueprint("demo", __name__, url_prefix="/demo")
    for language in LANGUAGES:
        for page in PAGES:
            path = ("/de" if language == "de" else "") + ("/" if page == "home" else f"/{page}")
            pages.add_url_rule(path, f"{page}_{language}", audience("public")(_view(page, language)))
    return pages


def _view(page: str, language: str) -> Callable[[], str]:
    def show() -> str:
        return render_template(f"demo/{page}.html", page=page, **_words(page, language))

    return show


def _words(page: str, language: str) -> dict[str, object]:
    """Returns what every page's template uses to speak one language."""
    place, manner = LANGUAGES.index(language), Manner(language, "EUR")

    def say(english: str, german: str) -> str:
        return (english, german)[place]

    def money(amount: float) -> str:
        return str(FILTERS["money"].apply(amount, None, manner))

    def link(to: str, language: str = language) -> str:
        return url_for(f"demo.{to}_{language}")

    return {
        "language": language,
        "say": say,
        "both": lambda texts: texts[place],
        "money": money,
        "link": link,
        "other": {"language": LANGUAGES[1 - place], "href": link(page, LANGUAGES[1 - place])},
        "products": PRODUCTS,
        "product": _BY_ID.__getitem__,
    }
