"""The oracle itself: it finds nothing in a good history, and every kind of fault in one that has it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.history import Acknowledged, CaughtUp, Effect, Entry, History, Lost, Refused, Shown, Typed, Won
from tests.faults.oracle import CALL, judge, one_story_an_epoch
from tests.faults.record import Record, Stored

ANN, BEN, EVA = "visitor:ann", "agent:ben", "agent:eva"
START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
SAID: list[tuple[int, str, str | None, str, dict[str, Any]]] = [
    (0, "system", None, "started", {}),
    (0, ANN, "a1", "message", {"text": "Hello"}),
    (0, "bot", None, "turn", {}),
    (0, "bot", None, "message", {"text": "What do you see?"}),
    (1, ANN, "a2", "message", {"text": "A sail"}),
    (1, "bot", None, "turn", {}),
    (1, "bot", None, "message", {"text": "1. A sail"}),
    (2, ANN, "a3", "message", {"text": CALL}),
    (2, "bot", None, "turn", {}),
    (2, "bot", None, "agent_requested", {}),
    (3, BEN, None, "accepted", {"name": "Ben"}),
    (4, BEN, "b1", "message", {"text": "Where?"}),
    (5, ANN, "a4", "message", {"text": "In the west"}),
]
HIDDEN = ("started", "turn")


def stored() -> list[Stored]:
    events, mine = [], 0
    for seq, (minute, actor, client_id, kind, body) in enumerate(SAID, 1):
        mine += kind not in HIDDEN
        number = None if kind in HIDDEN else mine
        events.append(Stored("c", seq, number, client_id, actor, kind, body, START + timedelta(minutes=minute)))
    return events


def record_of(events: list[Stored]) -> Record:
    return Record({"c": tuple(events)}, {"c": "ben"}, {"ben": 1, "eva": 0}, {"ben": "Ben"}, {"c": ("ben",)})


def entries() -> list[Entry]:
    written: list[Entry] = []
    for each in stored():
        if each.client_id:
            line, number = each.actor.partition(":")[2], each.number_for(each.actor) or 0
            written.append(Typed(line, each.actor, each.client_id, each.text or ""))
            written.append(Acknowledged(each.actor, each.client_id, "c", number))
        for viewer in (ANN, BEN):
            number = each.number_for(viewer) or 0
            if number:
                written.append(Shown(f"{viewer} 1", viewer, "c", number, each.client_id, each.text))
        if each.kind == "message":
            written.append(Effect(f"key {each.seq}", "c", each.seq, f"{each.text}"))
    written += [Won(BEN, "c", 11), Lost(EVA, "c", "Ben"), Refused(EVA, "e1", "reassigned")]
    written += [Typed("eva", EVA, "e1", "Mine"), CaughtUp(f"{ANN} 1", "c", 9), CaughtUp(f"{BEN} 1", "c", 13)]
    return written


def found(written: list[Entry], record: Record) -> set[str]:
    return {each.kind for each in judge(History(written), record, effects=True)}


def test_nothing_is_found_in_a_good_history():
    assert judge(History(entries()), record_of(stored()), effects=True) == []


def test_a_number_may_stand_for_something_else_in_another_epoch():
    written: list[Entry] = [
        Shown(f"{ANN} 1", ANN, "c", 12, "b1", "Where?", epoch="before"),
        Shown(f"{ANN} 2", ANN, "c", 12, "b2", "Here", epoch="after"),
    ]
    assert list(one_story_an_epoch(History(written), record_of([]))) == []


Change = Callable[[list[Entry], list[Stored]], Record | None]


def without(kind: type[Entry], **fields: object) -> Change:
    def change(written: list[Entry], _: list[Stored]) -> None:
        written.remove(the(written, kind, **fields))

    return change


def the(written: list[Any], kind: type[Any], **fields: object) -> Any:
    return next(
        each for each in written if isinstance(each, kind) and all(getattr(each, n) == v for n, v in fields.items())
    )


def more(entry: Entry) -> Change:
    return lambda written, _: written.append(entry)


def other(kind: type[Any], fields: dict[str, object], **changed: object) -> Change:
    """Changes the first entry, or stored event, of these fields."""

    def change(written: list[Entry], events: list[Stored]) -> None:
        among: list[Any] = events if kind is Stored else written
        one = the(among, kind, **fields)
        among[among.index(one)] = replace(one, **changed)

    return change


def swapped_messages(written: list[Entry], events: list[Stored]) -> None:
    first, second = the(events, Stored, client_id="a1"), the(events, Stored, client_id="a2")
    events[events.index(first)], events[events.index(second)] = (
        replace(second, seq=first.seq, visitor_seq=first.visitor_seq, at=first.at),
        replace(first, seq=second.seq, visitor_seq=second.visitor_seq, at=second.at),
    )


def gone(seq: int) -> Change:
    return lambda _, events: events.remove(the(events, Stored, seq=seq))


def added(*after: tuple[str, str | None, str, dict[str, Any]], minutes: int = 9) -> Change:
    def change(_: list[Entry], events: list[Stored]) -> None:
        for actor, client_id, kind, body in after:
            mine = None if kind in HIDDEN else max(each.visitor_seq or 0 for each in events) + 1
            at = START + timedelta(minutes=minutes)
            events.append(Stored("c", len(events) + 1, mine, client_id, actor, kind, body, at))

    return change


def row(**changed: Any) -> Change:
    return lambda _, events: replace(record_of(events), **changed)


FAULTS: list[tuple[str, str, Change]] = [
    ("lost", "an acknowledged message is not there", gone(13)),
    ("lost", "it is in another place than was told", other(Acknowledged, {"client_id": "a2"}, number=4)),
    ("doubled", "a client id is stored twice", added((ANN, "a4", "message", {"text": "In the west"}))),
    (
        "doubled",
        "a text is stored under two ids",
        lambda w, e: (
            w.append(Typed("ann", ANN, "a5", "In the west")),
            added((ANN, "a5", "message", {"text": "In the west"}))(w, e),
            None,
        )[-1],
    ),
    ("doubled", "one message is acknowledged in two places", more(Acknowledged(ANN, "a4", "c", 1))),
    ("doubled", "a window shows a number twice", more(Shown(f"{ANN} 1", ANN, "c", 9, "a4", "In the west"))),
    ("order", "a window shows a number late", lambda w, _: w.insert(0, Shown(f"{ANN} 1", ANN, "c", 2, None, "x"))),
    ("holes", "a number is missing in the record", gone(9)),
    ("holes", "a window leaves out a number", without(Shown, viewer=ANN, number=3)),
    ("altered", "other words are stored", other(Stored, {"client_id": "b1"}, body={"text": "There?"})),
    ("altered", "other words are shown", other(Shown, {"viewer": BEN, "number": 12}, text="There?")),
    (
        "two stories",
        "another window showed other words at a number",
        lambda w, _: w.insert(0, Shown(f"{EVA} 1", EVA, "c", 12, "b9", "Here")),
    ),
    ("phantom", "nobody typed it", added((ANN, "zz", "message", {"text": "Boo"}))),
    ("phantom", "it was refused", more(Refused(ANN, "a4", "unsayable"))),
    ("phantom", "a window shows what is not stored", more(Shown(f"{BEN} 1", BEN, "c", 14, "x", "Boo"))),
    ("sender's order", "two messages are stored the other way round", swapped_messages),
    ("two owners", "it is taken twice", added((EVA, None, "accepted", {"name": "Eva"}))),
    ("two owners", "somebody else speaks", added((EVA, None, "message", {"text": "I, too"}))),
    ("two owners", "the row names another", row(owners={"c": "eva"})),
    ("two owners", "there are two assignments", row(assigned={"c": ("ben", "eva")})),
    ("two owners", "the agent's row counts otherwise", row(held={"ben": 2, "eva": 0})),
    ("two owners", "two were told to have it", more(Won(EVA, "c", 11))),
    ("two owners", "a loser was told a wrong name", more(Lost(EVA, "c", "Eva"))),
    ("two steps", "the bot answers twice", added(("bot", None, "message", {"text": "1. A sail"}), minutes=1)),
    ("two steps", "a message got no step", gone(6)),
    ("two steps", "the bot speaks while a person has it", added(("bot", None, "turn", {}), minutes=5)),
    (
        "step apart",
        "a reply is stored later than its message",
        other(Stored, {"seq": 7}, at=START + timedelta(minutes=1.5)),
    ),
    ("effect missing", "nobody outside was told", without(Effect, number=12)),
    ("effect missing", "a job was given up", row(given_up=1)),
    ("effect altered", "other words under the same key", more(Effect("key 12", "c", 12, "other"))),
    ("effect altered", "another key for the same event", more(Effect("key 99", "c", 12, "Where?"))),
    ("phantom", "something was told outside that is not stored", more(Effect("key 99", "c", 99, "Boo"))),
    ("incomplete", "a window ends early", without(Shown, viewer=ANN, number=9)),
    ("unsent", "a text was never answered", more(Typed("ann", ANN, "a9", "And then?"))),
    ("unsent", "a job is overdue", row(unfinished=1)),
]


@pytest.mark.parametrize(("kind", "change"), [(kind, change) for kind, _, change in FAULTS], ids=[f[1] for f in FAULTS])
def test_every_kind_of_fault_is_found(kind: str, change: Change):
    written, events = entries(), stored()
    record = change(written, events) or record_of(events)
    assert kind in found(written, record)
