"""Was the promise kept? Judges what clients wrote down against the record, and the record against itself.

    violations = judge(history, record, everything_told=True)

Each violation names what was broken, in the words of `docs/reliability.md`, and where.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.faults.history import Acknowledged, CaughtUp, Effect, History, Lost, Refused, Shown, Typed, Won
from tests.faults.record import Record, Stored

KEPT_BY_BOT, KEPT_BY_NOBODY = "bot", "nobody"
CALL = "human"
"""What visitors type to be given to a person: the one text that is typed more than once."""
LET_GO = ("returned", "closed")
"""What has a name given by its client, so that it may be asked for again, and no text."""
_REPLY = re.compile(r"(\d+)\. (.*)", re.S)
"""How the lighthouse's bot repeats and counts what it was told."""


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


Check = Callable[[History, Record], Iterator[Violation]]


def judge(history: History, record: Record, *, effects: bool = False, drained: bool = True) -> list[Violation]:
    """Returns everything that broke a promise.

    `effects`: somebody outside was to be told of every message. `drained`: everybody had time to send what they had.
    """
    checks = [*ALWAYS, *((effects_come,) if effects else ()), *((nothing_is_left,) if drained else ())]
    return [violation for check in checks for violation in check(history, record)]


def acknowledged_is_stored(history: History, record: Record) -> Iterator[Violation]:
    """D1: what was acknowledged is there, in the place that was told."""
    places = {(each.actor, each.client_id): each for each in _all(record) if each.client_id}
    told: dict[tuple[str, str], tuple[str, int]] = {}
    for ack in history.of(Acknowledged):
        place = (ack.conversation, ack.number)
        if told.setdefault((ack.sender, ack.client_id), place) != place:
            yield Violation(
                "doubled", f"{ack.client_id} was acknowledged at {told[ack.sender, ack.client_id]} and {place}"
            )
        stored = places.get((ack.sender, ack.client_id))
        if stored is None or (stored.conversation, stored.number_for(ack.sender)) != place:
            yield Violation("lost", f"{ack.client_id} of {ack.sender}, acknowledged at {place}, is {_place(stored)}")


def stored_is_typed(history: History, record: Record) -> Iterator[Violation]:
    """D2: one typed text is one stored message with these words; nothing else is stored in anybody's name."""
    typed = {(each.sender, each.client_id): each.text for each in history.of(Typed)}
    refused = {(each.sender, each.client_id) for each in history.of(Refused)}
    seen: set[tuple[str, str]] = set()
    for stored in _all(record):
        if stored.client_id is None:
            continue
        key = stored.actor, stored.client_id
        if key in seen:
            yield Violation("doubled", f"{stored.client_id} of {stored.actor} is stored twice")
        seen.add(key)
        if stored.kind in LET_GO:
            continue
        if key not in typed:
            yield Violation("phantom", f"{stored.client_id} of {stored.actor} was never typed")
        elif key in refused:
            yield Violation("phantom", f"{stored.client_id} of {stored.actor} was refused and is stored")
        elif typed[key] != stored.text:
            yield Violation(
                "altered", f"{stored.client_id} of {stored.actor}: {typed[key]!r} is stored as {stored.text!r}"
            )
    texts = Counter((each.actor, each.text) for each in _all(record) if each.client_id and each.kind not in LET_GO)
    wanted = Counter((each.sender, each.text) for each in _presses(history))
    for (sender, text), times in texts.items():
        if times > max(wanted[sender, text], 1):
            yield Violation(
                "doubled", f"{text!r} of {sender} is stored {times} times, typed {wanted[sender, text]} times"
            )


def numbers_have_no_holes(_: History, record: Record) -> Iterator[Violation]:
    """D3: 1, 2, 3 … for those who see everything and for visitors."""
    for conversation, events in record.conversations.items():
        if [each.seq for each in events] != list(range(1, len(events) + 1)):
            yield Violation("holes", f"{conversation} is numbered {[each.seq for each in events]}")
        mine = [each.visitor_seq for each in events if each.visitor_seq is not None]
        if mine != list(range(1, len(mine) + 1)):
            yield Violation("holes", f"{conversation} is numbered {mine} for its visitor")


def senders_keep_their_order(history: History, record: Record) -> Iterator[Violation]:
    """D3: what one tab typed is stored in the order it was typed."""
    begun = {conversation: events[0].at for conversation, events in record.conversations.items()}
    places = {
        (each.actor, each.client_id): (begun[each.conversation], each.conversation, each.seq)
        for each in _all(record)
        if each.client_id
    }
    latest: dict[tuple[str, str], tuple[object, ...]] = {}
    by: dict[tuple[str, str], str] = {}
    for typed in history.of(Typed):
        place = places.get((typed.sender, typed.client_id))
        if place is None:
            continue
        # Agents speak in several conversations at once: there the order is one of each conversation.
        line = (typed.line, "" if typed.sender.startswith("visitor:") else str(place[1]))
        if line in latest and place < latest[line]:  # type: ignore[operator]
            yield Violation("sender's order", f"{typed.client_id} of {typed.line} is stored before {by[line]}")
        latest[line], by[line] = max(place, latest.get(line, place)), typed.client_id  # type: ignore[type-var]


