"""`parlour jobs`: what waits and what was given up, at the shell and beside a server that runs."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select

from bot.backlog import PAGE
from bot.change import table_of
from bot.database import Database
from bot.models import JobRow
from bot.site.starting import make_site
from tests.server import Server, running, wait_for
from web.app import create_app
from web.channels.doors import doors_of
from web.cli import main
from web.parts import Options
from web.shell.jobs import KINDS

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
_jobs = table_of(JobRow)
Command = Callable[..., Result]


@pytest.fixture
def database(database_url: str) -> Any:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def parlour(database: Database, database_url: str, tmp_path: Path) -> Command:
    place = ["--data", str(tmp_path / "data"), "--database", database_url]

    def run(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, ["jobs", *words, *place], input=stdin)

    return run


def write(database: Database, *keys: str, **more: Any) -> None:
    usual = {"kind": "timer", "conversation_id": "c1", "payload": {"words": "SECRET"}, "state": "waiting"}
    usual |= {"run_at": NOW, "attempts": 0, "created_at": NOW}
    with database.writing() as connection:
        connection.execute(insert(_jobs), [{**usual, "key": key, **more} for key in keys])


def dead(**more: Any) -> dict[str, Any]:
    return {"state": "dead", "done_at": NOW, "attempts": 37, "outcome": "answered 500", **more}


def state_of(database: Database, key: str) -> str | None:
    with database.reading() as connection:
        return connection.scalar(select(_jobs.c.state).where(_jobs.c.key == key))


def test_each_kind_is_counted(database: Database, parlour: Command):
    assert parlour().output == "There are no jobs.\n"
    write(database, "a", run_at=datetime.now(UTC) - timedelta(hours=2, minutes=5))
    write(database, "b", run_at=datetime.now(UTC) + timedelta(hours=1))
    write(database, "c", **dead(kind="webhook"))
    assert parlour().output == (
        "Kind     Waiting  Overdue  Oldest  Given up\n"
        "timer          2        1     2 h         0\n"
        "webhook        0        0                 1\n"
    )
    assert parlour("--kind", "webhook").output.count("\n") == 2


def test_a_list_has_pages_and_nothing_a_visitor_wrote(database: Database, parlour: Command):
    write(database, *(f"job-{number:02}" for number in range(PAGE + 1)), **dead())
    first, second = parlour("--state", "dead").output, parlour("--state", "dead", "--page", "2").output
    assert first.splitlines()[0] == f"2026-03-04 10:00:00  job-{PAGE}  37 tries  answered 500"
    assert first.splitlines()[-1] == "More on the next page:  --page 2"
    assert second == "2026-03-04 10:00:00  job-00  37 tries  answered 500\n"
    assert parlour("--state", "dead", "--page", "3").output == "There are no more jobs that are given up.\n"
    assert parlour("--state", "overdue").output == "There are no jobs that are overdue.\n"
    assert "SECRET" not in first + parlour("show", "job-00").output


def test_one_job_is_told(database: Database, parlour: Command):
    write(database, "webhook:shop:c1:4", **dead(kind="webhook", target="shop"))
    assert parlour("show", "webhook:shop:c1:4").output == (
        "Key           webhook:shop:c1:4\n"
        "Kind          webhook\n"
        "Conversation  c1\n"
        "Goes to       shop\n"
        "State         given up\n"
        "Planned       2026-03-04 10:00:00\n"
        "Due           2026-03-04 10:00:00\n"
        "Tries         37\n"
        "Last outcome  answered 500\n"
        "Over since    2026-03-04 10:00:00\n"
    )


def test_what_was_given_up_is_tried_again(database: Database, parlour: Command):
    write(database, "a", "b", **dead())
    write(database, "c", **dead(kind="webhook"))
    assert parlour("retry", "a", "b").output == "a is tried again.\nb is tried again.\n"
    assert parlour("retry", "--all-dead", "--kind", "timer").output == "0 jobs are tried again.\n"
    assert parlour("retry", "--all-dead").output == "1 job is tried again.\n"
    assert {state_of(database, key) for key in "abc"} == {"waiting"}


def test_all_that_is_named_is_tried_again_also_for_whoever_hears_no_more(database: Database, database_url: str):
    write(database, "a", "b", **dead())
    ours, theirs = os.pipe()
    os.close(ours)
    words = [sys.executable, "-m", "web.cli", "jobs", "retry", "a", "b", "--database", database_url]
    subprocess.run(words, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60)
    os.close(theirs)
    assert {state_of(database, key) for key in "ab"} == {"waiting"}


def test_what_was_given_up_before_a_mistake_is_tried_again_and_said(database: Database, parlour: Command):
    write(database, "a", "b", **dead())
    told = parlour("retry", "a", "nothing", "b")
    assert (told.exit_code, told.output.splitlines()[0]) == (1, "a is tried again.")
    assert (state_of(database, "a"), state_of(database, "b")) == ("waiting", "dead")


def test_a_job_is_dropped_after_a_question(database: Database, parlour: Command):
    write(database, "a", "b", **dead())
    asked = parlour("drop", "a", stdin="n\n")
    assert asked.exit_code == 1 and "Take it away for good? [y/N]" in asked.output
    assert state_of(database, "a") == "dead"
    assert parlour("drop", "a", stdin="y\n").output.endswith("a is gone.\n")
    assert parlour("drop", "b", "--yes").output == "b is gone.\n"
    assert state_of(database, "a") is state_of(database, "b") is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "nothing"], "There is no job nothing."),
        (["retry", "waits"], "The job waits was not given up: it is waiting."),
        (["drop", "nothing", "--yes"], "There is no job nothing."),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(database: Database, parlour: Command, words: list[str], told: str):
    write(database, "waits")
    refused = parlour(*words)
    assert refused.exit_code == 1 and refused.output.count("\n") == 1
    assert refused.output.startswith(f"parlour: {told}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["retry"], "Name the jobs to try again, or say --all-dead"),
        (["retry", "waits", "--all-dead"], "Name the jobs to try again, or say --all-dead"),
        (["retry", "waits", "--kind", "timer"], "--kind goes with --all-dead"),
        (["--kind", "nonsense"], f"'--kind': 'nonsense' is not one of {', '.join(map(repr, KINDS))}."),
        (["retry", "--all-dead", "--kind", "nonsense"], "'--kind': 'nonsense' is not one of 'action', "),
        (["--state", "lost"], "'--state': 'lost' is not one of 'waiting', "),
        (["--page", "2"], "--page goes with --state"),
        (["--state", "dead", "--page", "9" * 30], "'--page': "),
        (["--kind", "timer", "show", "waits"], "Write --kind behind 'show'."),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_makes_no_sense_is_said_with_status_two(parlour: Command, words: list[str], told: str):
    refused = parlour(*words)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert refused.output.startswith(f"parlour: {told}")


def test_every_kind_that_is_done_may_be_asked_for_and_no_other(database_url: str, tmp_path: Path):
    make_site(tmp_path / "site")
    (data := tmp_path / "data").mkdir()
    doors = doors_of(["callback=https://bot.example/answers"], None)
    app = create_app(Options(site=tmp_path / "site", data=data, database=database_url, doors=doors))
    parts = app.extensions["parlour"]
    assert list(KINDS) == sorted({*parts.desk.job_handlers(), *parts.call_handlers})
    parts.database.close()


def test_a_server_that_runs_does_what_is_tried_again(
    database: Database, database_url: str, parlour: Command, tmp_path: Path
):
    make_site(tmp_path / "site")
    for _ in running(Server(tmp_path / "site", database_url)):
        write(database, "a", **dead())
        assert parlour("retry", "a").exit_code == 0
        wait_for(lambda: state_of(database, "a") == "done", 20)
        assert state_of(database, "a") == "done"
