"""`parlour deploy`, `rollback` and `versions`, as somebody types them, over conversations that are going on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.database import Database
from bot.deployments import Deployments
from bot.site.loading import load
from handoff.agents import add
from tests.conftest import Clock
from tests.handoff.conftest import AgentActor, Office, VisitorActor, open_office
from web.cli import main
from web.commands import deploying

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
WELCOME = "flows/welcome.yaml"
ASKS_FOR_PHONE = (
    ("collect: email", "collect: phone"),
    ("write to {{ email }}", "call {{ phone }}"),
    ("schreiben an {{ email }}", "rufen an: {{ phone }}"),
)
CALLS = """
flows:
  address:
    steps:
      - {collect: name, ask: Your name?}
      - call: street
      - end: true
  street:
    steps:
      - {collect: street, type: text, ask: Which street?}
"""


class Shell:
    """Somebody at the shell of an installation whose content is in a folder."""

    def __init__(self, folder: Path, database_url: str):
        self.folder = folder
        self._where = ["--database", database_url]

    def deploy(self, *options: str) -> Result:
        return self._types("deploy", str(self.folder), *options)

    def rollback(self, *words: str) -> Result:
        return self._types("rollback", str(self.folder), *words)

    def versions(self, *options: str) -> Result:
        return self._types("versions", str(self.folder), *options)

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        text = (self.folder / file).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.folder / file).write_text(text)

    def _types(self, *words: str) -> Result:
        told = CliRunner().invoke(main, [*words, *self._where])
        assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
        return told


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> Shell:
    return Shell(Path(shutil.copytree(HARBOUR, tmp_path / "site")), database_url)


@pytest.fixture
def office(shell: Shell, database: Database) -> Office:
    """One that serves what is deployed, since the harbour's content was saved."""
    return open_office(database, Clock(datetime(2026, 3, 4, 10, 0, tzinfo=UTC)), shell.folder)


@pytest.fixture
def agent(office: Office) -> Callable[..., AgentActor]:
    def hire(name: str) -> AgentActor:
        with office.database.writing() as connection:
            id = add(connection, name=name, role="agent", departments=("sales",), at=office.clock())
        office.agents.forget()
        return AgentActor(office, id)

    return hire


def follow(office: Office) -> None:
    """What serving processes do each second."""
    newest = office.sites.deployments.newest()
    assert newest is not None
    loaded = office.sites.load(newest.version)
    assert loaded and loaded.site
    office.sites.current = loaded.site


def test_a_version_is_deployed_also_for_whoever_hears_no_more(shell: Shell, database: Database):
    ours, theirs = os.pipe()
    os.close(ours)
    words = [sys.executable, "-m", "web.cli", "deploy", str(shell.folder), "--database", str(shell._where[1])]
    subprocess.run(words, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60)
    os.close(theirs)
    assert Deployments(database, now=lambda: datetime.now(UTC)).newest() is not None


def at_the_question(office: Office, name: str) -> VisitorActor:
    visitor = VisitorActor(office, name)
    visitor.writes("Hi")
    visitor.writes("Tickets")
    assert visitor.hears()[-1] == "What is your e-mail address?"
    return visitor


def version_of(folder: Path) -> str:
    site = load(folder).site
    assert site is not None
    return site.version


def test_the_first_deployment_is_said_to_add_everything(shell: Shell):
    told = shell.deploy()
    assert told.exit_code == 0
    assert "flows:    stay, welcome added\n  triggers: prices added\n" in told.output
    assert "No conversation in progress is touched.\n" in told.output
    assert told.output.endswith(f"{version_of(shell.folder)[:12]} is the current version now.\n")


