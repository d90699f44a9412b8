"""Signing in through the pages: cookies, sessions, tries, the first account (S24 to S31, S50)."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from bot.database import Database
from web import assets, bodies, errors, headers
from web.accounts import Accounts, Passwords
from web.audience import Gate, audience
from web.limits import NO_LIMITS, Limits, Rates, trust_proxies
from web.origins import Embedding
from web.sign_in import SIGN_IN_PAGE, SLOWED_BY, SignIn, is_path_here
from web.tokens import VisitorTokens

TEMPLATES = Path(__file__).parents[3] / "web" / "templates"
EMAIL, PASSWORD = "anna@shop.example", "four unrelated words"
PAGE = {"Accept": "text/html"}
HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Host": "desk.example"}


class House:
    """A small app with the pages for signing in, and what happened in it."""

    def __init__(self, database: Database, *, rates: Rates = NO_LIMITS, hops: int = 0):
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.pauses: list[float] = []
        self.hashed: list[str] = []
        self.accounts = Accounts(database, now=lambda: self.now, passwords=Passwords(self._elsewhere))
        app = Flask("house", static_folder=None, template_folder=str(TEMPLATES))
        app.secret_key = "only for tests"
        limits = Limits(rates)
        trust_proxies(app, hops)
        bodies.install(app)
        errors.install(app, sign_in_page=SIGN_IN_PAGE)
        headers.install(app)
        assets.install(app, assets.Assets(dev=True))
        self.sign_in = SignIn(app, self.accounts, limits, departments=lambda: ["sales"], pause=self.pauses.append)
        gate = Gate(
            embedding=Embedding(list),
            visitor_of=VisitorTokens(b"k" * 48).visitor_of_request,
            signed_in=self.sign_in.signed_in,
            protect=self.sign_in.protect,
            limits=limits,
        )
        gate.install(app)
        app.add_url_rule("/panel/", "panel", audience("agent")(_panel), methods=["GET", "POST"])
        app.add_url_rule("/panel/ticket", "ticket", audience("agent")(lambda: self._ticket()), methods=["POST"])
        app.add_url_rule("/panel/socket", "socket", audience("agent")(lambda: self._socket()), websocket=True)
        app.add_url_rule("/panel/people", "people", audience("admin")(_people))
        app.add_url_rule("/shop", "shop", audience("public")(_shop))
        self.app = app

    def _ticket(self) -> dict[str, str]:
        return {"ticket": self.accounts.issue_ticket(g.agent.stamp)}

    def _socket(self) -> str:
        return "open" if self.sign_in.has_ticket(request, g.agent) else "closed"

    def _elsewhere(self, call: Callable[..., Any], *arguments: Any) -> Any:
        self.hashed.append(call.__name__)
        return call(*arguments)

    def browser(self, **environ: str) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base.update(environ)
        return client

    def enter(self, browser: FlaskClient, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> TestResponse:
        headers = more.pop("headers", {})
        token = form_token(browser.get("/panel/login", headers={**PAGE, **headers}))
        form = {"email": email, "password": password, "csrf_token": token, **more}
        return browser.post("/panel/login", data=form, headers={**PAGE, **headers})


def _panel() -> dict[str, str]:
    return {"name": g.agent.name, "role": g.agent.role}


def _people() -> str:
    return "everybody"


def _shop() -> str:
    return "tea"


def form_token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows; copying it takes a hundredth of the time that making it does."""
    file = tmp_path_factory.mktemp("empty") / "parlour.db"
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file


