"""What happened in a conversation, told in words to those who were not there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.events import Event, written
from bot.explaining import explained

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def told(kind: str, actor: str, **body: Any) -> str:
    event = Event("conversation-1", 1, None, None, actor, kind, body, NOW)
    (happening,) = explained([event])
    return f"{happening.who}: {happening.what}"


def test_an_offer_says_how_long_it_stood_and_not_by_which_clock_it_ended() -> None:
    until = written(NOW + timedelta(seconds=30))
    assert (
        told("offered", "system", agent="a1", name="Ben", until=until) == "system: offered (name Ben, for 30 seconds)"
    )


def test_who_did_it_is_said_once() -> None:
    accepted = told("accepted", "agent:a1", agent="a1", name="Anna", department="sales")
    assert accepted == "Anna: accepted (department sales)"
    over = told("offer_over", "system", agent="a1", name="Ben", why="timeout")
    assert over == "system: offer over (name Ben, why timeout)"
