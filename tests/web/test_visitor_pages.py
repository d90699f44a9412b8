"""The page for admins about the record of one person: whom it lets in, what is handed out, and what is gone after."""

import json
import os
import re
import stat
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from sqlalchemy import insert
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

import bot.database
from bot.change import table_of
from bot.database import Database
from bot.greeting import Whereabouts
from bot.ids import new_id
from bot.models import EventRow
from bot.site.privacy import Keep
from handoff.desk import Said
from handoff.privacy.acts import Acts
from handoff.privacy.retention import Retention
from tests import databases
from tests.browser import is_good, serve_tree
from tests.conftest import Clock
from tests.web.conftest import let_in
from web.app import create_app
from web.audience import Role
from web.cli import main
from web.limits import NO_LIMITS
from web.parts import Options, Parlour
from web.retaining import sweep_when_due

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
CHAT = "https://chat.test"
HOSTILE = "<script>alert(1)</script>"


@dataclass
class House:
    """The application, with people of ours who have a browser each."""

    app: Flask
    address: str
    clock: Clock

    @property
    def parlour(self) -> Parlour:
        return self.app.extensions["parlour"]

    def browser(self, role: Role) -> "Signed":
        email = f"{role}@harbour.example"
        accounts = self.parlour.accounts
        if accounts.find(email) is None:
            accounts.add(email=email, name="Anna", departments=["sales"], role=role, password="three blue teapots")
        account = accounts.find(email)
        assert account is not None
        client = self.app.test_client()
        client.get(f"/enter/{accounts.begin(account.id)}")
        return Signed(client, client.get("/form-token").text)

    def visitor_says(self, visitor: str, *words: str, **facts: str) -> str:
        """Writes as a visitor, and returns the conversation."""
        for number, text in enumerate(words):
            where = Whereabouts("en", facts={"page.path": "/", **facts})
            self.parlour.desk.receive(
                visitor, Said(text), client_id=f"{visitor}-{number}-{text}"[:60], whereabouts=where
            )
        conversation = self.parlour.desk.open_conversation(visitor)
        assert conversation is not None
        return conversation.id

    def ann(self, email: str = "ann@example.org") -> str:
        return self.visitor_says("ann", "Hi", "Tickets", email)

    def hold(self, visitor: str, because: str) -> None:
        acts = Acts(self.parlour.database, now=self.clock, new_id=lambda: os.urandom(8).hex())
        acts.hold(self.parlour.people.one(visitor), because=because, by="shell:test")


@dataclass
class Signed:
    client: FlaskClient
    token: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html"})

    def post(self, path: str, **form: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **form}, headers={"Accept": "text/html"})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    address = databases.sqlite_at(tmp_path / "parlour.db")
    clock = Clock(datetime(2026, 3, 4, 10, 0, tzinfo=UTC))
    database = Database(address)
    app = create_app(
        Options(HARBOUR, tmp_path / "data", address, webhooks_may_be_local=True, rates=NO_LIMITS), now=clock
    )
    let_in(app)
    yield House(app, address, clock)
    app.extensions["parlour"].database.close()
    database.close()


def page_of(conversation: str) -> str:
    return f"/panel/visitors/{conversation}"


@pytest.mark.parametrize(("role", "status"), [("agent", 403), ("lead", 403), ("marketer", 403), ("admin", 200)])
def test_only_admins_are_told_and_let_in(house: House, role: Role, status: int):
    conversation = house.ann()
    browser = house.browser(role)
    assert browser.get(page_of(conversation)).status_code == status
    for verb in ("export", "erase"):
        refused = browser.post(f"{page_of(conversation)}/{verb}")
        assert (refused.status_code == 403) is (role != "admin")
    brief = browser.client.get(f"/panel/conversations/{conversation}/brief")
    assert "record" in (brief.json or {}) if role == "admin" else "record" not in (brief.json or {})
    assert house.parlour.people.one("ann")


def test_a_form_without_its_token_does_nothing(house: House):
    conversation, admin = house.ann(), house.browser("admin")
    path = page_of(conversation)
    for verb in ("export", "erase"):
        refused = admin.client.post(f"{path}/{verb}", data={"person": "ann", "sure": "yes"})
        assert refused.status_code == 403
    assert house.parlour.people.one("ann")


@pytest.mark.parametrize("id_", ["%00", "nothing", "x" * 3000])
def test_a_conversation_that_is_not_there_is_nobodys(house: House, id_: str):
    admin = house.browser("admin")
    assert admin.get(page_of(id_)).status_code == 404
    assert [admin.post(f"{page_of(id_)}/{verb}").status_code for verb in ("export", "erase")] == [404, 404]


