"""Small enough for other people's pages: everything a page can come to load of the widget is counted, as it is sent."""

import gzip
import re

import pytest

from web.assets import shipped

EVERYTHING = 15_000
LOADER = 1_024
FORM = 3_000


def sent(path: str) -> int:
    asset = shipped().asset(path)
    assert asset is not None, path
    return len(gzip.compress(asset.body, 9, mtime=0))


def test_the_loader_is_tiny() -> None:
    assert sent("widget/loader.js") < LOADER


@pytest.mark.parametrize("language", ["en", "de"])
def test_all_of_the_widget_is_small(language: str) -> None:
    parts = ["widget/loader.js", "widget/main.js", "widget/widget.css", f"widget/texts/{language}.js"]
    assert sum(map(sent, parts)) < EVERYTHING


def test_what_comes_with_the_first_form_is_small() -> None:
    assert sent("widget/forms.js") + sent("widget/forms.css") < FORM


def test_nothing_is_loaded_that_is_not_counted() -> None:
    loader, main = shipped().asset("widget/loader.js"), shipped().asset("widget/main.js")
    assert loader is not None and main is not None
    assert re.findall(rb'"([^"]*?/widget/main\.js)"', loader.body) == [shipped().url("widget/main.js").encode()]
    assert set(re.findall(rb'"(\.[^"]*\.(?:js|css))"', main.body)) == {
        b"./widget.css",
        b"./texts/de.js",
        b"./texts/en.js",
        b"./forms.js",
    }
    forms = shipped().asset("widget/forms.js")
    assert forms is not None
    assert set(re.findall(rb'"(\.[^"]*\.(?:js|css))"', forms.body)) == {b"./forms.css"}
