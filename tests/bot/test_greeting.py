"""Speaking first: the page decides, the server decides again, and no conversation exists until the visitor acts."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, func, select

from bot.change import table_of
from bot.contact import Known
from bot.database import Database
from bot.greeting import Greeting, Shown
from bot.impressions import Impressions
from bot.journal import Journal
from bot.models import ConversationRow, PageView
from bot.versions import SiteVersions
from bot.visits import Stay, Visits
from tests.conftest import WORLDS, world

HARBOUR = WORLDS / "harbour"


class Staff:
    """As many agents as the test says."""

    available = 1

    def agents_online(self, department: str | None) -> int:
        return self.available

    def agents_available(self, department: str | None) -> int:
        return self.available

    def names_available(self, department: str | None) -> list[str]:
        return ["Anna Berg"][: self.available]


@pytest.fixture
def staff() -> Staff:
    return Staff()


@pytest.fixture
def visits(database: Database) -> Visits:
    numbers = count(1)
    return Visits(database, Journal(database), new_id=lambda: f"visit-{next(numbers)}")


@pytest.fixture
def greeting(database: Database, clock: Any, staff: Staff, visits: Visits) -> Greeting:
    sites = SiteVersions(database, now=clock)
    loaded = world(HARBOUR)
    assert loaded.site
    sites.switch(loaded.site, loaded.files)
    journal = Journal(database)
    numbers = count(1)

    def new_id() -> str:
        return f"id-{next(numbers)}"

    impressions = Impressions(database, journal, new_id=new_id)
    return Greeting(sites, visits, impressions, staff, known=Known, now=clock)


def page(path: str = "/prices/summer", **more: Any) -> dict[str, Any]:
    return {"page": path, "page.path": path, "page.title": "Prices", "device": "desktop", "visits": 1, **more}


@pytest.fixture
def looks(greeting: Greeting) -> Callable[..., dict[str, Any]]:
    def looks(path: str = "/prices/summer", **options: Any) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(greeting.view("ann", page(path), languages=["en"], **options).to_json())
        return told

    return looks


READY = {"page": "/prices/summer", "page.path": "/prices/summer", "time_on_page": 12}


def show(greeting: Greeting, **more: Any) -> Shown | str:
    return greeting.show("ann", "prices", {**READY, **more}, chatting=False)


def test_the_page_gets_what_is_left_to_decide_and_nothing_only_the_server_knows(looks: Any):
    told = looks()["triggers"]
    assert [each["id"] for each in told] == ["prices"]
    assert "agents_available" not in str(told)
    assert "Questions about prices" not in str(told)


def test_with_nobody_there_the_trigger_is_not_sent_at_all(looks: Any, staff: Staff):
    staff.available = 0
    assert looks()["triggers"] == []


def test_a_trigger_that_is_ready_may_speak(looks: Any, greeting: Greeting):
    looks()
    shown = show(greeting)
    assert isinstance(shown, Shown)
    assert (shown.say, [label for label, _ in shown.buttons]) == ("Questions about prices?", ["Yes", "No"])


def test_the_server_decides_again_on_fresh_facts(looks: Any, greeting: Greeting, staff: Staff):
    looks()
    staff.available = 0
    assert show(greeting) == "condition"
    assert show(greeting, agents_available=5) == "condition"


def test_a_page_that_tells_too_little_time_is_refused(looks: Any, greeting: Greeting):
    looks()
    assert show(greeting, time_on_page=3) == "condition"


def test_nothing_is_said_over_an_open_conversation(looks: Any, greeting: Greeting):
    looks()
    assert greeting.show("ann", "prices", READY, chatting=True) == "chat_open"


def test_a_second_showing_on_the_page_is_one_too_many_also_for_a_second_tab(looks: Any, greeting: Greeting):
    looks()
    assert isinstance(show(greeting), Shown)
    assert str(show(greeting)).startswith(("manners_", "limit_"))


def test_a_showing_nobody_saw_lapses(looks: Any, greeting: Greeting, clock: Any):
    looks()
    assert isinstance(show(greeting), Shown)
    clock.advance(seconds=61)
    assert isinstance(show(greeting), Shown)


def test_of_a_button_that_waves_it_away_the_page_is_told_so(looks: Any, greeting: Greeting):
    looks()
    shown = show(greeting)
    assert isinstance(shown, Shown)
    assert [each.get("kind") for each in shown.to_json()["buttons"]] == [None, "dismiss"]


def test_a_dismissal_is_remembered(looks: Any, greeting: Greeting, clock: Any):
    looks()
    shown = show(greeting)
    assert isinstance(shown, Shown)
    assert greeting.note("ann", shown.impression, "seen")
    assert greeting.note("ann", shown.impression, "dismissed")
    clock.advance(days=1, hours=1)
    counters = looks()["counters"]
    assert counters["triggers"]["prices"]["dismissed"] == 1
    assert show(greeting) == "limit_after_dismiss"


def test_somebody_elses_impression_cannot_be_touched(looks: Any, greeting: Greeting):
    looks()
    shown = show(greeting)
    assert isinstance(shown, Shown)
    assert not greeting.note("ben", shown.impression, "dismissed")
    assert greeting.answered("ben", shown.impression, "Yes") is None


def test_an_answer_knows_what_it_begins_and_why_it_was_asked(looks: Any, greeting: Greeting):
    looks()
    shown = show(greeting)
    assert isinstance(shown, Shown)
    answered = greeting.answered("ann", shown.impression, "Yes")
    assert answered is not None
    assert (answered.start, answered.said) == ("welcome", "Questions about prices?")
    assert answered.why["outcome"] is True


def test_looking_writes_no_conversation_and_asking_anew_no_page_view(
    looks: Any, greeting: Greeting, database: Database, clock: Any
):
    looks()
    show(greeting)
    clock.advance(seconds=30)
    looks(again=True)
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(ConversationRow))) == 0
        assert connection.scalar(select(func.count()).select_from(table_of(PageView))) == 1


def test_a_visit_ends_after_thirty_quiet_minutes_however_long_a_page_is_read(
    looks: Any, greeting: Greeting, clock: Any
):
    looks()
    for _ in range(3):
        clock.advance(minutes=20)
        looks(again=True)
    assert isinstance(show(greeting), Shown)
    clock.advance(minutes=31)
    assert show(greeting) == "gone"


def test_every_worker_hears_that_a_page_is_still_read(looks: Any, visits: Visits, clock: Any):
    looks()
    heard: list[Stay] = []
    visits.pass_on = heard.append
    clock.advance(minutes=20)
    looks(again=True)
    assert [stay.active_at for stay in heard] == [clock()]


def test_who_writes_after_a_long_silence_does_so_from_where_they_were_last_seen(greeting: Greeting, clock: Any):
    greeting.view("ann", page("/preise", device="mobile"), languages=["de"])
    there = greeting.whereabouts("ann")
    assert (there.language, there.facts["page"], there.visit_id) == ("de", "/preise", "visit-1")
    clock.advance(minutes=31)
    there = greeting.whereabouts("ann")
    assert (there.language, there.facts["page"], there.visit_id) == ("de", "/preise", None)


def test_the_page_is_told_when_to_ask_anew(looks: Any):
    assert 1 <= looks()["ask_again_after"] <= timedelta(minutes=1).total_seconds()


@pytest.mark.parametrize(("wished", "spoken"), [(["de-AT", "en"], "de"), (["fr"], "en"), (["EN-us"], "en"), ([], "en")])
def test_the_first_language_that_both_know_is_spoken(greeting: Greeting, wished: list[str], spoken: str):
    assert greeting.view("ann", page(), languages=wished).told["language"] == spoken


def test_a_page_view_reads_of_what_was_shown_only_what_limits_count(looks: Any, database: Database):
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    looks()
    event.remove(database.engine, "before_cursor_execute", note)
    (counted,) = (statement for statement in asked if "FROM impression" in statement)
    assert "seen_at" in counted
    assert "said" not in counted and "why" not in counted