@pytest.fixture
def make_house(empty_file: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    database = Database(f"sqlite:///{shutil.copy(empty_file, tmp_path)}")

    def make(**options: Any) -> House:
        house = House(database, **options)
        if not house.accounts.find(EMAIL):
            house.accounts.add(email=EMAIL, name="Anna", departments=["sales"], role="agent", password=PASSWORD)
        return house

    yield make
    database.close()


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


def cookie_of(answer: TestResponse) -> str:
    return next(line for line in answer.headers.getlist("Set-Cookie") if "parlour" in line)


def test_an_agent_signs_in_works_and_signs_out(house: House) -> None:
    browser = house.browser()
    assert browser.get("/panel/").status_code == 401
    entered = house.enter(browser)
    assert (entered.status_code, entered.headers["Location"]) == (302, "/panel/")
    assert browser.get("/panel/").json == {"name": "Anna", "role": "agent"}
    assert browser.get("/panel/people").status_code == 403
    left = browser.post("/panel/logout", headers={"X-CSRFToken": token_of(browser, house)})
    assert (left.status_code, left.headers["Location"]) == (302, "/panel/login")
    assert left.headers["Clear-Site-Data"] == '"storage"'
    assert browser.get("/panel/").status_code == 401


def token_of(browser: FlaskClient, house: House) -> str:
    """The CSRF token of the browser's session, as a page of the panel carries it."""
    if "token" not in house.app.view_functions:
        from flask_wtf.csrf import generate_csrf

        house.app._got_first_request = False  # a page more, in the middle of a test
        house.app.add_url_rule("/panel/token", "token", audience("agent")(lambda: generate_csrf()))
    return browser.get("/panel/token").text


def test_a_page_asked_for_signed_out_is_where_signing_in_leads(house: House) -> None:
    browser = house.browser()
    sent = browser.get("/panel/?list=all", headers=PAGE)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/panel/login?next=/panel/?list%3Dall")
    assert house.enter(browser, next="/panel/?list=all").headers["Location"] == "/panel/?list=all"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "http:evil.example",
        "http://localhost/panel/",
        "https:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " //evil.example",
        "panel/../../x",
        "/%09/evil.example\r\nSet-Cookie: a=b",
    ],
)
def test_signing_in_leads_nowhere_but_to_a_path_of_ours(house: House, target: str) -> None:
    for where in ({"next": target}, {}):
        browser = house.browser()
        token = form_token(browser.get("/panel/login", headers=PAGE))
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token, **where}
        entered = browser.post("/panel/login", data=form, query_string={} if where else {"next": target}, headers=PAGE)
        assert entered.status_code == 302 and leads_to(entered) == "localhost"
    again = browser.get("/panel/login", query_string={"next": target}, headers=PAGE)
    assert again.status_code == 302 and leads_to(again) == "localhost"
    assert not is_path_here(target)


def leads_to(answer: TestResponse) -> str | None:
    """The host a browser goes to, read the way browsers do."""
    location = answer.headers["Location"].replace("\\", "/")
    return urlsplit(urljoin("http://localhost/panel/login", re.sub(r"[\t\r\n]", "", location).strip())).hostname


@pytest.mark.parametrize("path", ["/", "/panel/", "/panel/?list=all&x=//y", "/a/b#c", "/panel/caf%C3%A9"])
def test_a_path_of_ours_is_one(path: str) -> None:
    assert is_path_here(path)


def test_the_answer_and_the_work_are_the_same_whether_the_name_is_known_or_not(house: House) -> None:
    told = {}
    for email in (EMAIL, "nobody@shop.example"):
        browser, before = house.browser(), len(house.hashed)
        page = house.enter(browser, email=email, password="not the password")
        told[email] = (page.status_code, page.text.replace(email, "…").replace(form_token(page), "…"))
        assert len(house.hashed) == before + 1
        assert browser.get("/panel/").status_code == 401
    assert told[EMAIL] == told["nobody@shop.example"]
    assert "That e-mail address and password do not go together." in told[EMAIL][1]


def test_a_closed_account_is_told_what_everybody_is_told(house: House) -> None:
    house.accounts.set_active(house.accounts.find(EMAIL).id, False)
    assert "do not go together" in house.enter(house.browser()).text


def test_the_session_is_new_at_sign_in_and_the_old_cookie_is_worth_nothing(house: House) -> None:
    attacker, victim = house.browser(), house.browser()
    planted = attacker.get("/panel/login", headers=PAGE)
    given = cookie_of(planted).split(";")[0].partition("=")[2]
    victim.set_cookie("parlour", given)
    entered = house.enter(victim)
    assert cookie_of(entered).split(";")[0].partition("=")[2] != given
    attacker.set_cookie("parlour", given)
    assert attacker.get("/panel/").status_code == 401
    old_token = form_token(planted)
    assert victim.post("/panel/", headers={"X-CSRFToken": old_token}).status_code == 403, "nor is its form token"


