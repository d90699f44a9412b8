"""What happened in a conversation, told in words to those who were not there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.events import Event, written
from bot.explaining import explained, what_held
from rules.conditions import reasons

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


def test_an_agent_whose_name_a_program_did_not_say_is_an_agent() -> None:
    assert told("message", "agent:program", text="hello") == "agent: hello"


def test_what_was_seen_is_said_as_conditions_say_it_and_what_must_not_be_is_left_whole() -> None:
    condition = ["all", [">=", "time_on_page", 30], ["is", "returning", True], ["not", ["glob", "page", "/jobs*"]]]
    facts = {"time_on_page": 95, "returning": True, "page": "/prices"}
    why = reasons(condition, facts).as_json()
    held = ["on this page at least 30s (95s)", "returning visitor: yes (yes)", "unless page is /jobs*"]
    assert what_held(why) == held
    begun = Event("conversation-1", 1, None, None, "system", "started", {"page": "/", "trigger": "t", "why": why}, NOW)
    (happening,) = explained([begun])
    assert [(told.words, told.outcome) for told in happening.reasons] == [
        (held[0], "yes"),
        (held[1], "yes"),
        ("page is /jobs* (/prices)", "no"),
    ]


def test_what_did_not_hold_is_no_reason() -> None:
    why = reasons(["any", ["is", "returning", True], [">=", "visits", 2]], {"returning": False, "visits": 3})
    assert what_held(why.as_json()) == ["visits at least 2 (3)"]
    nothing = reasons(["not", ["is", "returning", False]], {"returning": False})
    assert what_held(nothing.as_json()) == what_held(None) == what_held([]) == []