def test_it_is_said_what_becomes_of_each_conversation_in_progress(
    shell: Shell, office: Office, agent: Callable[..., AgentActor]
):
    anna = agent("Anna").comes_online()
    inside = [at_the_question(office, f"visitor-{number}") for number in range(3)]
    (at_the_menu := VisitorActor(office, "menu")).writes("Hi")
    for name in ("with", "waits", "waits-too", "waits-as-well"):
        asking = VisitorActor(office, name)
        asking.writes("Hi")
        asking.writes("A person")
        if name == "with":
            anna.accepts(asking.conversation)
    over = at_the_question(office, "over")
    over.writes("ann@x.io")

    shell.edit(WELCOME, *ASKS_FOR_PHONE)
    told = shell.deploy("--plan")
    assert (
        "flow welcome: 8 conversations inside. 1 moves to the new version, 3 finish on the old one "
        "(step 'tickets' is another one now), 3 wait for an agent, 1 is with an agent.\n"
    ) in told.output

    assert shell.deploy().exit_code == 0
    follow(office)
    inside[0].writes("ann@x.io")
    assert inside[0].hears()[-1] == "Thank you, we will write to ann@x.io."
    at_the_menu.writes("Tickets")
    at_the_menu.writes("+49 30 901820")
    assert at_the_menu.hears()[-1].startswith("Thank you, we will call")


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("move", "2 conversations inside. 2 move to the new version."),
        ("finish_old", "2 conversations inside. 2 finish on the old one (flow_updates is finish_old)."),
        ("restart", "2 conversations inside. 2 begin again."),
    ],
)
def test_the_site_decides_what_becomes_of_them(shell: Shell, office: Office, way: str, told: str):
    at_the_question(office, "one")
    at_the_question(office, "two")
    shell.edit("site.yaml", ("start: welcome", f"start: welcome\n  flow_updates: {way}"))
    shell.edit(WELCOME, ("What is your e-mail address?", "Which address?"))
    assert f"flow welcome: {told}\n" in shell.deploy("--plan").output


def test_several_reasons_are_counted(shell: Shell, office: Office):
    at_the_question(office, "one")
    at_the_question(office, "two")
    VisitorActor(office, "menu").writes("Hi")
    shell.edit(
        WELCOME, ("id: topic", "id: subject"), ("id: tickets\n", "id: cards\n"), ("then: tickets", "then: cards")
    )
    told = shell.deploy("--plan").output
    assert "3 finish on the old one (2: step 'tickets' is gone; 1: step 'topic' is gone)." in told


def test_who_is_behind_a_question_that_was_put_in_is_told_nothing_with_a_gap(shell: Shell, office: Office):
    behind = at_the_question(office, "one")
    (ahead := VisitorActor(office, "menu")).writes("Hi")
    shell.edit(
        WELCOME,
        ("- id: tickets\n", "- id: tickets\n        collect: day\n        ask: Which day?\n      - id: address\n"),
        ("we will write to {{ email }}", "we will write to {{ email }} about {{ day }}"),
        ("wir schreiben an {{ email }}", "wir schreiben an {{ email }} wegen {{ day }}"),
        ("id: address", "id: address\n        was: tickets"),
    )
    told = shell.deploy("--plan").output
    assert (
        "flow welcome: 2 conversations inside. 1 moves to the new version, 1 finishes on the old one"
        " (slot 'day' is filled before step 'tickets' now)."
    ) in told
    assert shell.deploy().exit_code == 0
    follow(office)
    behind.writes("ann@x.io")
    assert behind.hears()[-1] == "Thank you, we will write to ann@x.io."
    for words in ("Tickets", "Sunday", "ben@x.io"):
        ahead.writes(words)
    assert ahead.hears()[-1] == "Thank you, we will write to ben@x.io about Sunday."


def test_of_a_flow_that_is_taken_away_it_is_said_that_it_is_gone(shell: Shell, office: Office):
    at_the_question(office, "one")
    (shell.folder / WELCOME).unlink()
    shell.edit("site.yaml", ("  start: welcome\n", ""))
    told = shell.deploy("--plan").output
    assert "flows:    welcome removed" in told
    assert "flow welcome: 1 conversation inside. 1 finishes on the old one (the flow is gone)." in told


def test_a_plan_changes_nothing_and_says_by_its_status_whether_it_would(shell: Shell, office: Office):
    before = office.sites.deployments.page()
    unchanged = shell.deploy("--plan")
    assert (unchanged.exit_code, "is the current version already" in unchanged.output) == (3, True)
    shell.edit(WELCOME, ("say: {en: Hello,", "say: {en: Ahoy,"))
    planned = shell.deploy("--plan")
    assert (planned.exit_code, planned.output.endswith("Nothing was changed yet.\n")) == (0, True)
    assert office.sites.deployments.page() == before
    assert shell.deploy().exit_code == 0
    assert shell.deploy().exit_code == 0, "once more is no mistake"
    assert [each.why for each in office.sites.deployments.page()] == ["deployed", "saved"]


