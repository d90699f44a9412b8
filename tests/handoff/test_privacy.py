"""The record of one person: found, held, erased without a trace; and what goes because it is too old."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

import bot.database
from bot.change import table_of
from bot.database import Database
from bot.epoch import Epoch
from bot.events import KINDS
from bot.ids import new_id
from bot.models import (
    Contact,
    ConversationRow,
    EventRow,
    Impression,
    JobRow,
    PageView,
    Reading,
    Setting,
    Visit,
    Visitor,
)
from bot.site.privacy import Keep
from bot.webhooks import WebhookRow
from handoff.models import AgentRow, Assignment, PrivacyAct
from handoff.privacy.acts import Acts
from handoff.privacy.erasing import Erased, Erasing, UnderHold
from handoff.privacy.people import Ambiguous, NobodyFound, People, Person
from handoff.privacy.retention import Retention
from handoff.readings import Readings
from handoff.refusals import NoSuchConversation
from tests import databases

FOR_EVER = Keep(conversations=None, page_views=None, silent_visitors=None, jobs=None)


@pytest.fixture
def people(office: Any) -> People:
    return People(office.database)


@pytest.fixture
def acts(office: Any, clock: Any) -> Acts:
    return Acts(office.database, now=clock, new_id=new_id)


@pytest.fixture
def erase(office: Any, clock: Any) -> Callable[[Person], Erased]:
    erasing = Erasing(office.database, now=clock, new_id=new_id)
    return lambda person: erasing.erase(person, by="shell:test")


@pytest.fixture
def retention(office: Any, clock: Any) -> Callable[..., Retention]:
    return lambda **keep: Retention(office.database, lambda: replace(FOR_EVER, **keep), now=clock, new_id=new_id)


def count(office: Any, model: Any, **values: Any) -> int:
    table = table_of(model)
    query = select(func.count()).select_from(table).where(*(table.c[name] == value for name, value in values.items()))
    with office.database.reading() as connection:
        return int(connection.scalar(query))


def add(office: Any, model: Any, **values: Any) -> None:
    with office.database.writing() as connection:
        connection.execute(insert(table_of(model)).values(**values))


def looks_at(office: Any, visitor_id: str, path: str, at: Any) -> None:
    visit = new_id()
    add(office, Visit, id=visit, visitor_id=visitor_id, started_at=at, context={}, revision=1)
    add(office, PageView, visit_id=visit, visitor_id=visitor_id, path=path, title="", at=at)
    shown = {"trigger_id": "t", "site_version": "1", "page": path, "said": {"text": "Hi"}, "why": {}, "reserved_at": at}
    add(office, Impression, id=new_id(), visitor_id=visitor_id, visit_id=visit, revision=1, **shown)


def leaves_an_address(visitor: Any, email: str) -> Any:
    visitor.writes("Hi")
    visitor.presses("Tickets")
    visitor.writes(email)
    return visitor


# Finding


def test_a_person_is_found_by_whatever_is_known_of_them(office: Any, visitor: Any, people: People):
    ann = leaves_an_address(visitor(), "ann@example.org")
    leaves_an_address(visitor(), "bob@example.org")
    conversation = ann.conversation
    found = people.one("ann@example.org")
    assert found.visitors == (ann.id,) and found.called == "ann@example.org"
    for who in (ann.id, conversation, found.contacts[0], " ANN@Example.org "):
        assert people.one(who) == found
    for nobody in ("", "carl@example.org", "ann@example", "\0", "x" * 400, "%"):
        with pytest.raises(NobodyFound):
            people.one(nobody)


def test_a_number_is_the_same_however_it_is_written(office: Any, clock: Any, visitor: Any, people: People):
    ann = leaves_an_address(visitor(), "ann@example.org")
    known = {
        "phone": {"value": "+49301234567", "from": {}, "at": ""},
        "name": {"value": "Ann  Long", "from": {}, "at": ""},
    }
    with office.database.writing() as connection:
        connection.execute(table_of(Contact).update().values(attributes=known))
    for who in ("+49 30 1234567", "+49 (30) 123-4567", "ann long", "ANN LONG"):
        assert people.one(who).visitors == (ann.id,)
    with pytest.raises(NobodyFound):
        people.one("030 1234567")


def test_two_of_one_address_are_told_apart_by_whoever_asks(visitor: Any, people: People):
    ann, other = (leaves_an_address(visitor(), "ann@example.org") for _ in range(2))
    with pytest.raises(Ambiguous) as several:
        people.one("ann@example.org")
    assert {person.id for person in several.value.people} == {ann.id, other.id}


def test_all_browsers_behind_one_contact_are_one_person(
    office: Any, clock: Any, visitor: Any, people: People, erase: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    contact = people.one(ann.id).contacts[0]
    add(office, Visitor, id="phone", contact_id=contact, first_seen_at=clock(), rules=[], revision=1)
    looks_at(office, "phone", "/prices", clock())
    assert people.one("phone") == people.one(ann.id) == people.one("ann@example.org")
    erase(people.one("phone"))
    assert [count(office, model) for model in (Contact, Visitor, ConversationRow, EventRow, Visit, PageView)] == [0] * 6


def test_somebody_who_only_looked_is_found_and_erased_too(office: Any, clock: Any, people: People, erase: Any):
    looks_at(office, "silent", "/prices", clock())
    erased = erase(people.one("silent"))
    assert erased.counts == {"page_views": 1, "visits": 1, "impressions": 1}
    with pytest.raises(NobodyFound):
        erase(erased.person)


# Erasing


def test_an_agent_who_held_it_has_room_again_and_cannot_go_on(
    office: Any, agent: Any, visitor: Any, people: People, erase: Any
):
    anna = agent("Anna").comes_online()
    ann, bob = (visitor() for _ in range(2))
    for each in (ann, bob):
        each.writes("Hi")
        each.presses("A person")
    held, other = ann.conversation, bob.conversation
    token = anna.accepts(held)
    anna.accepts(other)
    office.desk.note(anna.id, held, "Nice", client_id="note-1")
    epoch = Epoch(office.database)
    erase(people.one(held))
    assert count(office, AgentRow, active=1) == 1
    with pytest.raises(NoSuchConversation):
        anna.says(held, "Are you there?", token=token)
    anna.says(other, "You are.")
    assert count(office, Assignment) == 2 and count(office, Assignment, conversation_id="", ended_by="erased") == 1
    assert count(office, JobRow, conversation_id=held) == count(office, Reading, conversation_id=held) == 0
    assert epoch.another() is not None


def test_a_mark_of_reading_that_comes_too_late_leaves_no_trace(office: Any, visitor: Any, people: People, erase: Any):
    ann = visitor()
    ann.writes("Hi")
    readings, conversation = Readings(office.database), ann.conversation
    readings.note(f"visitor:{ann.id}", conversation, 1)
    assert count(office, Reading) == 1
    erase(people.one(ann.id))
    readings.note(f"visitor:{ann.id}", conversation, 2)
    assert count(office, Reading) == 0


def test_who_comes_back_is_somebody_new_to_us(office: Any, visitor: Any, people: People, erase: Any):
    ann = leaves_an_address(visitor(), "ann@example.org")
    before = ann.conversation
    erase(people.one(ann.id))
    ann.writes("Good day")
    assert ann.conversation != before
    assert office.desk.known(ann.conversation).contact is None
    assert count(office, Contact) == 0


def test_an_open_window_takes_nothing_of_where_it_was_with_it(office: Any, visitor: Any, people: People, erase: Any):
    ann = visitor()
    ann.writes("Hi")
    assert office.desk.conversation(ann.conversation).context
    erase(people.one(ann.id))
    ann.writes("Are you there?")
    assert office.desk.conversation(ann.conversation).context == {}


def test_a_conversation_begun_with_a_contact_that_goes_meanwhile_begins_without(
    office: Any, visitor: Any, people: People, erase: Any, monkeypatch: pytest.MonkeyPatch
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    known, before = office.live.known(ann.id), ann.conversation
    assert known.contact is not None
    erase(people.one(ann.id))
    fresh = office.live.known
    stale = iter([known])
    monkeypatch.setattr(office.live, "known", lambda visitor_id: next(stale, None) or fresh(visitor_id))
    office.live.forget(before)
    ann.writes("Good day")
    assert office.desk.conversation(ann.conversation).contact_id is None


def test_a_held_record_is_refused_until_it_is_released(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, erase: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    acts.hold(people.one(ann.id), because="Case 12", by="shell:test")
    clock.advance(days=3)
    acts.hold(people.one(ann.id), because="Case 13", by="shell:test")
    with pytest.raises(UnderHold) as refused:
        erase(people.one(ann.id))
    assert (refused.value.held.because, refused.value.held.since) == ("Case 12; Case 13", "2026-03-04T10:00:00+00:00")
    acts.release(people.one(ann.id), by="shell:test")
    assert erase(people.one(ann.id)).counts["conversations"] == 1


def test_a_hold_on_one_browser_holds_all_behind_the_contact(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, erase: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    acts.hold(people.one(ann.id), because="Case 12", by="shell:test")
    contact = people.one(ann.id).contacts[0]
    add(office, Visitor, id="phone", contact_id=contact, first_seen_at=clock(), rules=[], revision=1)
    with pytest.raises(UnderHold):
        erase(people.one("phone"))


def test_what_was_done_is_kept_without_saying_with_whom(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, erase: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    acts.exported(people.one(ann.id), by="agent:anna", counts=people.tally(people.one(ann.id)))
    assert count(office, PrivacyAct, visitor_id=ann.id, kind="exported", by="agent:anna") == 1
    erase(people.one(ann.id))
    with office.database.reading() as connection:
        rows = connection.execute(select(table_of(PrivacyAct))).mappings().all()
    assert {(row["kind"], row["visitor_id"]) for row in rows} == {("exported", None), ("erased", None)}
    assert next(row for row in rows if row["kind"] == "erased")["counts"]["contacts"] == 1


def test_only_who_asked_for_it_or_for_everything_is_told(
    office: Any, clock: Any, visitor: Any, people: People, erase: Any
):
    wanted = {"asked": ["visitor_erased"], "everything": list(KINDS), "some": ["message", "closed"]}
    for id_, kinds in wanted.items():
        more = {"secrets": {}, "created_at": clock(), "revision": 1}
        add(office, WebhookRow, id=id_, url="https://x.example", kinds=kinds, enabled=True, **more)
    add(office, WebhookRow, id="off", url="https://x.example", kinds=["visitor_erased"], enabled=False, **more)
    ann = leaves_an_address(visitor(), "ann@example.org")
    erased = erase(people.one(ann.id))
    with office.database.reading() as connection:
        jobs = (
            connection.execute(select(table_of(JobRow)).where(table_of(JobRow).c.target.is_not(None))).mappings().all()
        )
    assert {job["target"] for job in jobs} == {"asked", "everything"}
    assert {tuple(job["payload"]["conversations"]) for job in jobs} == {erased.conversations}
    assert all(job["conversation_id"] is None and ann.id not in str(job) for job in jobs)


def test_nothing_is_left_in_the_unused_space_of_the_file(tmp_path: Any, clock: Any, monkeypatch: pytest.MonkeyPatch):
    database = Database(databases.sqlite_at(tmp_path / "parlour.db"))
    for number in range(60):
        visitor_id = "ann" if number % 3 else f"other-{number}"
        with database.writing() as connection:
            row = {"id": f"v{number}", "visitor_id": visitor_id, "started_at": clock(), "revision": 1}
            connection.execute(
                insert(table_of(Visit)).values(**row, context={"referrer": f"canary-{visitor_id}-" * 90})
            )
    with database.writing() as connection:  # Long before, by somebody who did not care what deleting leaves behind.
        connection.execute(table_of(Visit).delete().where(table_of(Visit).c.id.in_([f"v{n}" for n in range(30)])))
    erasing = Erasing(database, now=clock, new_id=new_id)
    assert found_in(tmp_path, b"canary-ann-")
    monkeypatch.setattr(bot.database, "MOST_REWRITTEN", 0)
    assert erasing.erase(People(database).one("ann"), by="test").all_cleared is False
    monkeypatch.undo()
    assert database.scrub([]) is True
    assert not found_in(tmp_path, b"canary-ann-")
    assert found_in(tmp_path, b"canary-other-")
    database.close()


def found_in(folder: Any, word: bytes) -> bool:
    return any(word in file.read_bytes() for file in folder.iterdir())


def test_another_who_reads_for_long_only_delays_the_clearing(tmp_path: Any, clock: Any):
    database = Database(databases.sqlite_at(tmp_path / "parlour.db"))
    with database.writing() as connection:
        row = {"id": "v", "visitor_id": "ann", "started_at": clock(), "context": {"referrer": "canary"}, "revision": 1}
        connection.execute(insert(table_of(Visit)).values(**row))
    erasing = Erasing(database, now=clock, new_id=new_id)
    with database.reading() as connection:
        connection.execute(select(table_of(Visit))).all()
        connection.connection.driver_connection.execute("PRAGMA busy_timeout=10")
        assert erasing.erase(People(database).one("ann"), by="test").all_cleared is False
    assert database.scrub([]) is True
    assert not found_in(tmp_path, b"canary")
    database.close()


# Keeping


def sweep(retention: Retention) -> dict[str, int]:
    gone: dict[str, int] = {}
    for step in retention.sweep():
        for name, number in step.items():
            gone[name] = gone.get(name, 0) + number
    return {name: number for name, number in gone.items() if number}


def test_what_is_older_than_the_site_keeps_it_goes_and_the_rest_stays(
    office: Any, clock: Any, visitor: Any, retention: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    clock.advance(days=300)
    bob = leaves_an_address(visitor(), "bob@example.org")
    clock.advance(days=70)
    kept = retention(conversations=timedelta(days=365))
    assert {name: number for name, number in kept.plan().items() if number} == {"conversations": 1, "visitors": 1}
    assert sweep(kept)["conversations"] == 1
    assert [count(office, model) for model in (ConversationRow, Visitor, Contact)] == [1, 1, 1]
    assert office.desk.open_conversation(bob.id) is not None
    assert count(office, ConversationRow, visitor_id=ann.id) == count(office, Visitor, id=ann.id) == 0
    assert sweep(kept) == {}
    bob.writes("Good day")


def test_an_act_names_whose_record_it_was_as_long_as_some_of_it_is_there(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, retention: Any
):
    ann = leaves_an_address(visitor(), "ann@example.org")
    for whose in (ann.id, "silent", "late"):
        looks_at(office, whose, "/", clock())
        acts.exported(people.one(whose), by="shell:test", counts={})
    clock.advance(days=50)
    looks_at(office, "late", "/", clock())
    sweep(retention(conversations=timedelta(days=40)))
    assert count(office, Visitor, id=ann.id) == 0
    assert [count(office, PrivacyAct, visitor_id=whose) for whose in (ann.id, "silent", "late")] == [1, 1, 1]
    sweep(retention(page_views=timedelta(days=40)))
    assert [count(office, PrivacyAct, visitor_id=whose) for whose in (ann.id, "silent", "late")] == [0, 0, 1]
    assert count(office, PrivacyAct, kind="exported", by="shell:test") == 3


def test_pages_go_by_age_and_those_of_silent_visitors_sooner(office: Any, clock: Any, visitor: Any, retention: Any):
    ann = visitor()
    ann.writes("Hi")
    for whose in (ann.id, "silent"):
        looks_at(office, whose, "/", clock())
    clock.advance(days=31)
    for whose in (ann.id, "silent"):
        looks_at(office, whose, "/later", clock())
    kept = retention(page_views=timedelta(days=90), silent_visitors=timedelta(days=30))
    assert sweep(kept) == {"page_views": 1, "impressions": 1, "visits": 1}
    assert [count(office, model, visitor_id=ann.id) for model in (Visit, PageView, Impression)] == [2, 2, 2]
    clock.advance(days=60)
    assert sweep(kept) == {"page_views": 2, "impressions": 2, "visits": 2}
    assert count(office, ConversationRow) == 1


def test_many_go_a_few_at_a_time(office: Any, clock: Any, retention: Any):
    with office.database.writing() as connection:
        for _ in range(450):
            row = {"visit_id": "v", "visitor_id": "silent", "path": "/", "title": "", "at": clock()}
            connection.execute(insert(table_of(PageView)).values(row))
    clock.advance(days=2)
    steps = [step["page_views"] for step in retention(page_views=timedelta(days=1)).sweep()]
    assert steps == [200, 200, 50]


def test_what_is_held_is_not_deleted_for_its_age(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, retention: Any
):
    ann, _ = (leaves_an_address(visitor(), f"{name}@example.org") for name in ("ann", "bob"))
    looks_at(office, ann.id, "/", clock())
    contact = people.one(ann.id).contacts[0]
    add(office, Visitor, id="phone", contact_id=contact, first_seen_at=clock(), rules=[], revision=1)
    looks_at(office, "phone", "/", clock())
    acts.hold(people.one("phone"), because="Case 12", by="test")
    clock.advance(days=400)
    all_of_a_day = dict.fromkeys(("conversations", "page_views", "jobs"), timedelta(days=1))
    sweep(retention(**all_of_a_day))
    assert count(office, ConversationRow, visitor_id=ann.id) == 1 and count(office, PageView) == 2
    assert count(office, Visitor) == 2 and count(office, Contact) == 1
    acts.release(people.one(ann.id), by="test")
    sweep(retention(**all_of_a_day))
    assert [count(office, model) for model in (ConversationRow, EventRow, PageView, Visitor, Contact)] == [0] * 5


def test_work_that_is_done_is_forgotten_and_what_waits_is_not(office: Any, clock: Any, retention: Any):
    for number, state in enumerate(("waiting", "done", "dead")):
        row = {"payload": {}, "run_at": clock(), "attempts": 1, "created_at": clock()}
        add(office, JobRow, key=f"job-{number}", kind="webhook", state=state, done_at=None, **row)
    clock.advance(days=29)
    assert sweep(retention(jobs=timedelta(days=30))) == {}
    clock.advance(days=2)
    assert sweep(retention(jobs=timedelta(days=30))) == {"jobs": 2}
    assert count(office, JobRow, state="waiting") == 1


def test_work_that_was_done_stays_for_ever_where_the_site_says_so(office: Any, clock: Any, retention: Any):
    done = {"state": "done", "run_at": clock(), "done_at": clock(), "created_at": clock()}
    add(office, JobRow, key="job", kind="webhook", payload={}, attempts=1, **done)
    clock.advance(days=4000)
    assert sweep(retention(jobs=None)) == {}
    assert sweep(retention(jobs=timedelta(days=3999))) == {"jobs": 1}


def test_work_that_was_done_for_somebody_under_hold_stays(
    office: Any, clock: Any, visitor: Any, people: People, acts: Acts, retention: Any
):
    ann, bob = (leaves_an_address(visitor(), f"{name}@example.org") for name in ("ann", "bob"))
    for number, whose in enumerate((ann, bob)):
        done = {"state": "done", "run_at": clock(), "done_at": clock(), "created_at": clock()}
        row = {"conversation_id": whose.conversation, "kind": "webhook", "payload": {}, "attempts": 1, **done}
        add(office, JobRow, key=f"job-{number}", **row)
    acts.hold(people.one(ann.id), because="Case 12", by="test")
    clock.advance(days=31)
    assert sweep(retention(jobs=timedelta(days=30))) == {"jobs": 1}
    assert count(office, JobRow, state="done", conversation_id=ann.conversation) == 1
    acts.release(people.one(ann.id), by="test")
    assert sweep(retention(jobs=timedelta(days=30))) == {"jobs": 1}


def test_a_clock_set_ahead_by_mistake_deletes_nothing_until_the_next_day(office: Any, clock: Any, retention: Any):
    kept = retention(conversations=timedelta(days=365))
    assert kept.is_due()
    began = clock.at
    clock.advance(days=700)
    assert [kept.is_due(), kept.is_due()] == [False, False]
    clock.at = began + timedelta(hours=1)
    assert kept.is_due(), "the clock is right again"
    clock.advance(days=8)  # Parlour was not running for a week.
    assert not kept.is_due()
    clock.advance(days=1)
    assert kept.is_due()


def test_of_several_processes_one_does_it_once_a_day(office: Any, clock: Any, retention: Any):
    here, there = retention(), retention()
    assert [here.is_due(), there.is_due(), here.is_due()] == [True, False, False]
    clock.advance(hours=23)
    assert not there.is_due()
    clock.advance(hours=1)
    assert [there.is_due(), here.is_due()] == [True, False]
    clock.advance(days=-40)  # The clock was wrong, and is right again.
    assert [here.is_due(), there.is_due()] == [True, False]
    assert count(office, Setting, name="retention") == 1
