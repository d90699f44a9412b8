"""Erasing somebody while a server runs: a planted word is found nowhere afterwards, and nobody comes back."""

import secrets
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select
from websockets.exceptions import ConnectionClosed

from bot.models import Base, Contact, ConversationRow, EventRow, JobRow, Visitor
from handoff.models import AgentRow, Assignment, PrivacyAct
from tests.receiver import Receiver
from tests.server import AgentLine, Server, VisitorLine, running, wait_for
from web.cli import main
from web.commands.agents import add_agent

PASSWORD = "three blue teapots"
SITE = """
site: {name: Tea shop}
departments: {sales: {title: Sales, opening_hours: always}}
opening_hours: {default: {every day: "00:00-24:00"}, always: {every day: "00:00-24:00"}}
conversation: {start: all}
flows:
  all:
    steps:
      - collect: name
        ask: What is your name?
      - collect: email
        ask: And your e-mail address?
      - form:
          - collect: company
            ask: Company?
          - collect: wish
            ask: What for?
      - action: look_up
        with: {who: "{{ wish }}"}
        timeout: 2s
        on_error: person
      - id: person
        handoff: sales
        say: One moment.
        note: "Wants {{ wish }}"
triggers:
  hello:
    when: {page: /hello*}
    say: May I help?
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site.yaml").write_text(SITE)
    return folder


@pytest.fixture
def server(site: Path, database_url: str) -> Iterator[Server]:
    nowhere = ("--actions-url", "http://127.0.0.1:9/webhook", "--webhooks-may-be-local")
    yield from running(Server(site, database_url, options=nowhere))


def parlour(server: Server, *words: str, stdin: str | None = None) -> str:
    place = ["--site", str(server.site), "--database", server.database_url]
    told = CliRunner().invoke(main, [*words[:2], *place, *words[2:]], input=stdin)
    assert told.exit_code == 0, told.output
    return told.output


def hire(server: Server, name: str) -> AgentLine:
    email = f"{name.lower()}@tea.example"
    place = {"data": None, "database": server.database_url}
    add_agent(server.site, email, name=name, departments=("sales",), role="admin", ask=lambda: PASSWORD, **place)
    return AgentLine(server, email, PASSWORD)


def tables_with(server: Server, word: str) -> set[str]:
    """Dumps every table there is, also those no model knows, and returns those that hold a word."""
    engine = create_engine(server.database_url)
    try:
        with engine.connect() as connection:
            found = set()
            for table in [*Base.metadata.tables, "alembic_version"]:
                rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()
                found |= {table for row in rows if word in str(row)}
            return found
    finally:
        engine.dispose()


def files_with(server: Server, word: str) -> list[str]:
    """Returns the files of data folder, site, database and log that hold a word."""
    files = [file for file in server.site.parent.rglob("*") if file.is_file()]
    return [str(file) for file in files if word.encode() in file.read_bytes()]


def rows(server: Server, model: Any) -> list[Any]:
    engine = create_engine(server.database_url)
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(model.__table__)).mappings()]
    finally:
        engine.dispose()


def acts(server: Server) -> list[dict[str, Any]]:
    """Returns what was done with records; accounts are beside the point here."""
    return [act for act in rows(server, PrivacyAct) if "agent" not in act["counts"]]


class Planted:
    """A visitor who leaves a word wherever words can be left."""

    def __init__(self, server: Server, agent: AgentLine, word: str):
        self.server = server
        self.word = word
        where = {"page": f"/hello?from={word}", "page.path": f"/hello?from={word}", "page.title": f"For {word}"}
        facts = {**where, "page.url": f"{server.address}/hello?from={word}", "referrer": f"https://x.example/{word}"}
        viewed = server.view(facts={**facts, "device": "desktop", "visits": 1, "returning": False})
        self.token, self.visitor = viewed["token"], viewed["visitor"]
        as_page = {"Origin": server.address, "Authorization": f"Bearer {self.token}"}
        shown = server.post("/widget/show", {"trigger": "hello", "facts": facts}, **as_page).json()
        assert shown["show"], shown
        self.line = VisitorLine(server, self.token)
        self.line.says(f"Good day, says {word}")
        self.line.says(f"Ann {word}")
        self.line.says(f"{word}@tea.example")
        self.fill_in(company=f"Company {word}", wish=f"Wish {word}")
        conversation = agent.sees_waiting()
        self.token_of_agent = agent.accepts(conversation)
        agent.tell(op="note", conversation=conversation, client_id="the-note-1", body={"text": f"Note on {word}"})
        agent.until(lambda: agent.last("ack", client_id="the-note-1"))
        self.line.tell(op="typing", conversation=conversation, on=True, text=f"I am typing {word}")
        agent.until(lambda: any(f"typing {word}" in raw for raw in agent.raw))
        self.conversation = conversation

    def fill_in(self, **values: str) -> None:
        self.line.until(lambda: any("form" in event["body"] for event in self.line.events.values()))
        form = next(event["body"]["form"] for event in self.line.events.values() if event["body"].get("form"))
        client_id = f"form-{self.word}"
        body = {"form": {"step": form["step"], "values": values}}
        self.line.tell(op="send", conversation=self.line.conversation, client_id=client_id, body=body)
        self.line.until(lambda: client_id in self.line.acked)
        self.line.hears("One moment.")


@pytest.fixture
def planted(server: Server) -> Callable[[AgentLine], Planted]:
    return lambda agent: Planted(server, agent, secrets.token_hex(16))


def says(line: VisitorLine, text: str) -> None:
    """Says something as the widget does: at some moment everybody is sent to load the record anew, and whom nobody
    remembers is sent for another token."""
    with suppress(ConnectionClosed):
        line.say(text)
    while line.outbox:
        try:
            line.until(lambda: not line.outbox)
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 4401:
                line.token = line.server.view(token=line.token)["token"]
            line.reconnect()


def test_an_erased_word_is_in_no_table_and_no_file_and_nobody_comes_back(server: Server, planted: Any):
    stopped = Receiver().start()
    everything = [word for kind in ("message", "note", "visitor_erased") for word in ("--kind", kind)]
    parlour(server, "webhook", "add", stopped.url, *everything, "--webhooks-may-be-local")
    stopped.stop()  # What it is to hear waits.
    anna = hire(server, "Anna")
    ann = planted(anna)
    bob = VisitorLine(server, server.view("/prices")["token"])
    bob.says("Good day, says Bob")
    wait_for(lambda: any(job["target"] and job["attempts"] for job in rows(server, JobRow)), 10)

    word, id_ = ann.word, ann.conversation
    # The control: before, it is found wherever it can be.
    everywhere = {"contact", "visit", "page_view", "impression", "conversation", "event", "job"}
    assert tables_with(server, word) == everywhere
    assert {"hold", "privacy_act", "erasure"} & tables_with(server, ann.visitor) == set()
    assert files_with(server, word) or not server.database_url.startswith("sqlite")
    assert any(job["target"] and job["state"] == "waiting" for job in rows(server, JobRow))

    told = parlour(server, "visitor", "erase", f"{word}@tea.example".upper(), "--yes")
    assert told.startswith("Erased: 1 conversation, ")
    assert tables_with(server, word) == set()
    assert files_with(server, word) == []
    assert tables_with(server, ann.visitor) == set()
    (job,) = [job for job in rows(server, JobRow) if id_ in str(job)]
    assert (job["payload"]["kind"], job["payload"]["conversations"]) == ("visitor_erased", [id_])

    # Counts stay, without saying whose.
    (held,) = rows(server, Assignment)
    assert (held["ended_by"], held["conversation_id"]) == ("erased", "") and id_ not in held["id"]
    assert [agent["active"] for agent in rows(server, AgentRow)] == [0]
    (act,) = acts(server)
    assert (act["kind"], act["visitor_id"]) == ("erased", None) and act["counts"]["conversations"] == 1
    assert len(rows(server, ConversationRow)) == 1, "Bob is still there"
    says(bob, "Bob again")

    # The window that is still open begins anew, and nothing of before comes with it.
    says(ann.line, "Are you still there?")
    assert ann.line.conversation != id_
    (again,) = [each for each in rows(server, ConversationRow) if each["id"] == ann.line.conversation]
    assert again["contact_id"] is None and again["visitor_id"] != ann.visitor
    said = [each["body"].get("text") for each in rows(server, EventRow) if each["conversation_id"] == again["id"]]
    assert said.count("Are you still there?") == 1, "nothing is lost on the way"
    assert tables_with(server, ann.visitor) == set(), "the id is not back"
    assert rows(server, Contact) == [] or all(word not in str(each) for each in rows(server, Contact))
    refused = anna.op(
        op="send", conversation=id_, client_id="too-late-1", token=ann.token_of_agent, body={"text": "Hello?"}
    )
    assert refused.status == 404
    assert tables_with(server, word) == set()
    assert [each for each in rows(server, EventRow) if each["conversation_id"] == id_] == []

    # Whoever listens again is told to forget, and of the rest nothing.
    stopped.start()
    wait_for(lambda: any(each.message["type"] == "visitor_erased" for each in stopped.heard), 20)
    forgotten = next(each for each in stopped.heard if each.message["type"] == "visitor_erased")
    assert forgotten.message["data"] == {"conversations": [id_]}
    assert word not in str([each.body for each in stopped.heard])
    stopped.stop()


def test_who_is_held_is_not_erased_while_another_is(server: Server, planted: Any):
    anna = hire(server, "Anna")
    ann = planted(anna)
    parlour(server, "visitor", "hold", "--because", "Case 12", "--", ann.conversation)
    place = ["--site", str(server.site), "--database", server.database_url]
    refused = CliRunner().invoke(main, ["visitor", "erase", "--yes", *place, "--", ann.visitor])
    assert refused.exit_code == 1 and refused.output.count("\n") == 1
    assert "under legal hold since 20" in refused.output and refused.output.endswith(": Case 12\n")
    assert tables_with(server, ann.word)
    parlour(server, "visitor", "release", "--", ann.visitor)
    assert "Erased: 1 conversation" in parlour(server, "visitor", "erase", "--yes", "--", ann.visitor)
    assert tables_with(server, ann.word) == set()
    assert {act["kind"] for act in acts(server)} == {"held", "released", "erased"}
    assert all(act["visitor_id"] is None for act in acts(server))
    assert rows(server, Visitor) == []


def test_what_is_written_in_the_very_moment_is_of_before_or_of_after_and_never_half(server: Server):
    viewed = [server.view("/prices") for _ in range(2)]

    def write(told: dict[str, Any]) -> set[int]:
        as_page = {"Origin": server.address, "Authorization": f"Bearer {told['token']}"}
        statuses = set()
        for number in range(18):
            frame = {"op": "send", "conversation": None, "client_id": f"{told['visitor'][:8]}-{number:04}"}
            frame |= {"body": {"text": f"{number}@tea.example" if number % 3 == 2 else f"Ann {number}"}}
            status = server.post("/widget/op", frame, **as_page).status
            statuses.add(status)
            if status == 401:  # Erased: as the widget does, with the next token.
                as_page["Authorization"] = f"Bearer {server.view('/prices', token=told['token'])['token']}"
        return statuses

    with ThreadPoolExecutor(2) as writing:
        written = [writing.submit(write, told) for told in viewed]
        place = ["--site", str(server.site), "--database", server.database_url]
        over = False
        while not over:
            for told in viewed:
                CliRunner().invoke(main, ["visitor", "erase", "--yes", *place, "--", told["visitor"]])
            over = all(each.done() for each in written)
    assert [each.result() <= {200, 401, 503} for each in written] == [True, True]
    assert acts(server), "somebody was erased meanwhile"
    conversations = {each["id"]: each for each in rows(server, ConversationRow)}
    events = rows(server, EventRow)
    assert {each["conversation_id"] for each in events} == conversations.keys()
    for id_, conversation in conversations.items():
        seqs = sorted(each["seq"] for each in events if each["conversation_id"] == id_)
        assert seqs == list(range(1, conversation["last_seq"] + 1))
    known = {each["contact_id"] for each in conversations.values()} - {None}
    assert {each["id"] for each in rows(server, Contact)} == known


def test_an_admin_exports_and_erases_in_the_panel_while_the_window_is_open(server: Server, planted: Any):
    anna = hire(server, "Anna")
    ann = planted(anna)
    page = f"/panel/visitors/{ann.conversation}"
    shown = anna.ask("GET", page).body.decode()
    assert f"Ann {ann.word}" in shown
    form = {"csrf_token": anna.csrf, "person": ann.visitor, "sure": "yes"}
    exported = anna.ask("POST", f"{page}/export", urlencode(form).encode(), Origin=server.address)
    assert exported.status == 200, exported.body
    told = zipfile.ZipFile(BytesIO(exported.body)).read("visitor.json").decode()
    assert told.count(ann.word) > 10 and f"Note on {ann.word}" in told.split('"review"')[1]
    erased = anna.ask("POST", f"{page}/erase", urlencode(form).encode(), Origin=server.address)
    assert (erased.status, b"Gone: 1 conversation" in erased.body) == (200, True)
    assert tables_with(server, ann.word) == tables_with(server, ann.visitor) == set()
    assert files_with(server, ann.word) == []
    assert anna.ask("GET", page).status == 404
    assert server.view("/", token=ann.token)["visitor"] != ann.visitor
    says(ann.line, "Are you still there?")
    assert ann.line.conversation != ann.conversation
    assert tables_with(server, ann.word) == set() == {row["contact_id"] for row in rows(server, Visitor)} - {None}
    assert tables_with(server, ann.visitor) == set(), "the id is not back"


def test_the_token_of_who_was_erased_is_refused_and_the_next_one_is_taken(server: Server):
    """G4."""
    ann = server.view("/prices")
    first = send(server, ann["token"], "Hello")
    assert first.status == 200
    parlour(server, "visitor", "erase", "--yes", "--", ann["visitor"])
    for _ in range(2):
        refused = send(server, ann["token"], "Hello again")
        assert (refused.status, refused.json()["error"]["code"]) == (401, "token")
    assert tables_with(server, ann["visitor"]) == set()
    again = server.view("/prices", token=ann["token"])
    assert again["visitor"] != ann["visitor"]
    assert send(server, again["token"], "Hello again").status == 200
    assert tables_with(server, ann["visitor"]) == set()


def send(server: Server, token: str, text: str) -> Any:
    frame = {"op": "send", "conversation": None, "client_id": secrets.token_hex(8), "body": {"text": text}}
    return server.post("/widget/op", frame, Origin=server.address, Authorization=f"Bearer {token}")