def test_with_an_error_nothing_changes_and_everything_is_told_as_check_does(shell: Shell, office: Office):
    shell.edit(WELCOME, ("collect: email", "colect: email"))
    told = shell.deploy()
    assert told.exit_code == 1
    assert "did you mean 'collect'?" in told.output and told.output.endswith("1 error.\nNothing was changed.\n")
    as_json = json.loads(shell.deploy("--format", "json").output)
    assert as_json["switched"] is False and as_json["problems"][0]["code"] == "K002"
    assert len(office.sites.deployments.page()) == 1


def test_an_error_in_the_actions_keeps_a_site_back_as_well(shell: Shell):
    (shell.folder / "actions").mkdir()
    (shell.folder / "actions" / "broken.py").write_text("import nothing_of_this_name\n")
    told = shell.deploy()
    assert told.exit_code == 1 and "actions/broken.py" in told.output


def test_programs_are_told_the_same(shell: Shell, office: Office):
    at_the_question(office, "one")
    before = version_of(shell.folder)
    shell.edit(WELCOME, ("say: {en: Hello,", "say: {en: Ahoy,"))
    told = json.loads(shell.deploy("--format", "json").output)
    assert (told["from"], told["to"], told["switched"]) == (before, version_of(shell.folder), True)
    assert told["changes"]["flows"] == {"added": [], "changed": ["welcome"], "removed": []}
    assert told["conversations"] == [{"flow": "welcome", "inside": 1, "fates": {"moves": 1}, "because": {}}]


def test_a_trigger_that_only_moved_down_has_not_changed(shell: Shell, office: Office):
    shell.edit(WELCOME, ("triggers:\n", "triggers:\n  first: {say: Hello, when: {page: /new}}\n"))
    assert "triggers: first added\n" in shell.deploy("--plan").output


def test_going_back_says_what_it_does_and_does_it(shell: Shell, office: Office):
    first = version_of(shell.folder)
    moved = at_the_question(office, "moved")
    shell.edit(WELCOME, ("What is your e-mail address?", "Which address?"))
    assert shell.deploy().exit_code == 0
    follow(office)
    moved.writes("hm")
    second = version_of(shell.folder)
    at_the_question_again = VisitorActor(office, "new")
    at_the_question_again.writes("Hi")

    planned = shell.rollback("--plan")
    assert f"From {second[:12]} to {first[:12]}." in planned.output
    assert "flow welcome: 2 conversations inside. 2 move to the new version." in planned.output
    assert planned.output.endswith("Nothing was changed yet.\n")
    assert shell.rollback().output.endswith(f"{first[:12]} is the current version now.\n")
    follow(office)
    at_the_question_again.writes("Tickets")
    assert at_the_question_again.hears()[-1] == "What is your e-mail address?"
    assert shell.rollback("--to", second[:8]).exit_code == 0
    assert "is the current version already" in shell.rollback("--to", second[:8]).output
    assert shell.rollback("--to", second[:8], "--plan").exit_code == 3


def test_what_cannot_be_gone_back_to_is_said_in_one_line(shell: Shell, office: Office):
    for words, told in (
        ([], "There is no version before the current one. All of them:  parlour versions"),
        (["--to", "abc"], "'abc' is no version: at least 6 digits of one in  parlour versions"),
        (["--to", "abc%__"], "'abc%__' is no version"),
        (["--to", "000000"], "No version that is stored begins with 000000."),
    ):
        refused = shell.rollback(*words)
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
        assert told in refused.output


def test_a_version_whose_files_are_gone_is_said_to_be_so(shell: Shell, office: Office):
    first = version_of(shell.folder)
    shell.edit(WELCOME, ("say: {en: Hello,", "say: {en: Ahoy,"))
    shell.deploy()
    office.sites.bundles.forget([first], before=datetime(2030, 1, 1, tzinfo=UTC))
    assert f"The files of {first[:12]} are not stored any more." in shell.rollback().output


def test_a_stored_version_this_program_cannot_run_is_not_gone_back_to(shell: Shell, office: Office):
    current = load(shell.folder)
    assert current.site is not None
    deployments: Deployments = office.sites.deployments
    shell.edit(WELCOME, ("say: {en: Hello,", "say: {en: Ahoy,"))
    other = load(shell.folder)
    assert other.site is not None
    deployments.add(other.site, {"site.yaml": "site: {colour: red}"}, why="deployed", by="ann", after=1)
    deployments.add(current.site, current.files, why="deployed", by="ann", after=2)
    refused = shell.rollback()
    assert refused.exit_code == 1 and "This version of Parlour cannot run" in refused.output
    assert "site.yaml:1:" in refused.output


