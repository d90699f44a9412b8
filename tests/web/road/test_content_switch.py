"""Content changes while serving: a good site in one step, a bad one not at all, everywhere and for everybody inside."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner

from tests import databases
from tests.bot.test_broken_sites import BROKEN, files_around
from tests.server import Server, VisitorLine, running, wait_for
from web.cli import main

LOOKS = 15
"""Seconds after which a process has surely looked, however busy the computer is; it looks each second."""
MISTAKES = [each for each in BROKEN if each.with_suffix(".txt").read_text().startswith("error")]


def edit(site: Path, file: str, old: str, new: str) -> None:
    text = (site / file).read_text()
    assert old in text
    (site / file).write_text(text.replace(old, new))


def taken(server: Server) -> bool:
    return bool(server.get("/health").json()["content"]["taken"])


def until_switched(server: Server, version: str) -> None:
    wait_for(lambda: server.get("/health").json()["site"] != version, LOOKS)
    assert server.get("/health").json()["site"] != version


def until_served(server: Server, version: str) -> None:
    wait_for(lambda: server.get("/health").json()["site"] == version, LOOKS)
    health = server.get("/health").json()
    assert (health["site"], health["content"]["deployed"]) == (version, version)


def parlour(server: Server, command: str) -> dict[str, Any]:
    """Types a command beside the running server; returns what a program is told."""
    place = ["--data", str(server.site / ".parlour"), "--database", server.database_url]
    told = CliRunner().invoke(main, [command, str(server.site), "--format", "json", *place])
    assert told.exit_code == 0, told.output
    answer: dict[str, Any] = json.loads(told.output)
    return answer


def deploy(server: Server) -> str:
    return str(parlour(server, "deploy")["to"][:12])


def roll_back(server: Server) -> str:
    return str(parlour(server, "rollback")["to"][:12])


def history(server: Server) -> list[str]:
    """Why each version was deployed, the oldest first."""
    return [each["why"] for each in reversed(parlour(server, "versions")["deployments"])]


def version(server: Server) -> str:
    return str(server.get("/health").json()["site"])


def test_a_saved_change_is_heard_by_the_next_visitor(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "en: Hello,", "en: Good day,")
    until_switched(sqlite_server, before)
    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("Good day")


def test_a_site_with_a_mistake_leaves_the_running_one_alone_and_says_so(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "collect: email", "colect: email")
    wait_for(lambda: not taken(sqlite_server), LOOKS)
    health = sqlite_server.get("/health").json()
    assert (health["site"], health["status"], health["content"]["taken"]) == (before, "degraded", False)
    log = sqlite_server.output.read_text()
    assert "flows/welcome.yaml" in log and "did you mean 'collect'?" in log

    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("What is it about?")

    edit(site, "flows/welcome.yaml", "colect: email", "collect: email")
    wait_for(lambda: taken(sqlite_server), LOOKS)
    assert taken(sqlite_server)


def test_who_stands_in_a_step_that_is_still_there_moves_on_in_the_new_words(sqlite_server: Server, site: Path):
    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("What is it about?")
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "What is your e-mail address?", "Which address may we write to?")
    until_switched(sqlite_server, before)
    ann.says("Tickets")
    ann.hears("Which address may we write to?")


def test_who_stands_in_a_step_that_is_gone_finishes_on_the_stored_version_also_after_a_restart(
    server: Server, site: Path
):
    ann = server.visitor()
    ann.says("Hi")
    ann.says("Tickets")
    ann.hears("What is your e-mail address?")
    before = version(server)
    edit(site, "flows/welcome.yaml", "collect: email", "collect: phone")
    edit(site, "flows/welcome.yaml", "we will write to {{ email }}", "we will call {{ phone }}")
    edit(site, "flows/welcome.yaml", "wir schreiben an {{ email }}", "wir rufen an: {{ phone }}")
    until_switched(server, before)
    server.kill()
    server.start()
    ann.reconnect()
    ann.says("ann@x.io")
    ann.hears("Thank you, we will write to ann@x.io.")


def test_a_broken_site_at_the_start_gives_way_to_the_last_good_one(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    sqlite_server.stop()
    edit(site, "flows/welcome.yaml", "collect: email", "colect: email")
    sqlite_server.start()
    assert (version(sqlite_server), taken(sqlite_server)) == (before, False)


# From the shell


@pytest.fixture
def quiet_server(site: Path, database_url: str) -> Iterator[Server]:
    """One that leaves the folder alone."""
    yield from running(Server(site, database_url, options=("--no-watch",)))


def test_what_is_deployed_and_rolled_back_is_followed_and_conversations_go_on(quiet_server: Server, site: Path):
    before = version(quiet_server)
    ann, ben = quiet_server.visitor(), quiet_server.visitor()
    for each in (ann, ben):
        each.says("Hi")
        each.hears("What is it about?")
    edit(site, "flows/welcome.yaml", "What is your e-mail address?", "Which address may we write to?")
    until_served(quiet_server, deploy(quiet_server))
    ann.says("Tickets")
    ann.hears("Which address may we write to?")
    assert roll_back(quiet_server) == before
    until_served(quiet_server, before)
    ben.says("Tickets")
    ben.hears("What is your e-mail address?")
    ann.says("ann@x.io")
    ann.hears("Thank you, we will write to ann@x.io.")
    assert history(quiet_server) == ["saved", "deployed", "rolled back"]


def test_who_goes_back_stays_there_after_a_restart_until_the_files_change(server: Server, site: Path):
    before = version(server)
    edit(site, "flows/welcome.yaml", "en: Hello,", "en: Good day,")
    until_switched(server, before)
    roll_back(server)
    until_served(server, before)
    server.stop()
    server.start()
    until_served(server, before)
    assert taken(server)
    edit(site, "flows/welcome.yaml", "en: Good day,", "en: Ahoy,")
    until_switched(server, before)
    ann = server.visitor()
    ann.says("Hi")
    ann.hears("Ahoy")
    assert history(server) == ["saved", "saved", "rolled back", "saved"]


def test_two_servers_on_one_database_follow_each_other(site: Path, postgres_url: str):
    for one in running(Server(site, postgres_url)):
        for other in running(Server(site, postgres_url)):
            before = version(one)
            ann = other.visitor()
            ann.says("Hi")
            ann.hears("What is it about?")
            edit(site, "flows/welcome.yaml", "What is your e-mail address?", "Which address may we write to?")
            until_switched(one, before)
            until_served(other, version(one))
            ann.says("Tickets")
            ann.hears("Which address may we write to?")
            assert history(one) == ["saved", "saved"], "both watch the folder, and one of them deployed it"
            roll_back(one)
            for server in (one, other):
                until_served(server, before)
            ann.says("ann@x.io")
            ann.hears("Thank you, we will write to ann@x.io.")


def test_without_watching_a_folder_that_is_gone_is_no_hindrance(site: Path, tmp_path: Path, postgres_url: str):
    """The data folder is elsewhere then, as it is where several computers serve."""
    data = tmp_path / "data"
    options = ("--no-watch", "--data", str(data))
    first = Server(site, postgres_url, options=options)
    for _ in running(first):
        before = version(first)
    shutil.rmtree(site)
    for server in running(Server(site, first.database_url, options=options)):
        assert (version(server), taken(server)) == (before, True)
        ann = server.visitor()
        ann.says("Hi")
        ann.hears("What is it about?")
        assert "content.directory_is_broken" in server.output.read_text()


# Mistakes


PACE = 1.5
"""Seconds between the messages of a visitor: more would be refused."""


@contextmanager
def visitors_who_keep_writing(server: Server) -> Iterator[list[str]]:
    """Yields what goes wrong for any of them, which is nothing."""
    over, wrong = Event(), []

    def write(visitor: VisitorLine) -> None:
        try:
            while not over.wait(PACE):
                visitor.says("Hello again")
        except BaseException as problem:
            wrong.append(repr(problem))

    threads = [Thread(target=write, args=(server.visitor(),)) for _ in range(6)]
    for each in threads:
        each.start()
    try:
        yield wrong
    finally:
        over.set()
        for each in threads:
            each.join()


@pytest.fixture
def teahouse(tmp_path: Path) -> Path:
    """What stands around the mistakes, as a site."""
    site = tmp_path / "site"
    lay_out(site, files_around(Path("none.yaml")))
    return site


def lay_out(site: Path, files: dict[str, bytes]) -> None:
    """Writes files of a site, whose `site.yaml` lies at the top: there it is looked for."""
    for name, content in files.items():
        name = name.removeprefix("around/") if name.endswith("/site.yaml") else name
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)


@pytest.fixture
def tea_server(teahouse: Path, tmp_path: Path) -> Iterator[Server]:
    """One that looks at its files more often, because so many are saved."""
    yield from running(
        Server(teahouse, databases.sqlite_at(tmp_path / "parlour.db"), tuned={"web.background:LOOK_EVERY": 0.1})
    )


@pytest.mark.fault("F21")
@pytest.mark.parametrize("hand", range(4))  # Most of the time is waiting, which several tests can do at once.
def test_no_mistake_that_is_saved_while_visitors_write_ever_goes_live(tea_server: Server, teahouse: Path, hand: int):
    before = version(tea_server)
    with visitors_who_keep_writing(tea_server) as wrong:
        for broken in MISTAKES[hand::4]:
            read = len(tea_server.output.read_text())
            save_mistake(teahouse, broken)
            place = broken.with_suffix(".txt").read_text().split(" ")[2].rstrip(":")

            def told(read: int = read, place: str = place) -> bool:
                return place in tea_server.output.read_text()[read:]

            wait_for(told, LOOKS)
            assert told(), f"{broken.name}: nothing is said about {place}"
            health = tea_server.get("/health").json()
            assert (health["site"], health["status"], health["content"]["taken"]) == (before, "degraded", False)
    assert wrong == []
    assert history(tea_server) == ["saved"]
    save_mistake(teahouse, None)
    wait_for(lambda: taken(tea_server), LOOKS)
    assert tea_server.get("/health").json()["status"] == "ok"


def save_mistake(site: Path, broken: Path | None) -> None:
    """Lays a mistake beside what is right, in the place of the one before; without one, only what is right."""
    for old in site.rglob("*.yaml"):
        old.unlink()
    lay_out(site, files_around(broken or Path("none.yaml")))
    if broken is not None:
        lay_out(site, {"de.yaml" if broken.stem.endswith("_de") else broken.name: broken.read_bytes()})


@pytest.mark.fault("F22")
def test_a_file_that_is_written_in_two_parts_is_taken_when_it_is_whole(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    whole = "flows:\n  late:\n    steps:\n      - say: {en: Late, de: Spät}\n"
    half = whole[: whole.index("Late,") + 2]
    (site / "late.yaml").write_text(half)
    wait_for(lambda: not taken(sqlite_server), LOOKS)
    health = sqlite_server.get("/health").json()
    assert (health["site"], health["content"]["taken"]) == (before, False), "it lay at rest, and was no site"
    (site / "late.yaml").write_text(whole)
    until_switched(sqlite_server, before)
    assert taken(sqlite_server)
    assert history(sqlite_server) == ["saved", "saved"]