def test_what_is_exported_is_whole_and_what_agents_wrote_stands_apart(house: House):
    conversation, admin = house.ann(), house.browser("admin")
    agent = house.parlour.accounts.find("admin@harbour.example")
    assert agent is not None
    house.parlour.desk.note(agent.agent_id, conversation, f"Careful {HOSTILE}", client_id="note-1")
    house.visitor_says("ann", f"Hello {HOSTILE}")
    house.visitor_says("bob", "Not for Ann")
    sent = admin.post(f"{page_of(conversation)}/export")
    assert sent.headers["Content-Disposition"].startswith("attachment") and sent.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(BytesIO(sent.data))
    told = json.loads(archive.read("visitor.json"))
    assert told["format"] == "parlour.visitor/1" and told["hold"] is None
    (contact,) = told["contacts"]
    known = contact["attributes"]["email"]
    assert (known["value"], known["from"]["flow"], known["from"]["conversation"]) == (
        "ann@example.org",
        "welcome",
        conversation,
    )
    (exported,) = told["conversations"]
    events = exported["events"]
    recorded = house.parlour.journal.events_after(conversation, 0)
    assert [each["seq"] for each in events] == [each.seq for each in recorded if each.kind != "note"]
    assert told["notes"]["review"] is True
    assert [each["body"]["text"] for each in told["notes"]["notes"]] == [f"Careful {HOSTILE}"]
    assert {job["kind"] for job in told["jobs"]} >= {"close_when_idle"}
    page = archive.read("visitor.html").decode()
    assert "<script" not in page and "Hello &lt;script&gt;" in page
    assert page.index("Notes of agents, for review") < page.index("Careful &lt;script&gt;")
    assert "Not for Ann" not in page + archive.read("visitor.json").decode()


def test_a_person_is_erased_only_when_the_box_says_so(house: House):
    conversation, admin = house.ann(), house.browser("admin")
    path = page_of(conversation)
    shown = admin.get(path).text
    assert 'Erase <strong dir="auto">ann@example.org</strong> with 1 conversation, 7 messages' in re.sub(
        r"\s+", " ", shown
    )
    assert admin.post(f"{path}/erase", person="ann").status_code == 422
    assert admin.post(f"{path}/erase", person="bob", sure="yes").status_code == 422
    with capture_logs() as logged:
        erased = admin.post(f"{path}/erase", person="ann", sure="yes")
    assert erased.status_code == 200 and "Gone: 1 conversation, 7 messages." in erased.text
    assert "ann" not in str([entry for entry in logged if entry["event"].startswith("visitor.")]).replace("channel", "")
    assert admin.get(path).status_code == 404
    # What this process remembered is gone as well: who comes with the old token is somebody new.
    assert house.parlour.desk.open_conversation("ann") is None
    assert house.parlour.greeting.remembers("ann") is False


def test_a_token_of_somebody_erased_is_that_of_a_new_visitor(house: House):
    asking = {"facts": {"page.path": "/", "page": "/"}, "languages": ["en"]}
    here = {"Origin": "http://localhost"}
    client = house.app.test_client()
    first = client.post("/widget/view", json=asking, headers=here).json
    bearer = {**here, "Authorization": f"Bearer {first['token']}"}
    assert client.post("/widget/view", json=asking, headers=bearer).json["visitor"] == first["visitor"]
    conversation = house.visitor_says(first["visitor"], "Hi")
    admin = house.browser("admin")
    admin.post(f"{page_of(conversation)}/erase", person=first["visitor"], sure="yes")
    again = client.post("/widget/view", json=asking, headers=bearer).json
    assert again["visitor"] != first["visitor"] and again["conversation"] is None
    assert (
        client.post("/widget/view", json=asking, headers={**here, "Authorization": f"Bearer {again['token']}"}).json[
            "visitor"
        ]
        == again["visitor"]
    )


def test_what_a_webhook_is_told_of_it_is_seen_on_its_page(house: House):
    told = house.parlour.webhooks.add("http://127.0.0.1:9/parlour", ["visitor_erased"])
    conversation, admin = house.ann(), house.browser("admin")
    admin.post(f"{page_of(conversation)}/erase", person="ann", sure="yes")
    (delivery,) = house.parlour.webhooks.last_deliveries(told.id)
    assert (delivery.kind, delivery.conversation_id, delivery.state) == ("visitor_erased", None, "waiting")
    page = admin.get(f"/panel/webhooks/{told.id}").text
    assert "a visitor was erased: forget these conversations" in page and "ann" not in page.replace("cannot", "")


