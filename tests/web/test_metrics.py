"""What whoever watches is told: numbers of every worker side by side, to those who may read them, and readiness."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text, update

from bot.change import table_of
from bot.database import Database
from bot.greeting import Whereabouts
from bot.models import ConversationRow, JobRow
from handoff.desk import Said
from tests.conftest import Clock
from tests.server import Server, running
from web.app import create_app
from web.measures import MEASURES, of_worker
from web.metrics import FORGOTTEN_AFTER, FRESH_FOR, Left, left_by
from web.parts import Options, Parlour

ROOT = Path(__file__).parents[2]
HARBOUR = ROOT / "tests" / "worlds" / "harbour"
HERE = {"Host": "127.0.0.1:8000"}
TOKEN = "a-token-of-plain-characters"

Start = Callable[..., tuple[Parlour, FlaskClient]]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def start(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Start]:
    """Starts one more worker over the same database and data folder."""
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    started: list[Parlour] = []

    def start_(**more: Any) -> tuple[Parlour, FlaskClient]:
        app = create_app(Options(site, tmp_path / "data", database_url, **more), now=clock)
        started.append(app.extensions["parlour"])
        return started[-1], app.test_client()

    yield start_
    for parlour in started:
        parlour.database.close()


def says(parlour: Parlour, words: str, *, visitor: str = "ann") -> str:
    event = parlour.desk.receive(
        visitor, Said(words), client_id=f"{visitor}-{words}", whereabouts=Whereabouts("en", facts={})
    )
    return event.conversation_id


def scraped(browser: FlaskClient, **headers: str) -> Samples:
    answer = browser.get("/metrics", headers={**HERE, **headers})
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


# Numbers


def test_what_happens_is_counted(start: Start, clock: Clock):
    parlour, browser = start()
    who = parlour.worker
    says(parlour, "Hello")
    says(parlour, "Once more")
    samples = scraped(browser)
    assert value(samples, "parlour_events_total", kind="message", by="visitor", worker=who) == 2
    assert value(samples, "parlour_events_total", kind="message", by="bot", worker=who) >= 2
    assert value(samples, "parlour_turn_seconds_count", worker=who) == 2
    assert value(samples, "parlour_turn_seconds_bucket", worker=who, le="+Inf") == 2
    assert value(samples, "parlour_commit_seconds_count", worker=who) >= 2
    assert value(samples, "parlour_commit_changes_sum", worker=who) >= 2
    assert value(samples, "parlour_jobs_waiting", kind="close_when_idle") == 1
    assert value(samples, "parlour_sockets", of="visitor", worker=who) == 0
    assert value(samples, "parlour_memory_bytes", worker=who) > 10_000_000
    clock.advance(days=30)
    parlour.jobs.run_due(parlour.desk.job_handlers())
    assert value(scraped(browser), "parlour_jobs_total", kind="close_when_idle", ended="done", worker=who) == 1


def test_who_waits_is_counted_by_department_under_names_of_the_site_alone(start: Start, clock: Clock):
    parlour, browser = start()
    for visitor, department in (("ann", "sales"), ("ben", "sales"), ("cid", None), ("dan", "ann@example.com")):
        waits = {"holder": "queue", "department": department, "queued_at": clock()}
        id_ = says(parlour, "Hello", visitor=visitor)
        with parlour.database.writing() as connection:
            connection.execute(update(ConversationRow).where(ConversationRow.id == id_).values(waits))
        clock.advance(minutes=1)
    samples = scraped(browser)
    lengths = {dict(labels)["department"]: count for (name, labels), count in samples.items() if name.endswith("ength")}
    assert lengths == {"sales": 2, "any": 1, "other": 1, **dict.fromkeys(lengths.keys() - {"sales", "any", "other"}, 0)}
    assert value(samples, "parlour_queue_longest_wait_seconds", department="sales") == 240
    assert value(samples, "parlour_queue_longest_wait_seconds", department="any") == 120


def test_jobs_that_are_late_or_given_up_are_counted(start: Start, clock: Clock):
    parlour, browser = start()
    usual = {"conversation_id": "c1", "payload": {}, "attempts": 0, "created_at": clock()}
    late = {"key": "a", "kind": "timer", "state": "waiting", "run_at": clock() - timedelta(minutes=1)}
    dead = {"key": "b", "kind": "webhook", "state": "dead", "run_at": clock(), "done_at": clock()}
    with parlour.database.writing() as connection:
        for row in (late, dead):
            connection.execute(insert(table_of(JobRow)).values({**usual, **row}))
    samples = scraped(browser)
    assert value(samples, "parlour_jobs_overdue", kind="timer") == 1
    assert value(samples, "parlour_jobs_lag_seconds", kind="timer") == 60
    assert value(samples, "parlour_jobs_dead", kind="webhook") == 1


def test_without_its_database_a_worker_still_tells_what_it_counts(start: Start):
    parlour, browser = start()
    with parlour.database.writing() as connection:
        connection.execute(text("DROP TABLE job"))
    samples = scraped(browser)
    assert value(samples, "parlour_database_errors_total", worker=parlour.worker) in (0, 1)
    assert not [name for name, _ in samples if name == "parlour_jobs_waiting"]


def test_each_worker_is_told_under_its_own_name_whoever_is_asked(start: Start, tmp_path: Path):
    (first, _), (second, browser) = start(), start()
    says(first, "Hello")
    says(second, "Hello", visitor="ben")
    says(second, "Once more", visitor="ben")
    left = left_by(first)
    left.leave(of_worker(first))
    samples = scraped(browser)
    told = {who: value(samples, "parlour_turn_seconds_count", worker=who) for who in (first.worker, second.worker)}
    assert told == {first.worker: 1, second.worker: 2}
    assert value(samples, "parlour_jobs_waiting", kind="close_when_idle") == 2, "shared, and told once"
    left.take_away()
    assert (first.worker,) not in [tuple(dict(labels).values()) for _, labels in scraped(browser)]


def test_services_that_share_a_data_folder_each_tell_of_their_own_workers(start: Start):
    (here, browser), (elsewhere, _) = start(), start(service="8002")
    left_by(elsewhere).leave(of_worker(elsewhere))
    workers = {labels["worker"] for labels in (dict(each) for _, each in scraped(browser)) if "worker" in labels}
    assert workers == {here.worker}


def test_a_worker_that_is_gone_is_not_told_and_in_the_end_forgotten(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    parlour, _ = start()
    folder = tmp_path / "data" / "workers-0"
    Left(folder, "gone").leave(of_worker(parlour))
    mine = left_by(parlour)
    assert list(mine.by_others()) == ["gone"]
    written = (folder / "gone.json").stat().st_mtime
    monkeypatch.setattr("web.metrics.time.time", lambda: written + FRESH_FOR + 1)
    assert mine.by_others() == {} and (folder / "gone.json").exists()
    monkeypatch.setattr("web.metrics.time.time", lambda: written + FORGOTTEN_AFTER + 1)
    assert mine.by_others() == {} and not (folder / "gone.json").exists()


def test_everything_that_is_measured_is_told_and_nothing_that_somebody_wrote(start: Start):
    parlour, browser = start()
    conversation = says(parlour, "CANARY", visitor="visitor-canary")
    told = browser.get("/metrics", headers=HERE).text
    assert set(re.findall(r"^# TYPE (\S+)", told, re.M)) >= {
        each.name for each in MEASURES if each.name != "parlour_memory_bytes"
    }
    assert not [each for each in ("CANARY", "visitor-canary", conversation) if each in told]


def test_the_page_names_every_measure_with_its_kind_labels_and_meaning():
    page = (ROOT / "docs" / "operators" / "watching.md").read_text()
    rows = re.findall(r"^\| `(parlour_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page, re.M)
    assert [(name, kind, re.findall(r"`(\w+)`", labels), meaning) for name, kind, labels, meaning in rows] == [
        (each.name, each.kind, [*each.labels, *(["worker"] if each.of_worker else [])], each.meaning)
        for each in MEASURES
    ]


# Who may read them


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Host": "rebound.example"},
        {"Host": "rebound.example:8000"},
        {"Host": "127.0.0.1.rebound.example"},
    ],
    ids=str,
)
def test_without_a_token_only_a_program_on_this_computer_reads_them(start: Start, changed: dict[str, str]):
    _, browser = start()
    assert browser.get("/metrics", headers=HERE).status_code == 200
    for host in ("[::1]:8000", "[::1]"):
        here = browser.get("/metrics", headers={"Host": host}, environ_base={"REMOTE_ADDR": "::1"})
        assert here.status_code == 200
    assert browser.get("/metrics", headers={**HERE, **changed}).status_code == 404
    elsewhere = browser.get("/metrics", headers=HERE, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 404


def test_with_a_token_whoever_brings_it_reads_them_and_nobody_else(start: Start):
    _, browser = start(metrics_token=TOKEN)
    far = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    bringing = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.9"}
    assert browser.get("/metrics", headers=bringing, **far).status_code == 200
    for headers in ({}, HERE, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}):
        assert browser.get("/metrics", headers=headers).status_code == 404
    assert browser.get(f"/metrics?token={TOKEN}", headers=HERE).status_code == 404


# Readiness


def test_a_worker_is_ready_until_it_is_asked_to_end(start: Start):
    parlour, browser = start()
    well = {"ready": True, "worker": parlour.worker, "database": True, "tables": True, "content": True, "running": True}
    assert (browser.get("/ready").status_code, browser.get("/ready").json) == (200, well)
    parlour.stopping.set()
    asked = browser.get("/ready")
    assert (asked.status_code, asked.json) == (503, {**well, "ready": False, "running": False})
    assert browser.get("/health").status_code == 200


@pytest.mark.parametrize(("revision", "status"), [("0001", 503), ("9999", 200)])
def test_a_worker_is_ready_over_tables_of_a_later_version_and_not_of_an_earlier_one(
    start: Start, revision: str, status: int
):
    parlour, browser = start()
    with parlour.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    asked = browser.get("/ready")
    assert (asked.status_code, asked.json["database"], asked.json["tables"]) == (status, True, status == 200)


def test_a_worker_without_its_database_is_not_ready(start: Start, monkeypatch: pytest.MonkeyPatch):
    parlour, browser = start()
    monkeypatch.setattr(parlour.database, "engine", Database("postgresql+psycopg://nobody@127.0.0.1:9/none").engine)
    asked = browser.get("/ready")
    assert (asked.status_code, asked.json["database"], asked.json["tables"]) == (503, False, None)


def test_a_real_server_measures_its_own_loop_and_sockets(tmp_path: Path):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    for server in running(Server(site, f"sqlite:///{tmp_path}/parlour.db")):
        ann = server.visitor()
        ann.says("Hello")
        told = server.get("/metrics").body.decode()
        worker = server.get("/health").json()["worker"]
        assert f'parlour_sockets{{of="visitor",worker="{worker}"}} 1.0' in told
        assert f'parlour_events_total{{by="visitor",kind="message",worker="{worker}"}} 1.0' in told
        assert re.search(r"parlour_loop_lag_seconds_count\{.*\} [\d.]+", told)
        assert server.get("/ready").status == 200
        ann.close()