def test_each_sign_in_has_a_stamp_of_its_own(house: House) -> None:
    stamps = set()
    for _ in range(3):
        browser = house.browser()
        house.enter(browser)
        with browser.session_transaction(environ_base={"REMOTE_ADDR": "127.0.0.1"}) as session:
            stamps.add(session["sign_in"])
            assert len(session["sign_in"]) == 32
    assert len(stamps) == 3


def test_a_copied_cookie_ends_with_the_sign_in(house: House) -> None:
    browser, thief = house.browser(), house.browser()
    copied = cookie_of(house.enter(browser)).split(";")[0].partition("=")[2]
    thief.set_cookie("parlour", copied)
    assert thief.get("/panel/").status_code == 200
    browser.post("/panel/logout", headers={"X-CSRFToken": token_of(browser, house)})
    assert thief.get("/panel/").status_code == 401


@pytest.mark.parametrize("change", ["password", "role", "active", "idle"])
def test_what_changes_about_an_account_is_felt_at_the_next_request(house: House, change: str) -> None:
    browser = house.browser()
    house.enter(browser)
    account = house.accounts.find(EMAIL)
    if change == "password":
        house.accounts.set_password(account.id, "other unrelated words")
    elif change == "role":
        house.accounts.change(account.id, role="marketer")
    elif change == "active":
        house.accounts.set_active(account.id, False)
    else:
        house.now += timedelta(hours=13)
    assert browser.get("/panel/").status_code == 401


def test_the_cookie_on_this_computer_and_behind_https(make_house: Callable[..., House]) -> None:
    plain = cookie_of(make_house().enter(make_house().browser()))
    assert plain.startswith("parlour=") and "HttpOnly" in plain and "SameSite=Lax" in plain
    assert "Secure" not in plain and "Domain" not in plain and "Expires" not in plain
    house = make_house(hops=1)
    secure = cookie_of(house.enter(house.browser(), headers=HTTPS))
    assert secure.startswith("__Host-parlour=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in secure
    assert "Domain" not in secure


def test_who_asks_for_it_stays_signed_in_when_the_browser_closes(house: House) -> None:
    browser = house.browser()
    entered = house.enter(browser, remember="y")
    assert "Expires" in cookie_of(entered)
    assert "remember_token" not in "".join(entered.headers.getlist("Set-Cookie"))
    house.now += timedelta(days=20)
    assert browser.get("/panel/").status_code == 200


@pytest.mark.parametrize(
    ("address", "host", "forwarded"),
    [
        ("198.51.100.7", "desk.example", None),
        ("198.51.100.7", "localhost", None),
        ("127.0.0.1", "desk.example", None),
        ("127.0.0.1", "localhost", "198.51.100.7"),
        ("192.168.1.5", "192.168.1.2:8000", None),
    ],
)
def test_over_plain_http_beyond_this_computer_nobody_signs_in(
    house: House, address: str, host: str, forwarded: str | None
) -> None:
    browser, there = house.browser(REMOTE_ADDR=address), f"http://{host}"
    forward = {"X-Forwarded-For": forwarded} if forwarded else {}
    for method, path in (
        ("GET", "/panel/login"),
        ("POST", "/panel/login"),
        ("GET", "/panel/first/x"),
        ("POST", "/panel/logout"),
    ):
        answer = browser.open(path, method=method, headers=forward, base_url=there)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "https_needed")
        assert answer.json["error"]["message"].startswith(
            "Signing in over plain HTTP is possible on this computer only."
        )
        assert "Set-Cookie" not in answer.headers
    shown = browser.get("/panel/login", headers={**PAGE, **forward}, base_url=there)
    assert "Signing in over plain HTTP is possible on this computer only." in shown.text
    assert browser.get("/shop", headers=forward, base_url=there).text == "tea", "visitors are served all the same"