def test_a_held_record_is_marked_and_not_erased(house: House):
    conversation, admin = house.ann(), house.browser("admin")
    house.hold("ann", "Case 12, asked by our lawyer")
    shown = admin.get(page_of(conversation)).text
    assert "Legal hold" in shown and "Case 12, asked by our lawyer" in shown and "Erase for good" not in shown
    assert admin.post(f"{page_of(conversation)}/erase", person="ann", sure="yes").status_code == 409
    assert house.parlour.people.one("ann")
    brief = admin.client.get(f"/panel/conversations/{conversation}/brief").json
    assert brief["record"]["held_since"].startswith("2026-03-04")
    sent = admin.post(f"{page_of(conversation)}/export")
    told = json.loads(zipfile.ZipFile(BytesIO(sent.data)).read("visitor.json"))
    assert told["hold"]["because"] == "Case 12, asked by our lawyer"


# At the shell


def parlour(house: House, tmp_path: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    place = ["--site", str(HARBOUR), "--data", str(tmp_path / "data"), "--database", house.address]
    told = CliRunner().invoke(main, [*words, *place], input=stdin)
    return told.exit_code, told.output


@pytest.mark.parametrize(("target", "files"), [("out", ["visitor.html", "visitor.json"]), ("ann.zip", ["ann.zip"])])
def test_files_are_their_owners_alone_and_never_written_over(
    house: House, tmp_path: Path, target: str, files: list[str]
):
    house.ann()
    place = tmp_path / "exports" / target
    status, told = parlour(house, tmp_path, "visitor", "export", "ann@example.org", "--to", str(place))
    assert status == 0 and "ann@example.org: 1 conversation, 7 messages" in told
    written = sorted(place.iterdir()) if place.is_dir() else [place]
    assert [file.name for file in written] == files
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}
    again, refused = parlour(house, tmp_path, "visitor", "export", "ann@example.org", "--to", str(place))
    assert (again, refused.count("\n")) == (1, 1) and "is there already. Name another place with --to." in refused
    with house.parlour.database.reading() as connection:
        acts = connection.exec_driver_sql("SELECT kind, by, visitor_id FROM privacy_act").all()
    assert [(kind, visitor) for kind, _, visitor in acts] == [("exported", "ann")] and acts[0][1].startswith("shell:")


def test_erasing_asks_first(house: House, tmp_path: Path):
    house.ann()
    status, told = parlour(house, tmp_path, "visitor", "erase", "ann", stdin="n\n")
    assert status == 1 and "Erase all of it? This cannot be taken back." in told
    assert house.parlour.people.one("ann")
    status, told = parlour(house, tmp_path, "visitor", "erase", "ann", stdin="y\n")
    assert status == 0 and "Erased: 1 conversation, 7 messages" in told
    assert "Backups made before now still hold this person until they are deleted, and so does parlour-before-" in told
    status, told = parlour(house, tmp_path, "visitor", "erase", "ann", "--yes")
    assert status == 1 and told.startswith("parlour: There is nobody known as ann.")


def test_who_may_be_several_is_named_by_an_id(house: House, tmp_path: Path):
    for visitor in ("ann", "other"):
        house.visitor_says(visitor, "Hi", "Tickets", "ann@example.org")
    status, told = parlour(house, tmp_path, "visitor", "erase", "ann@example.org", "--yes")
    assert status == 1 and "Name one by its id:\n" in told
    assert {line.split()[0] for line in told.splitlines()[1:]} == {"ann", "other"}


def test_retention_says_what_would_go_before_it_goes(house: House, tmp_path: Path):
    house.ann()
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.yaml").write_text("site: {name: S}\nprivacy: {keep: {conversations: 1d, jobs: 1d}}\n")
    place = [str(site), "--database", house.address]
    planned = CliRunner().invoke(main, ["retention", *place, "--plan"])
    assert planned.output == "Would go: 1 conversation, 1 visitor.\n", planned.output
    assert house.parlour.people.one("ann")
    assert CliRunner().invoke(main, ["retention", *place]).output.startswith("Gone: 1 conversation, 7 messages")
    assert CliRunner().invoke(main, ["retention", *place, "--plan"]).output == "Would go: nothing.\n"