def test_the_list_says_which_is_current_who_switched_and_who_stands_in_older_flows(shell: Shell, office: Office):
    at_the_question(office, "stays")
    at_the_question(office, "moves").writes("back")
    shell.edit(WELCOME, *ASKS_FOR_PHONE)
    shell.deploy()
    listed = shell.versions().output.splitlines()
    assert listed[0].startswith("*    2  ") and " deployed by " in listed[0]
    assert listed[1].startswith("     1  ") and listed[1].endswith("saved by serve")
    assert listed[2:] == [
        "Conversations that still stand in older flows: 2.",
        f"      2 as in {version_of(HARBOUR)[:12]}",
    ]
    as_json = json.loads(shell.versions("--format", "json").output)
    assert [each["current"] for each in as_json["deployments"]] == [True, False]
    assert as_json["conversations_in_older_flows"] == 2
    assert as_json["by_version"] == {version_of(HARBOUR): 2}


def test_each_conversation_counts_once_however_often_its_version_was_deployed(shell: Shell, office: Office):
    first = version_of(shell.folder)
    at_the_question(office, "in the first")
    shell.edit(WELCOME, *ASKS_FOR_PHONE)
    shell.deploy()
    shell.rollback()
    shell.deploy()
    listed = shell.versions().output.splitlines()
    assert [first[:12] in line for line in listed[:4]] == [False, True, False, True]
    assert listed[4:] == ["Conversations that still stand in older flows: 1.", f"      1 as in {first[:12]}"]


def test_a_conversation_in_older_flows_of_two_versions_counts_once(shell: Shell, office: Office):
    file = shell.folder / "address.yaml"
    file.write_text(CALLS)
    shell.edit("site.yaml", ("start: welcome", "start: address\n  flow_updates: finish_old"))
    shell.deploy()
    follow(office)
    visitor = VisitorActor(office, "calling")
    visitor.writes("Hi")
    file.write_text(CALLS.replace("Your name?", "Who is it?").replace("Which street?", "Which road?"))
    shell.deploy()
    follow(office)
    visitor.writes("Ann")
    assert visitor.hears()[-1] == "Which road?", "asked by the second version, which the first one called"
    file.write_text(CALLS.replace("Your name?", "Who?").replace("Which street?", "Where?"))
    shell.deploy()
    told = json.loads(shell.versions("--format", "json").output)
    assert told["conversations_in_older_flows"] == sum(told["by_version"].values()) == 1


def test_the_list_is_read_in_pages(shell: Shell, office: Office):
    for number in range(4):
        (shell.folder / "more.yaml").write_text(f"responses: {{more: {{text: More {number}}}}}\n")
        shell.deploy()
    first = shell.versions("--most", "2").output
    assert f"Older ones:  parlour versions --before 4 {shell.folder} --database …\n" in first
    assert shell.versions("--most", "2", "--before", "4").output.split()[0] == "3"
    assert "Older ones" not in shell.versions("--before", "3").output


def test_an_empty_installation_has_no_versions(shell: Shell, database: Database):
    deploy = f"parlour deploy {shell.folder} --database …"
    assert shell.versions().output == f"Nothing was deployed yet. The first version is made by:  {deploy}\n"


def test_where_there_is_no_site_nothing_is_made(tmp_path: Path):
    for command in ("rollback", "versions"):
        told = CliRunner().invoke(main, [command, str(tmp_path / "none")])
        assert told.exit_code == 1 and "There is no site at" in told.output
    assert list(tmp_path.iterdir()) == []


def test_somebody_faster_is_said_in_one_line(shell: Shell, office: Office, monkeypatch: pytest.MonkeyPatch):
    def meanwhile(*words: Any) -> Any:
        current = load(HARBOUR)
        assert current.site is not None
        office.sites.switch(current.site, current.files)
        return iter(())

    monkeypatch.setattr(deploying, "in_progress", meanwhile)
    shell.edit(WELCOME, ("say: {en: Hello,", "say: {en: Ahoy,"))
    refused = shell.deploy()
    assert refused.exit_code == 1
    assert refused.output.endswith(
        "parlour: Somebody else switched at the same moment, so nothing was changed. Try again.\n"
    )