def test_a_session_from_this_computer_does_not_count_from_elsewhere(house: House) -> None:
    browser = house.browser()
    house.enter(browser)
    assert browser.get("/panel/").status_code == 200
    assert browser.get("/panel/", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_a_proxy_nobody_told_us_of_is_noticed(house: House, header: str) -> None:
    assert house.browser().get("/panel/login", headers={header: "1.1 somewhere"}).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.3.2.1"])
@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_on_this_computer_plain_http_will_do(house: House, address: str, host: str) -> None:
    answer = house.browser(REMOTE_ADDR=address).get("/panel/login", base_url=f"http://{host}")
    assert answer.status_code == 200


def test_a_form_needs_the_token_of_its_session(house: House) -> None:
    browser = house.browser()
    bare = browser.post("/panel/login", data={"email": EMAIL, "password": PASSWORD})
    assert (bare.status_code, bare.json["error"]["code"]) == (403, "csrf")
    house.enter(browser)
    token = token_of(browser, house)
    for path in ("/panel/", "/panel/ticket", "/panel/logout"):
        assert browser.post(path).status_code == 403
        as_text = browser.post(path, data='{"a":1}', content_type="text/plain")
        assert (as_text.status_code, as_text.json["error"]["code"]) == (403, "csrf")
        foreign = browser.post(path, headers={"X-CSRFToken": token, "Origin": "https://evil.example"})
        assert (foreign.status_code, foreign.json["error"]["code"]) == (403, "origin")
    assert browser.get("/panel/").status_code == 200, "still signed in"
    assert browser.get("/panel/logout").status_code == 405, "asking changes nothing"
    assert browser.post("/panel/", headers={"X-CSRFToken": token, "Origin": "http://localhost"}).status_code == 200


def test_no_token_of_another_kind_signs_in(house: House) -> None:
    browser = house.browser()
    entered = browser.get("/panel/login", headers=PAGE)
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": form_token(entered)}
    answer = browser.post("/panel/login?include_auth_token", json=form, headers={"X-CSRFToken": form["csrf_token"]})
    assert b"authentication_token" not in answer.data
    from flask_security.proxies import _security

    with house.app.test_request_context():
        from web.sign_in import _Person

        token = _Person(house.accounts.find(EMAIL)).get_auth_token()
        assert _security.remember_token_serializer.loads(token)
    stranger = house.browser()
    for where in (
        {"query_string": {"auth_token": token}},
        {"headers": {"Authentication-Token": token}},
        {"json": {"auth_token": token}},
    ):
        assert stranger.get("/panel/", **where).status_code == 401
    assert stranger.get("/panel/", auth=(EMAIL, PASSWORD)).status_code == 401


def test_a_ticket_is_for_the_session_that_asked_and_for_one_socket(house: House) -> None:
    browser, other = house.browser(), house.browser()
    house.enter(browser)
    house.enter(other)

    def open_socket(who: FlaskClient, ticket: str) -> TestResponse:
        offered = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Origin": "http://localhost",
            "Sec-WebSocket-Protocol": f"chat.v1, tic.{ticket}",
        }
        return who.get("/panel/socket", headers=offered)

    def ask() -> str:
        return browser.post("/panel/ticket", headers={"X-CSRFToken": token_of(browser, house)}).json["ticket"]

    ticket = ask()
    assert open_socket(browser, ticket).text == "open"
    assert open_socket(browser, ticket).text == "closed"
    assert open_socket(other, ask()).text == "closed"
    late = ask()
    house.now += timedelta(seconds=31)
    assert open_socket(browser, late).text == "closed"
    assert open_socket(house.browser(), ask()).status_code == 401


def test_who_guesses_is_slowed_and_then_told_when_to_come_back(make_house: Callable[..., House]) -> None:
    house = make_house(rates=Rates(page=None, sign_in=None, sign_in_pair="5/5minutes", sign_in_name="7/5minutes"))
    guesser = house.browser(REMOTE_ADDR="127.0.0.2")
    tried = [house.enter(guesser, password=f"guess number {n}") for n in range(6)]
    assert [page.status_code for page in tried] == [200] * 5 + [429]
    assert int(tried[-1].headers["Retry-After"]) >= 1 and not house.pauses
    entered = house.enter(house.browser(REMOTE_ADDR="127.0.0.3"))
    assert entered.status_code == 302, "the one they guess at is not shut out"


