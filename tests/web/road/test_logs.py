"""The log of a real server through a bad day: every line is one object, and nothing that somebody wrote is in it."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from bot.database import Database
from tests.alone import Alone
from tests.receiver import Receiver, answering
from tests.server import AgentLine, Answer, Server, VisitorLine, running, wait_for
from web.cli import main

SITE = """
site: {name: Tea, languages: [en], timezone: Europe/Berlin}
departments: {support: {title: Support}}
attributes:
  contact: {name: {type: name}, email: {type: email}, phone: {type: phone}}
conversation: {start: details}
flows:
  details:
    steps:
      - collect: name
        ask: Your name?
      - collect: email
        ask: Your address?
      - collect: phone
        ask: Your number?
      - id: look
        action: looks
        with: {who: "{{ name }} {{ email }} {{ phone }}"}
        on_error: lost
      - end: true
      - {id: lost, say: That went wrong.}
"""
ACTION = """
import logging

from rasa_sdk import Action


class Looks(Action):
    def name(self):
        return "looks"

    def run(self, dispatcher, tracker, domain):
        raise ValueError("cannot look for " + tracker.get_slot("who"))
"""
PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gevent
from handoff.desk import Desk

def fails(words):
    raise ValueError(words)

def receive(self, visitor_id, said, **more):
    if "beside" in said.text:
        gevent.spawn(fails, said.text)
    if "BREAK" in said.text:
        fails(said.text)
    return whole(self, visitor_id, said, **more)

whole, Desk.receive = Desk.receive, receive
from web.cli import main
main(prog_name="parlour")
"""
"""`parlour serve`, with a mistake of ours in it that quotes what a visitor wrote."""
PASSWORD = "four unrelated words here"


@dataclass
class Canaries:
    """Words that are in no log unless somebody's words are."""

    words: list[str]

    def new(self, shape: str = "{}") -> str:
        self.words.append(f"canary{uuid4().hex}")
        return shape.format(self.words[-1])


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    site = tmp_path / "site"
    (site / "actions").mkdir(parents=True)
    (site / "site.yaml").write_text(SITE)
    (site / "actions" / "looks.py").write_text(ACTION)
    entry = ["anna@tea.example", "--name", "Anna", "--role", "admin", "--password-stdin"]
    added = CliRunner().invoke(main, ["agent", "add", *entry, *place(site, database_url)], input=f"{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    yield from running(Alone(site, database_url, options=("--webhooks-may-be-local",), program=PROGRAM))  # type: ignore[misc]


def place(site: Path, database_url: str) -> list[str]:
    return ["--site", str(site), "--database", database_url]


def test_nothing_that_somebody_wrote_is_in_the_log(server: Alone):
    log = server.log_file
    canaries = Canaries([])
    receiver = Receiver(behaves=answering(500)).start()
    address = receiver.url + canaries.new("?key={}")
    there = [*place(server.site, server.database_url), "--webhooks-may-be-local"]
    assert CliRunner().invoke(main, ["webhook", "add", address, *there]).exit_code == 0

    ann = tells_of_herself(server, canaries)
    fails_in_our_own_code(ann, canaries)
    asks_nonsense(server, canaries)
    signs_in(server, canaries)
    database_fails(server, ann, canaries)
    wait_for(lambda: "job.not_done" in log.read_text() and receiver.came, 20)
    receiver.stop()
    ann.close()

    lines = log.read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert all(isinstance(each, dict) and each["event"] and each["timestamp"] for each in told), lines
    assert not [word for word in canaries.words if word in log.read_text()]
    assert "\x1b" not in log.read_text()
    kinds = {each["event"] for each in told}
    expected = {"unforeseen", "job.not_done", "action.failed", "journal.refused", "database.trouble"}
    assert expected <= kinds, sorted(kinds)
    traces = "\n".join(each.get("exception", "") for each in told)
    assert re.search(r"in fails\n.*builtins\.ValueError", traces, re.S), "where it came from is told"


def tells_of_herself(server: Server, canaries: Canaries) -> VisitorLine:
    """A whole conversation, with tricks for whoever reads the log on a terminal."""
    token = server.view(canaries.new("/page-{}?q=") + canaries.new())["token"]
    canaries.words.append(token)
    ann = VisitorLine(server, token)
    ann.says(canaries.new('{}\n{{"event": "forged"}}\r\n\x1b[31mred\x1b[0m'))
    ann.hears("Your name?")
    ann.says(canaries.new("Ann {}"))
    ann.hears("Your address?")
    ann.says(canaries.new("{}@tea.example"))
    ann.hears("Your number?")
    canaries.words.append("30901820")
    ann.says("+49 30 901820")
    ann.hears("That went wrong.")
    return ann


def fails_in_our_own_code(ann: VisitorLine, canaries: Canaries) -> None:
    """A mistake of ours, in the request and beside it, over the socket and over HTTP."""
    ann.says(canaries.new("beside {}"))
    answer = posts(ann, canaries.new("BREAK {}"))
    assert (answer.status, answer.json()["error"]["code"]) == (500, "internal")


def posts(ann: VisitorLine, words: str) -> Answer:
    headers = {"Authorization": f"Bearer {ann.token}", "Origin": ann.server.address}
    frame = {"op": "send", "conversation": ann.conversation, "client_id": uuid4().hex, "body": {"text": words}}
    return ann.server.post("/widget/op", frame, **headers)


def asks_nonsense(server: Server, canaries: Canaries) -> None:
    """Requests that cannot be read, from somebody whose words are in them."""
    assert server.post("/widget/view", {"facts": canaries.new()}, Origin=server.address).status == 400
    assert server.get(canaries.new("/nowhere/{}?token=") + canaries.new()).status == 404
    for request in (canaries.new("{} no such request\r\n\r\n"), canaries.new("GET / HTTP/1.1\r\nWrong {}\r\n\r\n")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(request.encode())
            line.recv(1000)


def signs_in(server: Server, canaries: Canaries) -> None:
    """Somebody who mistypes, and then signs in."""
    with pytest.raises(AssertionError):
        AgentLine(server, "anna@tea.example", canaries.new("wrong {}"))
    with pytest.raises(AssertionError):
        AgentLine(server, canaries.new("{}@tea.example"), PASSWORD)
    anna = AgentLine(server, "anna@tea.example", PASSWORD)
    canaries.words += [PASSWORD, anna.ticket, anna.csrf, *(str(each.value) for each in anna.cookies)]
    anna.socket.close()


def database_fails(server: Server, ann: VisitorLine, canaries: Canaries) -> None:
    """The database refuses a page view, with all that was to be written in its complaint, then a message."""
    database = Database(server.database_url)
    rename(database, "page_view RENAME TO page_view_away")
    with suppress(AssertionError):  # It may have been stored together with what was refused.
        server.view(canaries.new("/page-{}"), token=ann.token)
    rename(database, "page_view_away RENAME TO page_view")
    rename(database, "event RENAME COLUMN body TO body_away")
    assert posts(ann, canaries.new()).status == 503
    rename(database, "event RENAME COLUMN body_away TO body")
    database.close()


def rename(database: Database, what: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"ALTER TABLE {what}"))
