"""The commands of the shell, as somebody types them."""

import contextlib
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click import Argument, Command, Group, Option
from click.testing import CliRunner, Result
from sqlalchemy.exc import OperationalError

from bot import in_use
from bot.database import CannotOpen
from tests.disk import full
from tests.receiver import Receiver
from tests.server import Server, VisitorLine, running
from web.cli import main
from web.commands.places import open_database
from web.commands.serving import serve_site

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"


def parlour(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "mysite"
    assert parlour("init", str(made)).exit_code == 0
    return made


COMMANDS = [
    [],
    ["init"],
    ["serve"],
    ["check"],
    ["talk"],
    ["deploy"],
    ["rollback"],
    ["versions"],
    ["agent"],
    *(["agent", verb] for verb in ("add", "list", "change", "close", "open", "password")),
    ["explain"],
    ["explain", "conversation"],
    ["jobs"],
    *(["jobs", verb] for verb in ("show", "retry", "drop")),
    ["webhook"],
    ["visitor"],
    *(["visitor", verb] for verb in ("export", "erase", "hold", "release")),
    ["retention"],
    ["backup"],
    ["restore"],
    ["new-epoch"],
    *(["webhook", verb] for verb in ("add", "list", "rotate", "remove", "test")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_and_gives_an_example(command: list[str]):
    told = parlour(*command, "--help")
    assert told.exit_code == 0
    if command not in ([], ["agent"], ["explain"], ["webhook"], ["visitor"]):
        assert f"parlour {' '.join(command)}" in told.output.split("Example:")[1]
    assert not re.findall(r"^  .*\.\.\.$", told.output, re.M), "a first sentence does not fit into its line"


def test_init_never_writes_over_anything(site: Path):
    again = parlour("init", str(site))
    assert again.exit_code == 1
    assert "is not empty" in again.output
    assert "Traceback" not in again.output


def test_a_new_site_has_no_problems(site: Path):
    told = parlour("check", str(site))
    assert (told.exit_code, told.output) == (0, "No problems found.\n")


def test_check_tells_everything_at_once_and_exits_with_one(site: Path):
    flow = site / "flows" / "welcome.yaml"
    flow.write_text(
        flow.read_text()
        .replace("collect: name", "colect: name")
        .replace("ask: {en: What is your name?", "aks: {en: What is your name?")
    )
    told = parlour("check", str(site))
    assert told.exit_code == 1
    assert "nknown step 'colect' — did you mean 'collect'?" in told.output
    as_json = json.loads(parlour("check", str(site), "--format", "json").output)
    assert {"file", "line", "column", "code", "level", "message"} <= as_json[0].keys()


@pytest.mark.parametrize("command", [["check"], ["talk"], ["serve"], ["deploy"]])
def test_a_site_that_is_not_there_is_said_in_one_line(tmp_path: Path, command: list[str]):
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", *command, str(tmp_path / "none")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert re.fullmatch(r"parlour: There is no site at .*\. Make one with:  parlour init .*\n", done.stderr)


@pytest.mark.parametrize("command", ["check", "talk", "serve --port 0", "deploy"])
def test_the_folder_above_a_site_is_not_taken_for_one(site: Path, command: str):
    above = site.parent
    refused = parlour(*command.split(), str(above))
    assert (refused.exit_code, refused.output) == (
        1,
        f"parlour: There is no site.yaml in {above}, but one in {site}. Name that folder instead.\n",
    )
    assert not (above / ".parlour").exists()
    (site / "site.yaml").rename(above / "site.yaml")
    assert parlour("check", str(above)).exit_code == 0


def test_talk_takes_piped_lines_facts_and_a_time():
    open_ = parlour("talk", str(HARBOUR), "--agents", "1", "--at", "2026-03-04 10:00", stdin="Hi\nA person\n")
    assert "waits for a person of 'sales'" in open_.output
    closed = parlour("talk", str(HARBOUR), "--agents", "1", "--at", "sunday 11:00", stdin="Hi\nA person\n")
    assert "bot: We are closed." in closed.output
    german = parlour("talk", str(HARBOUR), "--language", "de", stdin="Hallo\n")
    assert "bot: Worum geht es?   [Karten | Ein Mensch]" in german.output


def test_talk_tells_what_rules_do_and_ends_where_one_ends_it():
    said = "casino\nparking 4111 1111 1111 1111\nsend it back\nGoodbye\nstill there?\n"
    told = parlour("talk", str(HARBOUR.parent / "market"), stdin=said).output.splitlines()
    assert told[:4] == [
        "you: casino",
        "  → kept as: [message removed]",
        "  → rule spam blocked, warned: the word 'casino*'",
        "bot: We do not pass on advertising.",
    ]
    assert "  → kept as: parking [card number removed]" in told
    assert "  → rule parking answered: the word 'parking'" in told
    assert told[-3:] == [
        "  → rule goodbye answered, closed: the message is 'goodbye'",
        "bot: Goodbye, come again.",
        "  → the conversation has ended",
    ]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--at", "someday"), ("--at", "9999-12-31 23:59"), ("--fact", "visits")),
        *(("--fact", "visit=3"), ("--fact", "=3"), ("--fact", "visits=many")),
    ],
)
def test_talk_says_what_to_write_instead(option: str, value: str):
    told = parlour("talk", str(HARBOUR), option, value, stdin="Hi\n")
    assert told.exit_code == 1
    assert "Write " in told.output
    assert "Traceback" not in told.output


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


PASSWORD = "three blue teapots"


def hired(site: Path, name: str, *words: str) -> str:
    email = f"{name.lower()}@shop.example"
    added = parlour(
        *("agent", "add", email, "--site", str(site), "--name", name), *words, "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert added.exit_code == 0, added.output
    return email


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


def test_a_taken_port_is_said_and_a_free_one_named(site: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", "serve", str(site), "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert re.fullmatch(rf"parlour: Port {port} cannot be used \(.*\)\. This one is free:  --port \d+\n", done.stderr)


def test_of_a_site_that_is_served_already_no_free_port_is_told(site: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_use, "ENDS_WITHIN", 0.0)
    (site / ".parlour").mkdir()
    with socket.socket() as taken, in_use.used(site / ".parlour" / "parlour.db"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = main.commands["serve"].make_context("serve", [str(site), "--port", str(taken.getsockname()[1])]).params
        with pytest.raises(CannotOpen, match="Another Parlour serves"):
            serve_site(**given)


def test_a_file_that_is_no_database_is_said_in_one_line(site: Path):
    (site / ".parlour").mkdir()
    (site / ".parlour" / "parlour.db").write_bytes(b"this is no database, and never was" * 100)
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "serve", str(site), "--port", "0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith("parlour: ") and "Restore a backup" in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_tells_each_step_and_guard_with_file_and_line(tmp_path: Path):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    address = f"sqlite:///{tmp_path}/parlour.db"
    for server in running(Server(site, address)):
        ann: VisitorLine = server.visitor()
        ann.says("Hi")
        ann.says("Tickets")
        ann.says("ann(at)x")
        conversation = ann.conversation
        ann.close()
    told = parlour("explain", "conversation", str(conversation), "--site", str(site), "--database", address)
    assert told.exit_code == 0
    assert "visitor: Tickets" in told.output
    assert re.search(r"flows/welcome\.yaml:\d+", told.output)
    nobody = parlour("explain", "conversation", "nothing", "--site", str(site), "--database", address)
    assert (nobody.exit_code, "There is no conversation nothing" in nobody.output) == (1, True)


HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\nFAKE"


def test_nothing_a_visitor_writes_reaches_the_terminal_as_more_than_text(tmp_path: Path):
    """S52, S2."""
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    for server in running(Server(site, f"sqlite:///{tmp_path}/parlour.db")):
        page = {"page": f"/{HOSTILE}", "page.path": f"/{HOSTILE}", "page.title": f"T{HOSTILE}", "device": "desktop"}
        token = server.view(facts={**page, "referrer": f"https://x.example/{HOSTILE}"})["token"]
        said = [{"text": f"Hi {HOSTILE}"}, {"button": dict.fromkeys(("step", "value", "label"), f"L{HOSTILE}")}]
        as_page = {"Origin": server.address, "Authorization": f"Bearer {token}"}
        for number, body in enumerate(said):
            frame = {"op": "send", "conversation": None, "client_id": f"message-{number}", "body": body}
            answer = server.post("/widget/op", frame, **as_page)
            assert answer.status == 200, answer.body
        server.view(token=token, facts={**page, "page.path": f"/2{HOSTILE}"})
        id_ = answer.json()["frames"][0]["conversation"]
        place = ["--site", str(site), "--database", server.database_url]
        told = parlour("explain", "conversation", id_, *place).output
        with contextlib.closing(sqlite3.connect(tmp_path / "parlour.db")) as connection:
            kept = str(connection.execute("SELECT body FROM event").fetchall()) + str(
                [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("visit", "page_view")]
            )
            assert "[31mred" in kept and "x1b" not in kept and "x9b" not in kept and "u001b" not in kept
            # What was kept before it was left out is not told as it is, either.
            connection.execute("UPDATE event SET body = replace(body, '[31m', '\\u001b[31m\\nFAKE')")
            connection.commit()
        of_before = parlour("explain", "conversation", id_, *place).output
    for lines in (told, of_before):
        assert "[31mred" in lines or "FAKE" in lines
        assert all(line.isprintable() for line in lines.split("\n"))
        assert not any(line.startswith("FAKE") for line in lines.split("\n"))
    assert "\\x1b[31m\\nFAKE" in of_before


def test_a_forgotten_password_is_replaced(site: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    assert parlour(*add, stdin="three blue teapots\n").exit_code == 0
    change = ["agent", "password", "anna@shop.example", "--site", str(site), "--password-stdin"]
    assert parlour(*change, stdin="short\n").exit_code == 1
    assert parlour(*change, stdin="four green teapots\n").exit_code == 0
    nobody = parlour("agent", "password", "ben@shop.example", "--site", str(site), "--password-stdin", stdin="x\n")
    assert "Nobody signs in as ben@shop.example" in nobody.output


def test_explain_makes_nothing_where_there_is_no_site(tmp_path: Path):
    told = parlour("explain", "conversation", "x", "--site", str(tmp_path / "none"))
    assert (told.exit_code, list(tmp_path.iterdir())) == (1, [])


def begin_record(site: Path) -> None:
    """Makes the database, as `serve` does when it starts for the first time."""
    open_database(site, None, None, makes=True).close()


def test_webhooks_are_added_listed_tested_and_removed(site: Path):
    place = ["--site", str(site)]
    local = [*place, "--webhooks-may-be-local"]
    begin_record(site)
    receiver = Receiver().start()
    added = parlour("webhook", "add", receiver.url, "--kind", "message", *local)
    assert (added.exit_code, added.output.count("whsec_")) == (0, 1)
    listed = parlour("webhook", "list", *place).output
    assert "whsec_" not in listed and receiver.url in listed
    id_ = listed.split()[0]
    assert parlour("webhook", "test", id_, *local).output == "It answered 200.\n"
    assert receiver.heard[0].verified(added.output.split("Key:")[1].split()[0])["type"] == "test"
    rotated = parlour("webhook", "rotate", id_, *place).output
    assert "whsec_" in rotated and rotated.split("Key:")[1].split()[0] not in added.output
    receiver.stop()
    failed = parlour("webhook", "test", id_, *local)
    assert (failed.exit_code, failed.output) == (1, "parlour: It was not taken: nobody listens there\n")
    assert parlour("webhook", "remove", id_, *place).exit_code == 0
    assert parlour("webhook", "list", *place).output.startswith("There are no webhooks. Add one with:")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "https://192.168.0.9/"], "192.168.0.9 leads to this computer or into a private network."),
        (["add", "http://127.0.0.1:9/"], "127.0.0.1 leads to this computer or into a private network."),
        (["add", "http://127.0.0.1:9/", "--webhooks-may-be-local", "--kind", "notes"], "did you mean 'note'?"),
        (["test", "nothing"], "There is no webhook of this id. All of them:  parlour webhook list"),
        (["rotate", "nothing"], "There is no webhook of this id."),
        (["remove", "nothing"], "There is no webhook of this id."),
    ],
)
def test_a_webhook_that_cannot_be_is_said_in_one_line(site: Path, words: list[str], told: str):
    begin_record(site)
    refused = parlour("webhook", *words, "--site", str(site))
    assert refused.exit_code == 1 and refused.output.count("\n") == 1
    assert told in refused.output


def test_the_record_is_backed_up_and_restored(site: Path, tmp_path: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    parlour(*add, stdin="three blue teapots\n")
    copy, place = str(tmp_path / "copy.db"), ["--site", str(site)]
    made = parlour("backup", copy, *place)
    assert (made.exit_code, "0 conversations, 0.3 MB, whole when read back." in made.output) == (0, True)
    again = parlour("backup", copy, *place)
    assert (again.exit_code, again.output) == (1, f"parlour: {copy} is there already. Name a file that is not.\n")
    parlour(*[word.replace("anna@", "ben@") for word in add], stdin="three blue teapots\n")
    back = parlour("restore", copy, *place)
    assert back.exit_code == 0 and "The database before is kept as " in back.output
    forgotten = parlour("agent", "password", "ben@shop.example", *place, "--password-stdin", stdin="x\n")
    assert "Nobody signs in as ben@shop.example" in forgotten.output
    assert parlour("new-epoch", str(site)).exit_code == 0


def test_with_postgresql_its_own_commands_are_told_without_the_password(site: Path):
    place = ["--site", str(site), "--database", "postgresql://parlour:hush@db.example/parlour?password=hush"]
    for command, told in (("backup", "pg_dump --format=custom --file=x"), ("restore", "and  parlour new-epoch")):
        refused = parlour(command, "x", *place)
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
        assert told in refused.output and "postgresql://parlour@db.example/parlour" in refused.output
        assert "hush" not in refused.output


def naming(site: Path, command: str) -> list[str]:
    """Names the site as the command takes it: as its word, or by an option where it has words of its own."""
    takes_it_as_its_word = "site" in [each.name for each in main.commands[command].params if isinstance(each, Argument)]
    return [str(site)] if takes_it_as_its_word else ["--site", str(site)]


def all_commands(group: Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, Group):
            yield from all_commands(command, (*path, name))


@pytest.mark.parametrize(
    ("command", "advised"),
    [
        ("rollback SITE", "versions SITE"),
        ("versions SITE", "deploy SITE"),
        ("jobs retry none --site SITE", "jobs --state dead --site SITE"),
        ("webhook list --site SITE", "webhook add URL --site SITE"),
        ("webhook list --data SITE/.parlour", "webhook add URL --data SITE/.parlour"),
        ("agent close ben@shop.example --site SITE", "agent add ben@shop.example --name … --site SITE"),
        (
            "restore monday.db --site SITE --database postgresql://parlour:hush@127.0.0.1/parlour",
            "new-epoch SITE --database …",
        ),
    ],
)
def test_advice_can_be_copied_for_it_names_the_site_as_it_was_given(site: Path, command: str, advised: str):
    hired(site, "Anna")
    told = parlour(*command.replace("SITE", str(site)).split()).output
    assert told.endswith(f"  parlour {advised.replace('SITE', str(site))}\n")
    assert "hush" not in told


def test_a_command_takes_the_site_as_its_word_unless_it_has_others_or_is_in_a_group():
    as_word, by_option = set(), set()
    for path, command in all_commands():
        words = [each.name for each in command.params if isinstance(each, Argument)]
        options = [each.name for each in command.params if isinstance(each, Option)]
        assert words.count("site") + options.count("site") <= 1, path
        if "site" in words:
            assert words == ["site"], path
            as_word.add(" ".join(path))
        elif "site" in options:
            assert words or path[0] in ("agent", "explain", "jobs", "visitor", "webhook"), path
            by_option.add(" ".join(path))
    assert as_word == {*("serve", "check", "talk", "deploy", "rollback", "versions", "retention", "new-epoch")}
    assert {" ".join(path) for path, _ in all_commands()} - as_word - by_option == {
        *("init", "agent", "explain", "visitor", "webhook")
    }


def test_an_address_of_two_servers_is_told_as_postgresqls_programs_take_it(site: Path):
    both = "db1.example:5432,db2.example:5432/parlour"
    refused = parlour("backup", "x", "--site", str(site), "--database", f"postgresql://parlour:hush@{both}")
    assert f"postgresql://parlour@{both}" in refused.output


@pytest.mark.parametrize(
    "words",
    [
        ["agent", "add", "anna@shop.example", "--name", "Anna", "--password-stdin"],
        ["agent", "password", "anna@shop.example", "--password-stdin"],
        ["explain", "conversation", "x"],
        ["webhook", "list"],
        ["new-epoch"],
        ["backup", "copy.db"],
        ["restore", "copy.db"],
    ],
    ids=" ".join,
)
def test_every_command_says_in_one_line_that_it_cannot_use_the_database(site: Path, words: list[str]):
    address = "mysql://parlour@host/parlour"
    refused = parlour(*words, *naming(site, words[0]), "--database", address, stdin="teapots, all blue")
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1].startswith("parlour: Parlour keeps its record in PostgreSQL or SQLite")
    assert refused.exception is None or isinstance(refused.exception, SystemExit)


def test_what_goes_wrong_with_the_database_on_the_way_is_said_in_one_line(site: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        disk = sqlite3.OperationalError("database or disk is full")
        disk.sqlite_errorname = "SQLITE_FULL"
        raise OperationalError("INSERT INTO account", {"password": "hush"}, disk)

    monkeypatch.setattr("web.accounts.Accounts.add", full)
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    refused = parlour(*add, stdin="three blue teapots\n")
    assert refused.exit_code == 1
    assert refused.output == (
        "parlour: The database has no room left on its disk. Make room; nothing that was acknowledged is lost.\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        *(["jobs"], ["visitor", "erase", "ann", "--yes"], ["webhook", "list"], ["explain", "conversation", "x"]),
        *(["new-epoch"], ["rollback"], ["versions"], ["retention"]),
    ],
)
def test_no_command_begins_an_empty_record_where_it_was_to_find_one(site: Path, command: list[str]):
    refused = parlour(*command, *naming(site, command[0]))
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "There is no database at" in refused.output and "PARLOUR_DATABASE" in refused.output
    assert not (site / ".parlour").exists()


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ["init", LONG],
        ["backup", LONG],
        ["restore", LONG],
        ["agent", "list", "--data", LONG],
        ["agent", "list", "--database", f"sqlite:///{LONG}"],
    ],
    ids=lambda words: " ".join(words).replace(LONG, "…"),
)
def test_a_file_that_cannot_be_is_said_in_one_line(site: Path, words: list[str]):
    begin_record(site)
    refused = parlour(*words, *([] if words[0] == "init" else ["--site", str(site)]))
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert refused.output.endswith(f"{LONG}{'/parlour.db' * ('--data' in words)} cannot be used: File name too long.\n")


