"""The files a browser loads: addresses, caches, who may load them, and that minifying changes nothing but size."""

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web import errors, headers
from web.assets import Assets, install

TREE = {
    "widget/loader.js": "// loads the widget\n(function () {\n  import('__STATIC__/widget/main.js');\n})();\n",
    "widget/main.js": '// first\nimport { clock } from "../shared/clock.js";\n\nexport const wait = `a  ${clock} b`;\n',
    "widget/visit.js": "// second\nexport const visit = `a  b`;\n",
    "shared/clock.js": "export const clock = 1; // now\n" + "// a comment that minifying takes away\n" * 40,
    "shared/deep/er/tokens.css": ":root { --ink: #111; }\n",
    "panel/main.js": "// a comment stays where nobody counts bytes\nexport const panel = 1;\n",
    "panel/mark.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    ".hidden": "not for anybody",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in TREE.items():
        file = tmp_path / "static" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "secret.txt").write_text("outside")
    return tmp_path / "static"


def client_of(assets: Assets) -> FlaskClient:
    app = Flask("small", static_folder=None)
    errors.install(app)
    headers.install(app)
    install(app, assets)
    return app.test_client()


def test_an_address_with_the_hash_is_kept_for_a_year(tree: Path) -> None:
    assets = Assets(tree)
    answer = client_of(assets).get(assets.url("panel/main.js"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.text == TREE["panel/main.js"]


def test_an_unknown_hash_gets_the_current_file_and_is_asked_for_again(tree: Path) -> None:
    client = client_of(Assets(tree))
    answer = client.get("/static/0123456789abcdef/panel/main.js")
    assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (
        200,
        TREE["panel/main.js"],
        "no-cache",
    )
    again = client.get("/static/0123456789abcdef/panel/main.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_hash_is_of_names_and_contents_alone(tree: Path) -> None:
    first = Assets(tree)
    assert Assets(tree).prefix == first.prefix
    (tree / "shared/deep/er/tokens.css").write_text(":root { --ink: #222; }\n")
    second = Assets(tree)
    assert second.prefix != first.prefix
    (tree / "panel/main.js").rename(tree / "panel/desk.js")
    assert Assets(tree).prefix != second.prefix


def test_only_what_every_site_loads_may_be_loaded_by_every_site(tree: Path) -> None:
    assets = Assets(tree)
    client = client_of(assets)
    for path in ("widget/main.js", "shared/clock.js", "shared/deep/er/tokens.css"):
        answer = client.get(assets.url(path))
        assert answer.headers["Access-Control-Allow-Origin"] == "*", path
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin", path
    ours = client.get(assets.url("panel/main.js"))
    assert "Access-Control-Allow-Origin" not in ours.headers
    assert ours.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_scripts_of_the_widget_are_made_small_and_mean_the_same(tree: Path) -> None:
    assets = Assets(tree)
    assert client_of(assets).get(assets.url("widget/visit.js")).text == "export let visit=`a  b`;"
    as_written = Assets(tree, dev=True)
    assert client_of(as_written).get(as_written.url("widget/visit.js")).text == TREE["widget/visit.js"]


def test_the_widget_travels_as_one_file_and_as_many_while_developing(tree: Path) -> None:
    assets = Assets(tree)
    whole = client_of(assets).get(assets.url("widget/main.js")).text
    assert whole == "let e=1;export let wait=`a  ${e} b`;"
    as_written = Assets(tree, dev=True)
    assert client_of(as_written).get(as_written.url("widget/main.js")).text == TREE["widget/main.js"]


def test_what_shrinks_travels_compressed_to_those_who_can_read_it(tree: Path) -> None:
    assets = Assets(tree, dev=False)
    (tree / "panel/main.js").write_text(TREE["panel/main.js"] * 50)
    client = client_of(assets)
    plain = client.get(assets.url("panel/main.js"))
    squeezed = client.get(assets.url("panel/main.js"), headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers and squeezed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.data) == plain.data
    assert squeezed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert squeezed.headers["ETag"] != plain.headers["ETag"]


def test_the_loader_keeps_its_address_and_names_the_current_tree(tree: Path) -> None:
    assets = Assets(tree)
    answer = client_of(assets).get("/widget.js")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert f"{assets.prefix}/widget/main.js" in answer.text and "__STATIC__" not in answer.text


def test_while_developing_an_edit_is_seen_at_the_next_reload(tree: Path) -> None:
    assets = Assets(tree, dev=True)
    client = client_of(assets)
    assert client.get(assets.url("panel/main.js")).headers["Cache-Control"] == "no-cache"
    (tree / "panel/main.js").write_text("export const panel = 2;\n")
    (tree / "panel/new.js").write_text("export const fresh = 1;\n")
    assert client.get(assets.url("panel/main.js")).text == "export const panel = 2;\n"
    assert client.get(assets.url("panel/new.js")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "panel/../../secret.txt",
        ".hidden",
        "panel",
        "",
        "nothing.js",
        "panel/main.js%00.css",
    ],
)
def test_nothing_but_the_files_of_the_tree_is_there(tree: Path, path: str) -> None:
    answer = client_of(Assets(tree)).get(f"/static/x/{path}")
    assert answer.status_code in (404, 308)
    assert b"outside" not in answer.data and b"not for anybody" not in answer.data


def test_a_page_that_names_a_file_that_is_not_there_fails_in_the_tests(tree: Path) -> None:
    with pytest.raises(KeyError, match=r"web/static/panel/gone\.js does not exist"):
        Assets(tree).url("panel/gone.js")


def test_every_file_of_the_tree_can_be_sent() -> None:
    assets = Assets()
    paths = [file.relative_to(assets.root).as_posix() for file in assets.root.rglob("*") if file.is_file()]
    assert len(paths) > 30
    for path in paths:
        asset = assets.asset(path)
        assert asset is not None and asset.body, path
        assert asset.type != "application/octet-stream" or path.endswith("LICENSE"), path


def test_what_a_visitors_page_loads_before_anybody_acts_is_small() -> None:
    assets = Assets()
    loader, widget = assets.asset("widget/loader.js"), assets.asset("widget/main.js")
    assert loader is not None and widget is not None and widget.squeezed is not None
    loader_bytes = len(gzip.compress(loader.body, 9, mtime=0))
    assert loader_bytes < 1024
    assert loader_bytes + len(widget.squeezed) < 15_000
