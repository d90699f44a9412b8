"""Agents and their passwords at the shell."""

import contextlib
import json
import os
import pty
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.shell import PASSWORD, hired, parlour


def test_an_agent_is_added_once_and_needs_a_real_password(site: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    assert "at least 12 characters" in parlour(*add, stdin="short\n").output
    assert parlour(*add, "--department", "sales", stdin="three blue teapots\n").exit_code == 0
    again = parlour(*add, stdin="three blue teapots\n")
    assert (again.exit_code, "has an account already" in again.output) == (1, True)
    wrong = parlour(
        *[word.replace("anna@", "ben@") for word in add], "--department", "sails", stdin="three blue teapots\n"
    )
    assert "There is no department 'sails' — did you mean 'sales'?" in wrong.output


def test_somebody_gets_another_role_and_other_departments_and_it_is_written_down(site: Path):
    """S53."""
    anna, boss = hired(site, "Anna", "--department", "sales"), hired(site, "Boss", "--role", "admin")
    agent = ["--site", str(site)]
    listed = parlour("agent", "list", *agent).output.splitlines()
    assert listed[0] == "anna@shop.example  Anna  agent  sales"
    assert listed[1].startswith("boss@shop.example  Boss  admin  ")
    assert parlour("agent", "change", anna.upper(), "--role", "lead", "--department", "support", *agent).exit_code == 0
    assert parlour("agent", "close", anna, *agent).exit_code == 0
    (hers, his) = json.loads(parlour("agent", "list", "--format", "json", *agent).output)
    assert hers == {**hers, "email": anna, "role": "lead", "departments": ["support"], "active": False}
    assert parlour("agent", "list", *agent).output.startswith(f"{anna}  Anna  lead  support  (closed)\n")
    assert parlour("agent", "open", anna, *agent).exit_code == 0
    with contextlib.closing(sqlite3.connect(site / ".parlour" / "parlour.db")) as connection:
        acts = connection.execute('SELECT kind, "by", at, counts FROM privacy_act ORDER BY rowid').fetchall()
    assert [kind for kind, _, _, _ in acts] == ["agent_add", "agent_add", "agent_change", "agent_close", "agent_open"]
    assert all(by.startswith("shell:") and at for _, by, at, _ in acts)
    changed = json.loads(acts[2][3])
    assert changed == {"agent": hers["agent_id"], "role": "lead", "departments": ["support"]}
    assert json.loads(acts[1][3])["agent"] == his["agent_id"]
    assert boss == his["email"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["change", "nobody@shop.example", "--role", "lead"], "Nobody signs in as nobody@shop.example."),
        (["change", "boss@shop.example", "--department", "sale"], "There is no department 'sale'"),
        (["change", "boss@shop.example", "--name", "A\a"], "A name is needed"),
        (["change", "boss@shop.example", "--role", "agent"], "Nobody else is admin. Make somebody else admin first."),
        (["change", "boss@shop.example"], "Say what to change: --role, --department or --name."),
        (["close", "boss@shop.example"], "Nobody else is admin. Make somebody else admin first."),
        (["close", "nobody@shop.example"], "Nobody signs in as nobody@shop.example."),
    ],
)
def test_what_cannot_be_done_to_an_account_is_said_in_one_line(site: Path, words: list[str], told: str):
    hired(site, "Boss", "--role", "admin")
    before = parlour("agent", "list", "--site", str(site)).output
    refused = parlour("agent", *words, "--site", str(site))
    assert refused.exit_code in (1, 2) and refused.output.count("\n") == 1
    assert told in refused.output
    assert parlour("agent", "list", "--site", str(site)).output == before


NO_TERMINAL = "parlour: There is no terminal to ask for the password on. Pipe it in with --password-stdin\n"


def test_before_a_password_is_asked_for_it_is_looked_whether_one_is_of_use(site: Path):
    anna = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site)]
    nobody_to_ask = parlour(*anna, stdin="three blue teapots\n" * 2)
    assert (nobody_to_ask.exit_code, nobody_to_ask.output) == (1, NO_TERMINAL)
    assert parlour(*anna, "--password-stdin", stdin="three blue teapots\n").exit_code == 0
    again = parlour("agent", "password", "anna@shop.example", "--site", str(site), stdin="three blue teapots\n" * 2)
    assert (again.exit_code, again.output) == (1, NO_TERMINAL)
    ben = [word.replace("anna@", "ben@") for word in anna]
    for words, told in (
        (anna, "anna@shop.example has an account already."),
        ([word.replace("@", "(at)") for word in anna], "'anna(at)shop.example' is not an e-mail address."),
        ([*ben, "--name", "B" * 101], "A name is needed"),
        ([*ben, "--department", "sails"], "There is no department 'sails' — did you mean 'sales'?"),
        ([*ben, "--database", "mysql://host/parlour"], "Parlour keeps its record in PostgreSQL or SQLite"),
        (["agent", "password", "ben@shop.example", "--site", str(site)], "Nobody signs in as ben@shop.example."),
    ):
        refused = parlour(*words, stdin="three blue teapots\n" * 2)
        assert refused.exit_code == 1
        assert refused.output.startswith(f"parlour: {told}") and refused.output.count("\n") == 1


def test_at_a_terminal_a_password_that_will_not_do_is_asked_for_again(site: Path):
    asked = at_a_terminal(
        [*("agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site))],
        {"Password: ": ["short", PASSWORD], "confirmation: ": ["short", PASSWORD]},
    )
    assert asked.count("A password has at least 12 characters.") == 1
    assert "Anna may sign in as anna@shop.example." in asked


def at_a_terminal(words: list[str], answers: dict[str, list[str]]) -> str:
    """Runs a command at a terminal, answers each question when it is asked, and returns all that was shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "web.cli", *words])
    shown = read = ""
    with contextlib.suppress(OSError):  # The terminal is gone with the command.
        while some := os.read(terminal, 1024).decode():
            shown, read = shown + some, read + some
            for question, left in answers.items():
                if read.endswith(question) and left:
                    os.write(terminal, f"{left.pop(0)}\n".encode())
                    read = ""
    os.close(terminal)
    os.waitpid(child, 0)
    return shown


def test_departments_are_those_of_the_folder_else_those_that_are_deployed(site: Path, tmp_path: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--password-stdin", "--department", "sales"]
    place = ["--data", str(tmp_path / "data")]
    (empty := tmp_path / "empty").mkdir()
    refused = parlour(*add, "--site", str(empty), *place, stdin="three blue teapots\n")
    assert refused.exit_code == 1
    assert refused.output == (
        f"parlour: The site cannot be read, so nobody knows its departments. See  parlour check {empty}\n"
    )
    assert parlour("deploy", str(site), *place).exit_code == 0
    assert parlour(*add, "--site", str(empty), *place, stdin="three blue teapots\n").exit_code == 0


def test_a_forgotten_password_is_replaced(site: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    assert parlour(*add, stdin="three blue teapots\n").exit_code == 0
    change = ["agent", "password", "anna@shop.example", "--site", str(site), "--password-stdin"]
    assert parlour(*change, stdin="short\n").exit_code == 1
    assert parlour(*change, stdin="four green teapots\n").exit_code == 0
    nobody = parlour("agent", "password", "ben@shop.example", "--site", str(site), "--password-stdin", stdin="x\n")
    assert "Nobody signs in as ben@shop.example" in nobody.output