def test_guesses_made_at_once_are_counted_as_those_one_after_another(
    make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(rates=Rates(page=None, sign_in=None, sign_in_pair="5/5minutes", sign_in_name=None))
    compare, compared = house.accounts.matches, []

    def guess(number: int) -> None:
        browser, password = house.browser(REMOTE_ADDR="127.0.0.2"), f"guess number {number}"
        request = Thread(target=house.enter, args=[browser], kwargs={"password": password})
        request.start()
        request.join()

    def others_come_meanwhile(account: Any, password: str) -> bool:
        compared.append(password)
        if len(compared) < 20:
            guess(len(compared))
        return compare(account, password)

    monkeypatch.setattr(house.accounts, "matches", others_come_meanwhile)
    guess(0)
    assert len(compared) == 5
    monkeypatch.setattr(house.accounts, "matches", compare)
    for _ in range(6):
        assert house.enter(house.browser(REMOTE_ADDR="127.0.0.3")).status_code == 302, "who gets in uses nothing up"


def test_many_addresses_guessing_at_one_name_are_slowed_and_the_owner_still_gets_in(
    make_house: Callable[..., House],
) -> None:
    house = make_house(rates=Rates(page=None, sign_in=None, sign_in_pair="5/5minutes", sign_in_name="7/5minutes"))
    with capture_logs() as logged:
        for n in range(12):
            page = house.enter(house.browser(REMOTE_ADDR=f"127.0.1.{n}"), password=f"guess number {n}")
            assert page.status_code == 200
        assert house.pauses == [SLOWED_BY] * 5
        assert house.enter(house.browser()).status_code == 302
    assert {"address": "127.0.1.11", "event": "sign_in.many_failed", "log_level": "warning"} in logged
    assert "guess number" not in str(logged) and EMAIL not in str(logged), "no secrets in the log"


def test_the_log_says_who_came_and_went_by_the_id_that_the_shell_lists(house: House) -> None:
    browser = house.browser()
    with capture_logs() as logged:
        house.enter(browser, password="another four words")
        house.enter(browser, email="nobody@shop.example")
        house.enter(browser)
        browser.post("/panel/logout", headers={"X-CSRFToken": token_of(browser, house)})
    account = house.accounts.find(EMAIL)
    assert account is not None
    assert [(line["event"], line["agent"]) for line in logged if "agent" in line] == [
        ("sign_in.failed", account.agent_id),
        ("sign_in.failed", "unknown"),
        ("account.signed_in", account.agent_id),
        ("account.signed_out", account.agent_id),
    ]
    assert "another four words" not in str(logged) and "@" not in str(logged)


def test_one_address_trying_many_names_is_stopped(make_house: Callable[..., House]) -> None:
    house = make_house(rates=Rates(page=None, sign_in="10/10minutes", sign_in_pair=None, sign_in_name=None))
    browser = house.browser(REMOTE_ADDR="127.0.0.2")
    tried = [house.enter(browser, email=f"name{n}@shop.example", password="password password") for n in range(12)]
    assert [page.status_code for page in tried] == [200] * 10 + [429, 429]


def first_form(browser: FlaskClient, link: str, **given: str) -> TestResponse:
    token = form_token(browser.get(f"/panel/first/{link}", headers=PAGE))
    form = {"name": "Ben", "email": "ben@shop.example", "password": PASSWORD, "csrf_token": token, **given}
    return browser.post(f"/panel/first/{link}", data=form, headers=PAGE)


def test_the_first_link_makes_an_account_that_is_signed_in(house: House) -> None:
    link, browser = house.accounts.first_invitation(), house.browser()
    assert browser.get(f"/panel/first/{link}", headers=PAGE).status_code == 200
    made = first_form(browser, link)
    assert (made.status_code, made.headers["Location"]) == (303, "/panel/")
    assert browser.get("/panel/").json == {"name": "Ben", "role": "admin"}
    assert browser.get("/panel/people").text == "everybody"
    for who in (browser, house.browser()):
        over = who.get(f"/panel/first/{link}", headers=PAGE)
        assert over.status_code == 404 and "no longer works" in over.text


@pytest.mark.parametrize("why", ["a day has passed", "it was used", "started again"])
def test_a_link_that_is_over_says_each_cause_there_may_be(house: House, why: str) -> None:
    link, browser = house.accounts.first_invitation(), house.browser()
    if why == "a day has passed":
        house.now += timedelta(days=1, seconds=1)
    elif why == "it was used":
        assert first_form(house.browser(), link).status_code == 303
    else:
        house.accounts.first_invitation()
    over = browser.get(f"/panel/first/{link}", headers=PAGE)
    assert over.status_code == 404 and why in over.text


def test_the_first_account_sets_a_password_that_is_one(house: House) -> None:
    link, browser = house.accounts.first_invitation(), house.browser()
    for password in ("", "admin", "123456789012345"[:11], "aaaaaaaaaaaaaa"):
        page = first_form(browser, link, password=password)
        assert page.status_code == 422 and "account__error" in page.text
    assert not house.accounts.has_admin()
    assert first_form(browser, link).status_code == 303


def test_without_the_link_nobody_makes_an_account(house: House) -> None:
    house.accounts.first_invitation()
    browser = house.browser()
    for link in ("x", "0" * 32, "..", "%00"):
        assert browser.get(f"/panel/first/{link}", headers=PAGE).status_code == 404
    token = form_token(browser.get("/panel/login", headers=PAGE))
    form = {"name": "Ben", "email": "ben@shop.example", "password": PASSWORD, "csrf_token": token}
    assert browser.post("/panel/first/guess", data=form, headers=PAGE).status_code == 404
    assert not house.accounts.has_admin()
    for path in (
        "/panel/register",
        "/register",
        "/panel/reset",
        "/panel/verify",
        "/panel/change",
        "/login",
        "/fs-static/x",
    ):
        assert browser.get(path).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"email=%00&password=%00",
        b"email=%ff%fe&password=%ed%a0%80",
        b"email=a&email=b&password[]=c",
        b"=&=&=",
        b"&" * 5000,
    ],
)
@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "multipart/form-data"],
)
def test_no_form_makes_us_stumble(house: House, data: bytes, kind: str) -> None:
    browser = house.browser()
    token = form_token(browser.get("/panel/login", headers=PAGE))
    link = house.accounts.first_invitation()
    for path in ("/panel/login", f"/panel/first/{link}"):
        answer = browser.post(path, data=data, content_type=kind, headers={"X-CSRFToken": token})
        assert answer.status_code in (200, 400, 404, 413, 415, 422)


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "é", "\\000", "." * 5000, "eyJzaWduX2luIjpbXX0.abc.def"])
def test_no_cookie_makes_us_stumble(house: House, cookie: str) -> None:
    browser = house.browser()
    assert browser.get("/panel/", headers={"Cookie": f"parlour={cookie}; remember_token={cookie}"}).status_code == 401


