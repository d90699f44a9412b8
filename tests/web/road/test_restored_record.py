"""When the record is another one everybody loads it anew: no mixed history, and nothing unsent is lost."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import expect
from sqlalchemy import delete, make_url

from bot.change import table_of
from bot.database import Database
from bot.epoch import renew_epoch
from bot.models import ConversationRow, EventRow
from tests.server import AgentLine, Server, VisitorLine, closing
from tests.web.road.conftest import open_shop
from tests.web.road.test_whole_road import DESKTOP, PASSWORD, answer, first_account
from web.cli import main
from web.commands.agents import add_agent

pytestmark = pytest.mark.fault("F37")


def parlour(server: Server, command: str, *words: object) -> Result:
    site = [str(server.site)] if command == "new-epoch" else ["--site", str(server.site)]
    place = [*site, "--database", server.database_url]
    return CliRunner().invoke(main, [command, *map(str, words), *place])


def said_while_it_was_down(server: Server, ann: VisitorLine, text: str) -> None:
    """Kills the server and writes to it."""
    server.kill()
    frame = {"op": "send", "conversation": ann.conversation, "client_id": "unsent-one", "body": {"text": text}}
    ann.outbox["unsent-one"] = frame


def mine(ann: VisitorLine) -> list[str]:
    said = (event for _, event in sorted(ann.events.items()) if event["from"]["role"] == "visitor")
    return [event["body"]["text"] for event in said]


def comes_back(ann: VisitorLine, said: list[str]) -> None:
    """Reconnects, loads anew, and finds exactly this, numbered without a hole."""
    before = ann.epoch
    ann.reconnect()
    assert ann.epoch != before
    ann.until(lambda: not ann.outbox and mine(ann) == said)
    assert sorted(ann.events) == list(range(1, len(ann.events) + 1))


def test_after_a_restore_clients_load_anew_and_send_what_they_had_not_sent(sqlite_server: Server, tmp_path: Path):
    ann = sqlite_server.visitor()
    ann.says("before")
    assert parlour(sqlite_server, "backup", tmp_path / "copy.db").exit_code == 0
    for text in ("after", "and once more"):
        ann.says(text)
    refused = parlour(sqlite_server, "restore", tmp_path / "copy.db")
    assert (refused.exit_code, "A running server has" in refused.output) == (1, True)
    said_while_it_was_down(sqlite_server, ann, "unsent")
    assert parlour(sqlite_server, "restore", tmp_path / "copy.db").exit_code == 0
    sqlite_server.start()
    comes_back(ann, ["before", "unsent"])


def test_a_conversation_that_began_after_the_copy_begins_again(sqlite_server: Server, tmp_path: Path):
    assert parlour(sqlite_server, "backup", tmp_path / "copy.db").exit_code == 0
    ann = sqlite_server.visitor()
    ann.says("after")
    gone = ann.conversation
    said_while_it_was_down(sqlite_server, ann, "unsent")
    assert parlour(sqlite_server, "restore", tmp_path / "copy.db").exit_code == 0
    sqlite_server.start()
    ann.token = sqlite_server.view(token=ann.token)["token"]  # The page asks: its own is of nobody the copy knows.
    comes_back(ann, ["unsent"])
    assert ann.conversation != gone


def test_an_agent_of_before_the_restore_does_not_hold_what_they_took_after_it(sqlite_server: Server, tmp_path: Path):
    place = {"data": None, "database": sqlite_server.database_url}
    who = "anna@shop.example"
    add_agent(
        sqlite_server.site,
        who,
        name="Anna",
        departments=("sales", "support"),
        role="agent",
        ask=lambda: PASSWORD,
        **place,
    )
    anna, ann = AgentLine(sqlite_server, who, PASSWORD), sqlite_server.visitor()
    ann.says("Hi")
    ann.says("human")
    conversation = anna.sees_waiting()
    assert parlour(sqlite_server, "backup", tmp_path / "copy.db").exit_code == 0
    token = anna.accepts(conversation)
    said_while_it_was_down(sqlite_server, ann, "unsent")
    assert parlour(sqlite_server, "restore", tmp_path / "copy.db").exit_code == 0
    sqlite_server.start()
    anna.frames.clear()
    anna.connect()
    body = {"text": "from another record"}
    late = anna.op(op="send", conversation=conversation, client_id="late-one", token=token, body=body)
    assert late.status == 409
    comes_back(ann, ["Hi", "human", "unsent"])
    assert "from another record" not in ann.texts()


@pytest.fixture
def copied_by_postgresql(cluster: str, tmp_path: Path) -> Callable[[Server, str], None]:
    """Dumps or restores a server's database with PostgreSQL's own programs, as the page for operators says."""

    def run(server: Server, program: str) -> None:
        address = make_url(server.database_url).set(drivername="postgresql").render_as_string()
        words = {
            "pg_dump": ["--format=custom", f"--file={tmp_path}/copy.dump", address],
            "psql": [address, "--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public"],
            "pg_restore": [f"--dbname={address}", f"{tmp_path}/copy.dump"],
        }
        subprocess.run([program, *words[program]], check=True, timeout=60, env={**os.environ, "PGCONNECT_TIMEOUT": "9"})

    return run


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_after_pg_restore_and_new_epoch_it_is_the_same(server: Server, copied_by_postgresql: Any):
    ann = server.visitor()
    ann.says("before")
    copied_by_postgresql(server, "pg_dump")
    ann.says("after")
    said_while_it_was_down(server, ann, "unsent")
    copied_by_postgresql(server, "psql")
    copied_by_postgresql(server, "pg_restore")
    assert parlour(server, "new-epoch").exit_code == 0
    server.start()
    comes_back(ann, ["before", "unsent"])


def test_a_running_server_notices_another_record_and_sends_everybody_to_load_it(server: Server):
    ann, ben = server.visitor(), server.visitor()
    for visitor in (ann, ben):
        visitor.says("before")
    database = Database(server.database_url)
    with database.writing() as connection:  # As an erasure does.
        connection.execute(delete(table_of(EventRow)).where(table_of(EventRow).c.conversation_id == ann.conversation))
        connection.execute(delete(table_of(ConversationRow)).where(table_of(ConversationRow).c.id == ann.conversation))
        renew_epoch(connection)
    database.close()
    for visitor in (ann, ben):
        number, words = closing(visitor.socket)
        assert (number, words.startswith("retry:")) == (1012, True)
    gone = ann.conversation
    ann.outbox["later-one"] = {"op": "send", "conversation": gone, "client_id": "later-one", "body": {"text": "later"}}
    comes_back(ann, ["later"])
    assert ann.conversation != gone
    comes_back(ben, ["before"])
    ben.says("after")


def test_windows_in_a_browser_load_anew_and_send_what_they_had_not_sent(tmp_path: Path, window: Any):
    server = Server(open_shop(tmp_path), f"sqlite:///{tmp_path}/parlour.db").start()
    try:
        agent, visitor, late = window(DESKTOP), window(DESKTOP), window(DESKTOP)
        first_account(server, agent)
        for page in (visitor, late):
            page.goto(f"{server.address}/demo/")
            page.get_by_role("button", name="Open chat").click()
        answer(visitor, "before")
        answer(visitor, "human")
        waiting = agent.get_by_role("list", name="Waiting")
        waiting.get_by_role("button", name="Accept").first.click()
        log = visitor.get_by_role("log", name="Conversation")
        thread = agent.get_by_role("log", name="Conversation")
        expect(thread.get_by_text("before", exact=True)).to_be_visible()
        assert parlour(server, "backup", tmp_path / "copy.db").exit_code == 0
        answer(visitor, "lost with the old record")
        agent.get_by_role("textbox", name="Reply").fill("an answer that is lost too")
        agent.keyboard.press("Enter")
        expect(thread.get_by_text("lost with the old record")).to_be_visible()
        expect(log.get_by_text("an answer that is lost too")).to_be_visible()
        answer(late, "human")
        in_line = late.get_by_text(re.compile("next in line|1st in line", re.I))
        expect(in_line).to_be_visible()

        for page in (agent, visitor, late):
            page.context.set_offline(True)
        server.kill()
        answer(visitor, "unsent of the visitor")
        agent.get_by_role("textbox", name="Reply").fill("unsent of the agent")
        agent.keyboard.press("Enter")
        assert parlour(server, "restore", tmp_path / "copy.db").exit_code == 0
        server.start()
        for page in (agent, visitor, late):
            page.context.set_offline(False)

        for said in (log, thread):
            expect(said.get_by_text("unsent of the visitor")).to_have_count(1, timeout=30_000)
            expect(said.get_by_text("unsent of the agent")).to_have_count(1, timeout=30_000)
            expect(said.get_by_text("before", exact=True)).to_have_count(1)
            expect(said.get_by_text(re.compile("lost"))).to_have_count(0)
        answer(visitor, "and on we go")
        expect(thread.get_by_text("and on we go")).to_be_visible()
        begun_late = late.get_by_role("log", name="Conversation").get_by_text("human", exact=True)
        expect(begun_late).to_have_count(0, timeout=30_000)
        expect(in_line).to_have_count(0)
        answer(late, "human")
        expect(begun_late).to_have_count(1)
    finally:
        server.kill()