@pytest.mark.parametrize(
    "words", [["check"], ["deploy", "--plan"], ["--help"], ["jobs"]], ids=lambda words: " ".join(words)
)
def test_what_cannot_be_printed_is_said_in_one_line(site: Path, words: list[str]):
    begin_record(site)
    place = [] if words == ["--help"] else [str(site)] if words[0] in ("check", "deploy") else ["--site", str(site)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *words, *place],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, "parlour: It cannot go on: No space left on device.\n")


def test_a_site_that_cannot_be_made_is_said_in_one_line(tmp_path: Path):
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    refused = parlour("init", str(in_the_way / "mysite"))
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "cannot be made: Not a directory." in refused.output


@pytest.mark.parametrize("is_there", [False, True], ids=["a new folder", "an empty folder"])
def test_of_a_site_that_finds_no_room_nothing_is_left(small_disk: Path, is_there: bool):
    made = small_disk / "mysite"
    if is_there:
        made.mkdir()
    before = sorted(small_disk.rglob("*"))
    filler = full(small_disk)
    os.truncate(filler, filler.stat().st_size - 16384)
    refused = parlour("init", str(made))
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "cannot be made: No space left on device." in refused.output
    filler.unlink()
    assert sorted(small_disk.rglob("*")) == before
    assert parlour("init", str(made)).exit_code == 0