def test_files_and_shop_pages_do_not_depend_on_the_session(house: House) -> None:
    browser = house.browser()
    house.enter(browser)
    for path in ("/shop", "/static/x/panel/mark.svg"):
        answer = browser.get(path)
        assert "Cookie" not in answer.headers.get("Vary", "") and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("email", ["anna", "anna.shop.example", " anna "])
def test_an_address_without_an_at_is_told_so_and_no_password_is_compared(house: House, email: str) -> None:
    before = len(house.hashed)
    page = house.enter(house.browser(), email=email)
    assert 'id="email-error">That e-mail address has no @. What is it in full?<' in page.text
    assert "do not go together" not in page.text
    assert len(house.hashed) == before
    focused = re.findall(r"<input[^>]* autofocus[^>]*>", page.text)
    assert [re.findall(r' name="(\w+)"', each) for each in focused] == [["email"]]


def test_an_at_of_another_keyboard_is_one(house: House) -> None:
    assert house.enter(house.browser(), email=EMAIL.replace("@", "\uff20")).status_code == 302


def test_who_typed_the_wrong_password_is_at_its_field(house: House) -> None:
    page = house.enter(house.browser(), password="not the password")
    focused = re.findall(r"<input[^>]* autofocus[^>]*>", page.text)
    assert [re.findall(r' name="(\w+)"', each) for each in focused] == [["password"]]
