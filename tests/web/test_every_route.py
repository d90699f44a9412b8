"""Every route of the real application: each says who may call it, and each holds everybody else off (S16, S26, S48)."""

from collections.abc import Iterator
from dataclasses import dataclass
from socket import socketpair

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from bot.database import Database
from tests.web.conftest import let_in
from web.app import create_app
from web.audience import ROLES, ROLES_OF, declared_by
from web.channels.doors import Doors
from web.limits import NO_LIMITS
from web.parts import Options, Parlour

PASSWORD = "four unrelated words"
SITE = "site: {name: Tea, timezone: Europe/Berlin, languages: [en], domains: [tea.example]}\n"
API_TOKEN = "a-token-of-plain-characters"
DOORS = Doors(rest=True, socketio=True, callback="http://127.0.0.1:9/answers", token=API_TOKEN)
CALLERS = ("nobody", "visitor", *ROLES, "program")
PUBLIC = {
    "accounts.first",
    "assets.loader",
    "assets.static",
    "callback.health",
    "callback.webhook",
    "health.health",
    "health.ready",
    "metrics.metrics",
    "panel.home",
    "rest.health",
    "rest.webhook",
    "security.login",
    "security.logout",
    "socketio.poll",
    "socketio.post",
    "socketio.websocket",
    "widget.bundle",
    "widget.view",
}
"""What anybody may call, by name: a new one is a decision. Pages of the sample shop are public too."""


@dataclass
class Callers:
    """A browser for each kind of caller, and what each must send besides."""

    app: Flask
    browsers: dict[str, FlaskClient]
    headers: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("every-route")
    (folder / "site").mkdir()
    (folder / "site" / "site.yaml").write_text(SITE)
    address = f"sqlite:///{folder / 'parlour.db'}"
    database = Database(address)
    database.migrate()
    app = create_app(Options(folder / "site", folder / "data", address, demo=True, doors=DOORS, rates=NO_LIMITS))
    let_in(app)
    yield app
    database.close()


@pytest.fixture(scope="module")
def callers(app: Flask) -> Callers:
    parlour: Parlour = app.extensions["parlour"]
    browsers = {name: app.test_client() for name in CALLERS}
    headers: dict[str, dict[str, str]] = {name: {} for name in CALLERS}
    headers["visitor"]["Authorization"] = f"Bearer {parlour.tokens.mint()[1]}"
    headers["program"]["Authorization"] = f"Bearer {API_TOKEN}"
    for role in ROLES:
        email = f"{role}@shop.example"
        parlour.accounts.add(email=email, name=role.title(), departments=[], role=role, password=PASSWORD)
        account = parlour.accounts.find(email)
        assert account is not None
        browsers[role].get(f"/enter/{parlour.accounts.begin(account.id)}")
    for name in CALLERS:
        headers[name]["X-CSRFToken"] = browsers[name].get("/form-token").text
    return Callers(app, browsers, headers)


def routes(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in ("form_token", "enter")]


def path_of(rule: Rule) -> str:
    """An address of the route; what it names does not exist."""
    built = rule.build(dict.fromkeys(rule.arguments, "nothing"), append_unknown=False)
    assert built is not None
    return built[1]


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    assert [str(rule) for rule in routes(app) if declared_by(app, rule.endpoint) is None] == []


def test_what_anybody_may_call_is_a_short_list(app: Flask) -> None:
    public = {rule.endpoint for rule in routes(app) if declared_by(app, rule.endpoint).audience == "public"}
    assert {endpoint for endpoint in public if not endpoint.startswith("demo.")} == PUBLIC


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_lets_in_those_it_names_and_nobody_else(callers: Callers, caller: str) -> None:
    seen = 0
    for rule in routes(callers.app):
        if rule.websocket or rule.endpoint == "security.logout":
            continue  # Sockets need a handshake; signing out would end the caller.
        declared = declared_by(callers.app, rule.endpoint)
        for method in methods_of(rule):
            answer = callers.browsers[caller].open(path_of(rule), method=method, headers=callers.headers[caller])
            where = f"{caller} {method} {rule}: {answer.status_code}"
            if (
                declared.audience == "public"
                or caller == declared.audience
                or caller in ROLES_OF.get(declared.audience, ())
            ):
                assert answer.status_code < 500 and answer.status_code not in (401, 403), where
            elif caller in ROLES and declared.audience not in ("visitor", "program"):
                assert answer.status_code == 403, where
            else:
                assert answer.status_code == 401, where
            seen += 1
    assert seen > 15


