"""What holds for every command: help, one clear line when something is wrong, advice that can be copied."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click import Argument, Command, Group, Option
from sqlalchemy.exc import OperationalError

from bot.database import Database
from tests import databases
from tests.conftest import WORLDS
from tests.disk import full
from tests.shell import begin_record, hired, parlour
from web.cli import main

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
        *(["new-epoch"], ["rollback"], ["versions"], ["retention"], ["deploy", "--plan"]),
    ],
)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_command_begins_an_empty_record_where_it_was_to_find_one(
    site: Path, command: list[str], database: str, request: pytest.FixtureRequest
):
    place = [str(site)] if command[0] == "deploy" else naming(site, command[0])
    empty = databases.empty_in_cluster(request.getfixturevalue("cluster")) if database == "postgresql" else None
    refused = parlour(*command, *place, *(["--database", empty] if empty else []))
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert f"is {'empty' if empty else 'not there'}. Say where the record is" in refused.output
    if empty:
        assert not Database(empty).is_begun()
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
    assert refused.output.endswith(f"{LONG}{'/key' * ('--data' in words)} cannot be used: File name too long.\n")


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


A_FILE = "is a file, and a site is read as a whole; name the folder of the site. How it is used:"
NONSENSE = [
    (["nonsense"], "No such command 'nonsense'. How it is used:  parlour --help"),
    (["--nonsense"], "No such option '--nonsense'. How it is used:  parlour --help"),
    (["check", "a", "b"], "Got unexpected extra argument (b). How it is used:  parlour check --help"),
    (["check", "--format", "xml"], "'--format': 'xml' is not one of 'text', 'json'."),
    (["check", ""], "One of the words is empty; is a variable of the shell not set?"),
    (["deploy", "--site="], "One of the words is empty"),
    (["jobs", "show", "\udcff"], "'\\udcff' is not written in UTF-8."),
    (["check", __file__], f"'[SITE]': '{__file__}' {A_FILE}"),
    (["backup", "x", "--site", __file__], f"'--site': '{__file__}' {A_FILE}"),
    (["visitor", "hold", "ann"], "Missing option '--because'. How it is used:  parlour visitor hold --help"),
    (["explain", "conversation"], "Missing argument 'ID'."),
    (["versions", "--before", "9" * 30], f"'--before': {'9' * 30} is not in the range"),
    (["talk", "--agents", "-1"], "'--agents': -1 is not in the range"),
    (["rollback", "mysite", "7b3d99"], "Got unexpected extra argument (7b3d99)."),
]


def test_who_names_a_file_of_a_site_is_told_its_folder():
    harbour = WORLDS / "harbour"
    refused = parlour("check", str(harbour / "flows" / "any.yaml"))
    assert "There is no site at" in refused.output
    refused = parlour("check", str(next(harbour.rglob("flows/*.yaml"))))
    assert f"name the folder of the site: {harbour}. How" in refused.output


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
