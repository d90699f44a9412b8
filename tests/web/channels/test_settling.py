"""When the bot has done with a message, and waking those who wait for that."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.conversation import Conversation
from bot.events import Event
from flows.cursor import Cursor
from handoff.announcements import Announcement, StaffChanged
from web.channels.answers import Answer
from web.channels.entry import Entry
from web.channels.settling import Settling, Wait, is_at_work

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HERE = Conversation(id="c1", visitor_id="v1", created_at=NOW, last_at=NOW, language="en", cursor=Cursor("c1", "en"))


@pytest.mark.parametrize(
    ("kinds", "at_work"),
    [
        ("", False),
        ("turn message", False),
        ("turn action_called message", True),
        ("turn action_called message action_returned turn message", False),
        ("action_called action_returned turn action_called", True),
    ],
)
def test_the_bot_is_at_work_from_the_call_of_an_action_until_it_comes_back(kinds: str, at_work: bool):
    events = [Event("c1", seq, None, None, "bot", kind, {}, NOW) for seq, kind in enumerate(kinds.split(), 1)]
    assert is_at_work(events) is at_work


class Waited(Exception):
    """An answer is not there yet."""


class Impatient(Settling):
    @contextmanager
    def listening(self, conversation_id: str) -> Iterator[Wait]:
        def wait(seconds: float) -> None:
            raise Waited

        yield wait


def answers_to_the_first(*said: tuple[str, str, str]) -> list[Answer]:
    """Returns what is answered to the first of these messages at its door, of (actor, kind, text)."""
    record = [
        Event("c1", seq, seq, None, actor, kind, {"text": text}, NOW) for seq, (actor, kind, text) in enumerate(said, 1)
    ]
    journal = SimpleNamespace(events_after=lambda _, after: record[after:])
    desk = SimpleNamespace(conversation=lambda _: HERE)
    beside: Any = None
    entry = Entry(cast(Any, desk), cast(Any, journal), beside, beside, Impatient(), beside, beside)
    return list(entry.answers_to(record[0]))


def test_an_answer_waits_for_an_action_until_the_visitor_writes_again():
    asked = ("visitor:v1", "message", "AB-1"), ("bot", "action_called", ""), ("bot", "message", "I look it up.")
    with pytest.raises(Waited):
        answers_to_the_first(*asked)
    again = ("visitor:v1", "message", "Are you there?")
    assert answers_to_the_first(*asked, again) == [{"text": "I look it up."}]


def test_who_waits_is_woken_by_what_happens_in_their_conversation():
    settling, woken = Settling(), []

    def wait_for_more() -> None:
        with settling.listening("c1") as wait:
            started.append(True)
            wait(60)
            woken.append(True)

    started: list[bool] = []
    waiting = Thread(target=wait_for_more)
    waiting.start()
    while not started:
        pass
    settling.on_news(StaffChanged("a1"))
    settling.on_news(Announcement(HERE, replace(HERE, id="c2"), ()))
    assert woken == []
    settling.on_news(Announcement(HERE, HERE, ()))
    waiting.join(10)
    assert woken == [True]
    settling.on_news(Announcement(HERE, HERE, ()))