def test_nothing_changes_without_a_form_token_or_from_a_foreign_page(callers: Callers) -> None:
    for rule in routes(callers.app):
        declared = declared_by(callers.app, rule.endpoint)
        for method in set(methods_of(rule)) - {"GET"}:
            if declared.embedded or declared.audience == "program":
                continue  # No session counts there, so there is nothing to ride on.
            bare = callers.browsers["admin"].open(path_of(rule), method=method)
            assert (bare.status_code, bare.json["error"]["code"]) == (403, "csrf"), rule
            foreign = {**callers.headers["admin"], "Origin": "https://evil.example"}
            ridden = callers.browsers["admin"].open(path_of(rule), method=method, headers=foreign)
            assert (ridden.status_code, ridden.json["error"]["code"]) == (403, "origin"), rule


def test_foreign_pages_open_no_socket(callers: Callers) -> None:
    offered = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example"}
    sockets = [rule for rule in routes(callers.app) if rule.websocket]
    assert {rule.endpoint for rule in sockets} == {"widget.socket", "panel.socket", "socketio.websocket"}
    for rule in sockets:
        for caller in CALLERS:
            answer = callers.browsers[caller].get(path_of(rule), headers={**callers.headers[caller], **offered})
            assert answer.status_code == 403, (rule, caller)


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Origin": "http://localhost",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"Sec-WebSocket-Key": None}, 400),
        ({"Sec-WebSocket-Version": None}, 400),
        ({"Sec-WebSocket-Version": ""}, 400),
        ({"Sec-WebSocket-Version": "12"}, 426),
        ({"Sec-WebSocket-Version": "abc"}, 426),
        ({"Connection": "keep-alive"}, 400),
        ({"Connection": "Upgrade, \xff"}, 400),
        ({"Sec-WebSocket-Protocol": "chat.v1, \xff"}, 400),
    ],
)
def test_what_is_no_handshake_is_refused_by_every_socket(callers: Callers, wrong: dict, status: int) -> None:
    sent = {name: value for name, value in (HANDSHAKE | wrong).items() if value is not None}
    for rule in routes(callers.app):
        if not rule.websocket:
            continue
        ours, theirs = socketpair()
        with ours, theirs:
            given = {"werkzeug.socket": ours}
            answer = callers.browsers["nobody"].get(path_of(rule), headers=sent, environ_overrides=given)
        assert (answer.status_code, answer.json["error"]["code"]) == (status, "malformed"), rule
        assert answer.headers.get("Sec-WebSocket-Version") == ("13" if status == 426 else None), rule


def test_every_answer_is_complete_at_the_head(callers: Callers) -> None:
    for rule in routes(callers.app):
        for method in ("GET", "POST", "PUT", "TRACE", "OPTIONS"):
            if rule.endpoint == "security.logout" or (rule.websocket and method == "GET"):
                continue
            answer = callers.browsers["agent"].open(path_of(rule), method=method, headers=callers.headers["agent"])
            assert answer.status_code < 500, (rule, method)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"], (rule, method)
            assert "unsafe-inline" not in answer.headers["Content-Security-Policy"], (rule, method)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", (rule, method)
            assert "Access-Control-Allow-Credentials" not in answer.headers, (rule, method)
            if declared_by(callers.app, rule.endpoint).audience != "public":
                assert answer.headers["Cache-Control"] == "no-store", (rule, method)


def test_nobody_is_in_after_signing_out(callers: Callers) -> None:
    for role in ROLES:
        browser = callers.app.test_client()
        parlour: Parlour = callers.app.extensions["parlour"]
        account = parlour.accounts.find(f"{role}@shop.example")
        assert account is not None
        secret = parlour.accounts.begin(account.id)
        browser.get(f"/enter/{secret}")
        token = browser.get("/form-token").text
        assert parlour.accounts.signed_in(secret) is not None
        browser.post("/panel/logout", headers={"X-CSRFToken": token})
        assert parlour.accounts.signed_in(secret) is None, role