def windows_show_the_record(history: History, record: Record) -> Iterator[Violation]:
    """D2 to D4: each window shows 1, 2, 3 …, each once, as it is stored; and all of it once everything has healed."""
    events: dict[tuple[str, str, int | None], Stored] = {}
    for each in _all(record):
        events["visitor", each.conversation, each.visitor_seq] = each
        events["agent", each.conversation, each.seq] = each
    shown: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in history.of(Shown):
        numbers = shown[each.window, each.conversation]
        last = numbers[-1] if numbers else 0
        where = f"{each.window} in {each.conversation}"
        if each.number in numbers:
            yield Violation("doubled", f"{where} showed {each.number} twice")
        elif each.number < last:
            yield Violation("order", f"{where} showed {each.number} after {last}")
        elif each.number > last + 1:
            yield Violation("holes", f"{where} showed {each.number} after {last}")
        numbers.append(each.number)
        stored = events.get((each.viewer.partition(":")[0], each.conversation, each.number))
        if stored is None:
            yield Violation("phantom", f"{where} showed {each.number}, which is not stored")
        elif (stored.client_id, stored.text) != (each.client_id, each.text):
            yield Violation("altered", f"{where} showed {each.text!r} at {each.number}, stored is {stored.text!r}")
    for end in history.of(CaughtUp):
        numbers = shown[end.window, end.conversation]
        if (numbers[-1] if numbers else 0) < end.head:
            yield Violation("incomplete", f"{end.window} shows {numbers[-1:]} of {end.head} in {end.conversation}")


def one_story_an_epoch(history: History, _: Record) -> Iterator[Violation]:
    """D4: as long as nobody is told to load anew, a number stands for the same in every window."""
    stories: dict[tuple[str, str, str, int], Shown] = {}
    for each in history.of(Shown):
        place = each.epoch, each.viewer.partition(":")[0], each.conversation, each.number
        first = stories.setdefault(place, each)
        if (first.client_id, first.text) != (each.client_id, each.text):
            what = f"{each.window} showed {each.text!r}, {first.window} {first.text!r}"
            yield Violation("two stories", f"{what} at {each.number} of {each.conversation}")


def one_owner(history: History, record: Record) -> Iterator[Violation]:
    """D6: taken only from the queue or the bot, told to nobody else, and only the owner speaks."""
    for conversation, events in record.conversations.items():
        owner: str | None = None
        for each in events:
            if each.kind == "accepted":
                if owner is not None:
                    yield Violation("two owners", f"{conversation} was taken at {each.seq} while {owner} had it")
                owner = each.actor
            elif each.kind == "message" and each.actor.startswith("agent:") and each.actor != owner:
                yield Violation("two owners", f"{each.actor} spoke at {each.seq} of {conversation}, which {owner} had")
            elif each.kind in ("returned", "closed", "requeued"):
                owner = None
        row = record.owners.get(conversation)
        if (f"agent:{row}" if row else None) != owner:
            yield Violation("two owners", f"{conversation} belongs to {owner}, and its row says {row}")
        if tuple(f"agent:{each}" for each in record.assigned.get(conversation, ())) != ((owner,) if owner else ()):
            yield Violation(
                "two owners", f"{conversation} of {owner} is assigned to {record.assigned.get(conversation)}"
            )
    yield from _accepts_told_truly(history, record)
    held = Counter(row for row in record.owners.values() if row)
    for agent, active in record.held.items():
        if active != held[agent]:
            yield Violation("two owners", f"{agent} holds {held[agent]}, and the agent's row says {active}")


def _accepts_told_truly(history: History, record: Record) -> Iterator[Violation]:
    takers = {(each.conversation, each.seq): each.actor for each in _all(record) if each.kind == "accepted"}
    names: dict[str, set[str]] = defaultdict(set)
    for each in _all(record):
        if each.kind == "accepted":
            names[each.conversation].add(each.body["name"])
    for won in history.of(Won):
        if takers.get((won.conversation, won.number)) != won.agent:
            yield Violation("two owners", f"{won.agent} was told to own {won.conversation} by {won.number}")
    for lost in history.of(Lost):
        if lost.told not in names[lost.conversation]:
            yield Violation("two owners", f"{lost.agent} was told that {lost.told} has {lost.conversation}")