NONSENSE = [
    (["nonsense"], "No such command 'nonsense'. How it is used:  parlour --help"),
    (["--nonsense"], "No such option '--nonsense'. How it is used:  parlour --help"),
    (["check", "a", "b"], "Got unexpected extra argument (b). How it is used:  parlour check --help"),
    (["check", "--format", "xml"], "'--format': 'xml' is not one of 'text', 'json'."),
    (["check", ""], "One of the words is empty; is a variable of the shell not set?"),
    (["deploy", "--site="], "One of the words is empty"),
    (["jobs", "show", "\udcff"], "'\\udcff' is not written in UTF-8."),
    (["check", __file__], f"'[SITE]': Directory '{__file__}' is a file."),
    (["backup", "x", "--site", __file__], f"'--site': Directory '{__file__}' is a file."),
    (["visitor", "hold", "ann"], "Missing option '--because'. How it is used:  parlour visitor hold --help"),
    (["explain", "conversation"], "Missing argument 'ID'."),
    (["versions", "--before", "9" * 30], f"'--before': {'9' * 30} is not in the range"),
    (["talk", "--agents", "-1"], "'--agents': -1 is not in the range"),
    (["rollback", "mysite", "7b3d99"], "Got unexpected extra argument (7b3d99)."),
]


@pytest.mark.parametrize(("words", "told"), NONSENSE, ids=[" ".join(map(ascii, words)) for words, _ in NONSENSE])
def test_what_is_not_understood_is_said_in_one_line_with_status_two(words: list[str], told: str):
    refused = parlour(*words)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert refused.output.startswith(f"parlour: {told}")
    assert re.search(r" How it is used:  parlour [a-z -]*--help\n$", refused.output)


@contextmanager
def powerless(folder: Path) -> Iterator[None]:
    """Lets nothing in a folder be looked at, by the superuser neither."""
    user, mode = os.geteuid(), folder.stat().st_mode
    folder.chmod(0)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        folder.chmod(mode)


def test_what_one_has_no_right_to_is_said_in_one_line(site: Path):
    begin_record(site)
    commands = [
        *(["check", str(site)], ["deploy", str(site)], ["versions", str(site)], ["init", str(site / "new")]),
        *(["jobs", "--site", str(site)], ["backup", str(site.parent / "copy.db"), "--site", str(site)]),
    ]
    for command in commands:
        parlour(*command)  # With all its modules, which nobody may be allowed to read.
    (site.parent / "copy.db").unlink()
    with powerless(site.parent):
        told = [parlour(*command) for command in commands]
    assert [(each.exit_code, each.output.count("\n")) for each in told] == [(1, 1)] * len(commands)
    for each in told:
        assert each.output.startswith("parlour: ") and "Permission denied" in each.output