def test_a_database_that_is_busy_is_said_in_one_line(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house.ann()
    monkeypatch.setattr(bot.database, "SQLITE_BUSY_SECONDS", 0.1)
    with house.parlour.database.writing():
        status, told = parlour(house, tmp_path, "visitor", "erase", "ann", "--yes")
    assert (status, told.count("\n")) == (1, 1) and "is locked by another program" in told
    assert house.parlour.people.one("ann")


def test_once_a_day_what_is_too_old_goes_and_the_log_says_how_much(house: House):
    house.ann()
    house.parlour.greeting.view("silent", {"page.path": "/"}, languages=["en"])
    at_once = house.parlour.workshop.run_blocking
    with capture_logs() as logged:
        sweep_when_due(house.parlour.retention, at_once)
        house.clock.advance(days=181)
        sweep_when_due(house.parlour.retention, at_once)  # So long after the last time it is put off for a day.
        house.clock.advance(days=1)
        sweep_when_due(house.parlour.retention, at_once)
        sweep_when_due(house.parlour.retention, at_once)
    swept = [entry for entry in logged if entry["event"] == "retention.swept"]
    assert [entry.get("page_views") for entry in swept] == [None, 1]
    assert house.parlour.people.one("ann@example.org"), "conversations stay for ever unless the site says otherwise"


def test_what_could_not_go_because_the_database_was_busy_goes_an_hour_later(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    house.parlour.greeting.view("silent", {"page.path": "/"}, languages=["en"])
    house.clock.advance(days=181)
    monkeypatch.setattr(bot.database, "SQLITE_BUSY_SECONDS", 0.1)
    database = Database(house.address)
    retention = Retention(database, Keep, now=house.clock, new_id=new_id)

    with house.parlour.database.engine.connect() as other, capture_logs() as logged:

        def in_between(function: Callable[..., Any], *args: Any) -> Any:
            """Locks the database while what is too old is deleted, by somebody else who writes for long."""
            if function is not next:
                return function(*args)
            other.exec_driver_sql("COMMIT")
            other.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                return function(*args)
            finally:
                other.exec_driver_sql("ROLLBACK")
                other.exec_driver_sql("BEGIN")

        sweep_when_due(retention, in_between)
    assert [entry["cause"] for entry in logged if entry["event"] == "retention.put_off"] == ["database is locked"]
    at_once = house.parlour.workshop.run_blocking
    house.clock.advance(minutes=59)
    assert not retention.is_due() and retention.plan()["page_views"] == 1
    house.clock.advance(minutes=1)
    sweep_when_due(retention, at_once)
    assert retention.plan()["page_views"] == 0
    database.close()


def test_a_long_history_is_written_as_it_is_read(house: House, tmp_path: Path):
    conversation = house.ann()
    row = {"conversation_id": conversation, "visitor_seq": None, "client_id": None, "actor": "bot", "kind": "message"}
    with house.parlour.database.writing() as connection:
        for first in range(1000, 6000, 1000):
            said = [
                {**row, "seq": first + n, "body": {"text": f"{first + n} " * 800}, "at": house.clock()}
                for n in range(1000)
            ]
            connection.execute(insert(table_of(EventRow)), said)
    tracemalloc.start()
    try:
        status, _ = parlour(house, tmp_path, "visitor", "export", "ann", "--to", str(tmp_path / "out"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 0 and (tmp_path / "out" / "visitor.json").stat().st_size > 20_000_000
    assert most < 10_000_000
    assert len(json.loads((tmp_path / "out" / "visitor.json").read_text())["conversations"][0]["events"]) > 5_000


# In a browser


@pytest.fixture
def shows(house: House, page: Page) -> Callable[..., Page]:
    """Draws the page in a browser, under its own content policy."""
    serve_tree(page.context)
    admin = house.browser("admin")

    def answer(route: Route) -> None:
        asked = route.request
        sent = {"data": asked.post_data or "", "content_type": "application/x-www-form-urlencoded"}
        told = admin.client.open(
            asked.url.removeprefix(CHAT),
            method=asked.method,
            headers={"Accept": "text/html"},
            **(sent if asked.method == "POST" else {}),
        )
        kept = ("Content-Security-Policy", "Content-Disposition", "Content-Type")
        headers = {name: told.headers[name] for name in kept if name in told.headers}
        html = "text/html" in told.headers["Content-Type"]
        body = re.sub(r"/static/[0-9a-f]+/", "/static/", told.text) if html else told.data
        route.fulfill(status=told.status_code, body=body, headers=headers)

    page.route(f"{CHAT}/panel/visitors/**", answer)

    def show(path: str, *, width: int = 1280, scheme: Any = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{CHAT}{path}")
        return page

    return show


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_can_be_used_by_everybody_also_by_keyboard(
    house: House, shows: Callable[..., Page], width: int, scheme: str
):
    long = f"{'ann-with-a-long-name' * 3}@{'sub-domain.' * 9}example.org"
    conversation = house.ann(long)
    page = shows(page_of(conversation), width=width, scheme=scheme)
    is_good(page, f"visitor-{width}-{scheme}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the record").click()
    assert download.value.suggested_filename == "visitor.zip"
    page.get_by_text("Erase this person").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Erase for good")).to_be_visible()
    page.get_by_role("button", name="Erase for good").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was erased.")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_be_focused()
    is_good(page, f"visitor-{width}-{scheme}-not-sure")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    is_good(page, f"visitor-{width}-{scheme}-erased")

    other = house.visitor_says("bob", "Hi", "Tickets", "bob@example.org")
    house.hold("bob", "Case 12, asked by our lawyer, who wants everything as it is until the court has decided")
    page.goto(f"{CHAT}{page_of(other)}")
    expect(page.get_by_text("Legal hold", exact=True)).to_be_visible()
    is_good(page, f"visitor-{width}-{scheme}-held")