def one_step_a_message(_: History, record: Record) -> Iterator[Violation]:
    """D7: the bot takes one step for each message it is to answer, and its replies are stored with that step."""
    for conversation, events in record.conversations.items():
        holder, counted = KEPT_BY_BOT, 0
        for written in _written_together(events):
            said = [each for each in written if each.kind == "message" and each.actor.startswith("visitor:")]
            replies = [
                found for each in written if each.actor == "bot" and (found := _REPLY.fullmatch(each.text or ""))
            ]
            turns = sum(each.kind == "turn" for each in written)
            for reply in replies:
                counted += 1
                if int(reply[1]) != counted:
                    yield Violation("two steps", f"{conversation} counts {reply[1]} where {counted} is due")
                if [each.text for each in said] != [reply[2]]:
                    yield Violation("step apart", f"{conversation} answers {reply[2]!r} apart from that message")
            if said and holder == KEPT_BY_BOT and said[0].text != CALL and turns != 1:
                yield Violation("two steps", f"{conversation} took {turns} steps at {said[0].seq}")
            if said and holder != KEPT_BY_BOT and (turns or replies):
                yield Violation(
                    "two steps", f"the bot of {conversation} answered at {said[0].seq}, which {holder} held"
                )
            holder = _holder_after(holder, written)


def _written_together(events: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Yields the events of each change: all of them have its moment."""
    group: list[Stored] = []
    for each in events:
        if group and (each.at != group[0].at or _begins_a_change(each)):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _begins_a_change(event: Stored) -> bool:
    # The first message comes with the start.
    return event.kind in ("accepted", "returned") or (event.client_id is not None and event.seq > 2)


def _holder_after(holder: str, written: Iterable[Stored]) -> str:
    for each in written:
        if each.kind == "agent_requested":
            holder = "queue"
        elif each.kind == "accepted":
            holder = each.actor
        elif each.kind in ("returned", "waited_long"):
            holder = KEPT_BY_BOT
        elif each.kind == "closed":
            holder = KEPT_BY_NOBODY
    return holder


def effects_come(history: History, record: Record) -> Iterator[Violation]:
    """D8: every message is told outside at least once, each time under the same key and with the same words."""
    payloads: dict[str, str] = {}
    places: dict[str, tuple[str, int]] = {}
    for effect in history.of(Effect):
        place = (effect.conversation, effect.number)
        if (
            payloads.setdefault(effect.key, effect.payload) != effect.payload
            or places.setdefault(effect.key, place) != place
        ):
            yield Violation("effect altered", f"{effect.key} came with other contents")
    keys = Counter(places.values())
    for each in _all(record):
        if each.kind == "message" and keys[each.conversation, each.seq] != 1:
            told = keys[each.conversation, each.seq]
            yield Violation(
                "effect missing" if not told else "effect altered", f"{each.seq} of {each.conversation}: {told} keys"
            )
    stored = {(each.conversation, each.seq) for each in _all(record)}
    for key, place in places.items():
        if place not in stored:
            yield Violation("phantom", f"{key} told of {place}, which is not stored")
    if record.given_up:
        yield Violation("effect missing", f"{record.given_up} jobs were given up")


def nothing_is_left(history: History, record: Record) -> Iterator[Violation]:
    """D5 and D9: once everything has healed each text is either acknowledged or refused, and no job is overdue."""
    answered = {(each.sender, each.client_id) for each in history.of(Acknowledged)}
    answered |= {(each.sender, each.client_id) for each in history.of(Refused)}
    stored = {(each.actor, each.client_id) for each in _all(record)}
    for typed in history.of(Typed):
        key = (typed.sender, typed.client_id)
        if key not in answered and key not in stored:
            yield Violation("unsent", f"{typed.client_id} of {typed.line} was neither stored nor refused")
    if record.unfinished:
        yield Violation("unsent", f"{record.unfinished} jobs are overdue")


ALWAYS: tuple[Check, ...] = (
    acknowledged_is_stored,
    stored_is_typed,
    numbers_have_no_holes,
    senders_keep_their_order,
    windows_show_the_record,
    one_story_an_epoch,
    one_owner,
    one_step_a_message,
)


def _presses(history: History) -> Iterator[Typed]:
    """Yields what a person typed, once each: a client that forgot the id of a text sends it under another."""
    seen: set[tuple[str, str]] = set()
    for typed in history.of(Typed):
        if typed.text == CALL or (typed.sender, typed.text) not in seen:
            seen.add((typed.sender, typed.text))
            yield typed


def _all(record: Record) -> Iterator[Stored]:
    return (each for events in record.conversations.values() for each in events)


def _place(stored: Stored | None) -> str:
    return f"at {stored.seq} of {stored.conversation}" if stored else "not stored"
