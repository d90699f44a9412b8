"""PostgreSQL breaks under load and a stand-by takes over (F17): one that has every commit, and one that lacks some."""

from pathlib import Path
from random import Random

from tests.faults.history import Acknowledged, History, Lost, Shown, Typed, Won
from tests.faults.kills import HEALS_WITHIN, heal, let_jobs_end, messages, note_effects, people, read, wait_for_life
from tests.faults.oracle import judge, one_story_an_epoch
from tests.faults.places import Layout, Outcome, lighthouse, tell
from tests.faults.record import Record
from tests.receiver import Receiver
from tests.server import wait_for
from tests.standby import pair

SAID_BEFORE = 30
"""Acknowledgements before the first breaks."""
LOST = 20
"""Acknowledgements that a stand-by lacks, which one does not wait for."""


def with_every_commit(layout: Layout, folder: Path, *, seed: int) -> Outcome:
    """A stand-by that every commit waits for takes over while everybody writes."""
    dice, history, receiver = Random(seed), History(), Receiver().start()
    try:
        with pair() as both:
            both.follow()
            both.wait_for_second()
            with lighthouse(layout, folder, both.new_database("shop")) as server:
                tell(server, receiver, "message")
                clients = people(server, dice, history)
                _hear(history, SAID_BEFORE)
                both.first.kill()
                both.take_over()
                both.go_on_alone()
                wait_for_life(history)
                heal(server, clients)
                let_jobs_end(server)
                record = read(server)
    finally:
        receiver.stop()
    note_effects(history, receiver)
    counts = {"messages": messages(record), "broken lines": sum(client.breaks for client in clients)}
    return Outcome(judge(history, record, effects=True), counts)


def without_the_last(layout: Layout, folder: Path, *, seed: int) -> Outcome:
    """A stand-by takes over that lacks what was acknowledged last."""
    dice, history = Random(seed), History()
    with pair() as both:
        both.follow()
        with lighthouse(layout, folder, both.new_database("shop")) as server:
            clients = people(server, dice, history)
            _hear(history, SAID_BEFORE)
            kept = len(history.entries)
            both.catch_up()
            both.part()
            _hear(history, LOST)
            both.first.kill()
            both.take_over()
            _wait_for_another_record(history)
            heal(server, clients)
            record = read(server)
    stories = list(one_story_an_epoch(history, record))
    left, lost = _as_the_stand_by_knows_it(history, record, kept=kept)
    return Outcome([*stories, *judge(left, record)], {"messages": messages(record), "lost": lost})


def _hear(history: History, more: int) -> None:
    """Waits until so much more is acknowledged."""
    enough = history.acknowledged + more
    wait_for(lambda: history.acknowledged >= enough, HEALS_WITHIN)
    assert history.acknowledged >= enough


def _wait_for_another_record(history: History) -> None:
    """Waits until something is acknowledged in a second record: what comes late of the first says nothing."""
    wait_for(lambda: len({each.epoch for each in history.of(Acknowledged)}) > 1, HEALS_WITHIN)


def _as_the_stand_by_knows_it(history: History, record: Record, *, kept: int) -> tuple[History, int]:
    """Returns the history without what only the server that broke could know, and how many messages that was.

    The first so many entries are `kept`: what was acknowledged then must be there.
    """
    stored = {(each.actor, each.client_id) for events in record.conversations.values() for each in events}
    acknowledged = [each for each in history.entries[kept:] if isinstance(each, Acknowledged)]
    lost = {(each.sender, each.client_id) for each in acknowledged if each.epoch != record.epoch} - stored

    def is_known(number: int, entry: object) -> bool:
        if isinstance(entry, Typed | Acknowledged):
            return (entry.sender, entry.client_id) not in lost
        if isinstance(entry, Shown | Won | Lost):
            return number < kept or entry.epoch == record.epoch
        return True

    return History([entry for number, entry in enumerate(history.entries) if is_known(number, entry)]), len(lost)
