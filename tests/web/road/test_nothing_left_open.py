"""What stands open in carelessly run servers does not in ours (S56)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.server import Server, running
from web.app import create_app
from web.parts import Options


@pytest.fixture(scope="module")
def debugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server started where somebody left the switches of a developer on."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "site").mkdir()
    (folder / "site" / "site.yaml").write_text("site: {name: Tea, languages: [en]}\n")
    (folder / "site" / ".env").write_text("SECRET=1\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLASK_DEBUG", "1")
        environment.setenv("WERKZEUG_DEBUG_PIN", "off")
        yield from running(Server(folder / "site", f"sqlite:///{folder}/parlour.db"))


LEFT_OPEN = [
    "/.git/HEAD",
    "/.git/config",
    "/.env",
    "/site.yaml",
    "/.parlour/key",
    "/static/",
    "/static/x/",
    "/static/x/panel/",
    "/static/x/../../../app.py",
    "/static/x/%2e%2e/%2e%2e/app.py",
    "/static/x/..%2f..%2fapp.py",
    "/static/x//etc/passwd",
    "/console",
    "/?__debugger__=yes&cmd=resource&f=style.css",
    "/static/x/?__debugger__=yes&cmd=paste&s=1",
]


@pytest.mark.parametrize("path", LEFT_OPEN)
def test_nothing_of_ours_lies_open(debugged: Server, path: str) -> None:
    answer = debugged.get(path)
    assert answer.status in (404, 401) or path.startswith("/?"), answer.body
    assert b"SECRET" not in answer.body and b"__debugger__" not in answer.body and b"create_app" not in answer.body


def test_a_request_is_never_sent_back(debugged: Server) -> None:
    answer = debugged.ask("TRACE", "/panel/login", Cookie="secret=1")
    assert answer.status == 405
    assert b"secret=1" not in answer.body


def test_a_mistake_shows_nothing_of_the_inside(debugged: Server) -> None:
    answer = debugged.post("/widget/view", raw=b'{"page": ' + b"[" * 5000, Origin=debugged.address)
    assert answer.status == 400
    for inner in (b"Traceback", b".py", b"werkzeug", str(Path(__file__).parents[3]).encode()):
        assert inner not in answer.body
    assert "werkzeug" not in answer.headers.get("Server", "").lower()


def test_debugging_is_off_whatever_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    address = databases.sqlite_at(tmp_path / "parlour.db")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yaml").write_text("site: {name: Tea, languages: [en]}\n")
    assert create_app(Options(tmp_path / "site", tmp_path / "data", address)).debug is False
