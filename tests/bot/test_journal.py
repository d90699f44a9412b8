"""The record: all of a change or nothing, once, in order, and only if its guards hold."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.change import Change, Guard, NotStorable, Refused, Row, Unavailable, table_of
from bot.conversation import Conversation, Draft, conversation_from
from bot.database import Database
from bot.journal import A_MOMENT, Journal
from bot.models import ConversationRow, EventRow, JobRow, Visitor
from flows.cursor import Cursor

ConversationTable = table_of(ConversationRow)


def a_conversation(now: datetime, *, id: str = "c1", visitor: str = "v1") -> Conversation:
    return Conversation(id=id, visitor_id=visitor, created_at=now, last_at=now, language="en", cursor=Cursor(id, "en"))


def beginning(now: datetime, **names: str) -> Draft:
    draft = Draft(a_conversation(now, **names), now, is_new=True)
    draft.add("started", {"page": "/"}, actor="system")
    return draft


def begin(journal: Journal, now: datetime, **names: str) -> Conversation:
    draft = beginning(now, **names)
    journal.commit(draft.change())
    return draft.state


def saying(conversation: Conversation, now: datetime, text: str, *, client_id: str | None = None) -> Draft:
    draft = Draft(conversation, now)
    draft.add("message", {"text": text}, actor=f"visitor:{conversation.visitor_id}", client_id=client_id)
    return draft


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


def stored(database: Database, conversation_id: str = "c1") -> Conversation:
    query = select(ConversationTable).where(ConversationTable.c.id == conversation_id)
    with database.reading() as connection:
        return conversation_from(connection.execute(query).mappings().one())


def test_what_was_committed_is_read_back_as_it_was(journal: Journal, database: Database, clock: Callable[[], datetime]):
    conversation = begin(journal, clock())
    assert stored(database) == conversation


def test_visitors_count_only_what_they_may_see(journal: Journal, clock: Callable[[], datetime]):
    conversation = begin(journal, clock())
    draft = saying(conversation, clock(), "Hello")
    draft.add("note", {"text": "regular", "name": "Ben"}, actor="agent:b")
    draft.add("message", {"text": "Hi", "name": "Ben"}, actor="agent:b")
    journal.commit(draft.change())

    everything = journal.events_after("c1", 0)
    assert [event.seq for event in everything] == [1, 2, 3, 4]
    seen = journal.visitor_events_after("c1", 0)
    assert [(event.visitor_seq, event.body["text"]) for event in seen] == [(1, "Hello"), (2, "Hi")]


def test_a_change_computed_on_a_stale_snapshot_is_refused_whole(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    conversation = begin(journal, clock())
    journal.commit(saying(conversation, clock(), "first").change())
    late = saying(conversation, clock(), "second")
    late.job("remind", "remind:c1", run_at=clock())

    with pytest.raises(Refused):
        journal.commit(late.change())

    assert [event.body.get("text") for event in journal.events_after("c1", 1)] == ["first"]
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(JobRow))) == 0


def test_a_change_computed_from_another_record_is_refused_whatever_its_guards_say(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    one = begin(journal, clock())
    two = begin(journal, clock(), id="c2", visitor="v2")
    late, fresh = saying(one, clock(), "a").change(), saying(two, clock(), "b").change()
    late.record = journal.record
    journal.begin_anew()
    fresh.record = journal.record

    outcomes = journal._write([late, fresh])

    assert [type(outcome) for outcome in outcomes] == [Refused, type(None)]
    assert (stored(database).last_seq, stored(database, "c2").last_message["text"]) == (1, "b")


def test_one_client_id_is_one_message(journal: Journal, clock: Callable[[], datetime]):
    conversation = begin(journal, clock())
    first = saying(conversation, clock(), "Hello", client_id="m1")
    journal.commit(first.change())
    with pytest.raises(Refused):
        journal.commit(saying(first.state, clock(), "Hello", client_id="m1").change())
    found = journal.sent("visitor:v1", "m1")
    assert found is not None and found.seq == first.events[0].seq


def test_a_visitor_cannot_have_two_open_conversations(journal: Journal, clock: Callable[[], datetime]):
    begin(journal, clock())
    with pytest.raises(Refused):
        begin(journal, clock(), id="c2")
    begin(journal, clock(), id="c3", visitor="v2")


def test_a_refused_change_leaves_the_batch_and_the_batch_goes_on(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    one = begin(journal, clock())
    two = begin(journal, clock(), id="c2", visitor="v2")
    stale = Change(guards=[Guard(ConversationRow, "c1", 99, {"last_seq": 100})])
    changes = [saying(one, clock(), "a").change(), stale, saying(two, clock(), "b").change()]

    outcomes = journal._write(changes)

    assert [type(outcome) for outcome in outcomes] == [type(None), Refused, type(None)]
    assert stored(database, "c2").last_message["text"] == "b"


def test_what_a_database_cannot_keep_holds_up_nobody_else(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    one = begin(journal, clock())
    two = begin(journal, clock(), id="c2", visitor="v2")
    changes = [saying(one, clock(), "a\0").change(), saying(two, clock(), "b").change()]

    outcomes = journal._write(changes)

    assert [type(outcome) for outcome in outcomes] == [type(None) if database.is_sqlite else NotStorable, type(None)]
    assert stored(database, "c2").last_message["text"] == "b"


def test_half_a_letter_is_refused_for_good_and_holds_up_nobody_else(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    one = begin(journal, clock())
    two = begin(journal, clock(), id="c2", visitor="v2")
    half = saying(one, clock(), "a", client_id="\ud83d").change()

    outcomes = journal._write([half, saying(two, clock(), "b").change()])

    assert [type(outcome) for outcome in outcomes] == [NotStorable, type(None)]
    assert stored(database, "c2").last_message["text"] == "b"


def test_a_change_that_cannot_be_put_into_the_database_s_words_holds_up_nobody_else(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    one = begin(journal, clock())
    two = begin(journal, clock(), id="c2", visitor="v2")
    wrong = saying(one, clock(), "a")
    wrong.events[0].body["at"] = object()

    outcomes = journal._write([wrong.change(), saying(two, clock(), "b").change()])

    assert [type(outcome) for outcome in outcomes] == [NotStorable, type(None)]
    assert stored(database, "c2").last_message["text"] == "b"


def test_two_changes_of_one_row_in_one_batch_both_hold_if_one_follows_the_other(
    journal: Journal, database: Database, clock: Callable[[], datetime]
):
    conversation = begin(journal, clock())
    first = saying(conversation, clock(), "a")
    second = saying(first.state, clock(), "b")

    assert journal._write([first.change(), second.change()]) == [None, None]
    assert [event.body.get("text") for event in journal.events_after("c1", 1)] == ["a", "b"]
    assert stored(database) == second.state


def test_every_value_is_kept_as_it_was(journal: Journal, database: Database, clock: Callable[[], datetime]):
    conversation = begin(journal, clock())
    body = {"text": 'a "b" \\ é 👋🏽 \n %s :x ' + "{}[]" * 99, "options": [None, True, 1.5, 2**70, {"": []}]}
    draft = Draft(conversation, clock())
    draft.add("message", body, actor="bot")
    draft.set(context={"page.path": "/%(x)s", "visits": 3}, left=True, queued_at=clock(), tags=("a", 'b"'))
    draft.job("remind", "remind:c1", run_at=clock(), payload={"n": None})
    journal.commit(draft.change())

    assert journal.events_after("c1", 1) == draft.events
    assert stored(database) == draft.state
    with database.reading() as connection:
        assert connection.scalar(select(table_of(JobRow).c.payload)) == {"n": None}


def test_many_writers_at_once_are_gathered_and_none_is_lost(database: Database, clock: Callable[[], datetime]):
    journal = Journal(database, spawn=lambda run: Thread(target=run, daemon=True).start())
    callers = [
        Thread(target=begin, args=(journal, clock()), kwargs={"id": f"c{n}", "visitor": f"v{n}"}) for n in range(40)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=30)
    journal.stop()
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(EventRow))) == 40


def test_who_comes_while_others_have_their_turn_is_written_together_with_the_first(
    database: Database, clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
):
    second, third, fifth = (beginning(clock(), id=f"c{n}", visitor=f"v{n}").change() for n in (2, 3, 5))
    newcomers = {0: [second, third], A_MOMENT: [fifth]}
    journal = Journal(database, spawn=lambda run: Thread(target=run, daemon=True).start())
    monkeypatch.setattr("bot.journal.sleep", lambda span: newcomers[span] and journal.post(newcomers[span].pop()))
    begin(journal, clock())
    assert (len(journal.sizes), journal.sizes.total) == (1, 3)
    begin(journal, clock(), id="c4", visitor="v4")
    assert (len(journal.sizes), journal.sizes.total) == (2, 5), "fewer than last time get a moment"
    journal.stop()


def test_for_nobody_else_is_waited_where_a_transaction_is_full(
    database: Database, clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch
):
    begun = Event()
    journal = Journal(database, spawn=lambda run: Thread(target=lambda: begun.wait(30) and run(), daemon=True).start())
    waits = list[float]()
    monkeypatch.setattr("bot.journal.sleep", waits.append)
    monkeypatch.setattr("bot.journal.LARGEST_BATCH", 2)
    for n in range(6):
        journal.post(beginning(clock(), id=f"c{n}", visitor=f"v{n}").change())
    begun.set()
    begin(journal, clock(), id="c6", visitor="v6")
    journal.stop()
    assert len(journal.sizes) == 4
    assert waits.count(A_MOMENT) <= 1, "only for the one who is left"


def test_who_waits_too_long_is_told_so_and_what_they_sent_may_be_written_yet(
    database: Database, clock: Callable[[], datetime]
):
    goes_on, writes, refused = Event(), Event(), list[Exception]()

    def slowly(function: Callable[[], Any]) -> Any:
        writes.set()
        assert goes_on.wait(timeout=30)
        return function()

    journal = Journal(database, spawn=lambda run: Thread(target=run, daemon=True).start(), run_blocking=slowly)

    def send() -> None:
        try:
            begin(journal, clock())
        except Unavailable as problem:
            refused.append(problem)

    caller = Thread(target=send)
    caller.start()
    assert writes.wait(timeout=30)
    journal.give_up()
    assert caller.is_alive(), "it has not been long"
    journal.give_up(after=0)
    caller.join(timeout=30)
    assert [str(each) for each in refused] == ["the database did not say whether it was written"]

    goes_on.set()
    with pytest.raises(Refused):
        begin(journal, clock())
    assert len(journal.events_after("c1", 0)) == 1
    journal.stop()


def test_a_database_that_is_away_is_said_and_nothing_is_written(
    open_database: Callable[[], Database], clock: Callable[[], datetime]
):
    database = open_database()
    journal = Journal(database)
    begin(journal, clock())
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE event RENAME TO hidden")
    with pytest.raises(Unavailable):
        begin(journal, clock(), id="c2", visitor="v2")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO event")
    begin(journal, clock(), id="c2", visitor="v2")


def test_a_state_changed_without_an_event_is_a_mistake(clock: Callable[[], datetime]):
    draft = Draft(a_conversation(clock()), clock())
    draft.set(holder="agent")
    with pytest.raises(ValueError, match="together with an event"):
        draft.change()


def test_a_draft_tells_the_same_change_as_often_as_it_is_asked(journal: Journal, clock: Callable[[], datetime]):
    begun = begin(journal, clock())
    for draft in (saying(begun, clock(), "Hi"), Draft(a_conversation(clock(), id="c2"), clock(), is_new=True)):
        draft.add("message", {"text": "Again"}, actor="bot")
        draft.job("timer", "one", run_at=clock())
        assert draft.change() == draft.change()


def test_a_change_may_make_a_row_and_guard_on_it(journal: Journal, database: Database, clock: Callable[[], datetime]):
    row = Row(Visitor, {"id": "v9", "contact_id": None, "first_seen_at": clock(), "revision": 1})
    journal.commit(Change(guards=[Guard(Visitor, "v9", 1, {"revision": 2})], rows=[row]))
    visitors = table_of(Visitor)
    with database.reading() as connection:
        assert connection.scalar(select(visitors.c.revision).where(visitors.c.id == "v9")) == 2


def test_a_row_that_is_there_already_refuses_the_change(journal: Journal, clock: Callable[[], datetime]):
    row = {"key": "k", "kind": "x", "conversation_id": None, "payload": {}, "state": "waiting", "run_at": clock()}
    row |= {"lease_until": None, "attempts": 0, "created_at": clock()}
    journal.commit(Change(rows=[Row(JobRow, row)]))
    with pytest.raises(Refused):
        journal.commit(Change(rows=[Row(JobRow, row)]))


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr("bot.database.SQLITE_BUSY_SECONDS", 0.1)
    database = Database(f"sqlite:///{tmp_path}/own.db")
    database.migrate()
    return database


def test_a_full_disk_refuses_what_does_not_fit_and_goes_on_when_there_is_room(
    sqlite: Database, clock: Callable[[], datetime]
):
    journal = Journal(sqlite)
    begin(journal, clock())
    with journal._open().begin() as transaction:
        pages = transaction.connection.exec_driver_sql("PRAGMA page_count").scalar()
        transaction.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    long = "x" * 4000
    with pytest.raises(Unavailable, match="full"):
        for number in range(100):
            begin(journal, clock(), id=f"c{number + 2}", visitor=f"v{number + 2}{long[:10]}")
    kept = stored(sqlite)
    begin(Journal(sqlite), clock(), id="later", visitor="later")
    assert stored(sqlite) == kept


def test_a_database_locked_by_another_program_is_said_and_nothing_is_lost(
    sqlite: Database, clock: Callable[[], datetime]
):
    journal = Journal(sqlite)
    begin(journal, clock())
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        begin(journal, clock(), id="c2", visitor="v2")
    other.execute("ROLLBACK")
    other.close()
    begin(journal, clock(), id="c2", visitor="v2")
    assert stored(sqlite, "c2").visitor_id == "v2"


def test_who_waits_for_the_lock_lets_others_go_on_who_may_have_it(sqlite: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.database.SQLITE_BUSY_SECONDS", 30)
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("bot.database.sleep", lambda _: other.execute("ROLLBACK"))
    with sqlite.writing() as connection:
        connection.exec_driver_sql("DELETE FROM setting")
    other.close()
