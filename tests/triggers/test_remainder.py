"""What goes to the page of a visitor, and when the server has to be asked again."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.conditions import IR
from rules.problems import Place
from triggers.limits import Limits
from triggers.remainder import AGENTS_CHANGE_AFTER, Remainders, Timing, remainder
from triggers.speaker import Speaker
from triggers.trigger import Trigger

PLAN_AND_PAGE: IR = (
    "all",
    ("glob", "page", "/pricing*"),
    ("is", "opening_hours", "open"),
    (">=", "agents_available", 1),
    ("not", ("is", "contact.plan", "secret plan")),
)


def trigger(condition: IR = PLAN_AND_PAGE, **more: Any) -> Trigger:
    return Trigger(
        id="pricing_help",
        place=Place("triggers/shop.yaml", 2, 3),
        order=3,
        title={"en": "Pricing"},
        description={},
        condition=condition,
        say={"en": "Private words"},
        limit=Limits(per_visit=1, gap=7200),
        **more,
    )


OPEN = {"opening_hours": "open", "agents_available": 2, "contact.plan": None}


def test_the_page_gets_what_it_can_decide_and_nothing_else() -> None:
    left = remainder(trigger(steady_for=5, start="qualify"), OPEN)
    assert left is not None
    assert left.as_json() == {
        "id": "pricing_help",
        "when": ("glob", "page", "/pricing*"),
        "for": 5,
        "order": 3,
        "priority": 50,
        "limit": {"per_visit": 1, "gap": 7200},
    }
    sent = json.dumps(left.as_json())
    assert not any(word in sent for word in ("secret", "contact", "agents", "opening", "Private"))


@pytest.mark.parametrize(
    "fact", [{"opening_hours": "closed"}, {"agents_available": 0}, {"contact.plan": "Secret Plan"}]
)
def test_a_trigger_that_cannot_come_up_is_not_sent(fact: dict[str, Any]) -> None:
    assert remainder(trigger(), OPEN | fact) is None


def test_what_the_server_does_not_know_is_no_reason_to_send_it() -> None:
    assert remainder(trigger(), {"opening_hours": "open", "agents_available": 2}) is None


def test_one_that_is_switched_off_is_not_sent() -> None:
    assert remainder(trigger(enabled=False), OPEN) is None


def test_what_the_page_knows_itself_stays_even_if_the_server_has_heard_of_it() -> None:
    left = remainder(trigger(("all", ("is", "page", "/"), (">=", "visits", 2))), {"page": "/", "visits": 5})
    assert left is not None
    assert left.condition == ("all", ("is", "page", "/"), (">=", "visits", 2))


def test_how_it_behaves_beside_others_is_told() -> None:
    left = remainder(trigger(ignore_manners=True, if_busy="wait"), OPEN)
    assert left is not None
    assert (left.as_json()["ignore_manners"], left.as_json()["waits"]) == (True, True)


def test_the_work_is_done_once_for_the_same_facts() -> None:
    remainders = Remainders([trigger(), trigger(("is", "page", "/"), speaker=Speaker("sales"))])
    first = remainders.of(lambda department: OPEN)
    assert [left.condition for left in first.remainders] == [("glob", "page", "/pricing*"), ("is", "page", "/")]
    assert remainders.of(lambda department: dict(OPEN)) is first
    assert remainders.of(lambda department: OPEN | {"contact.name": "Ann"}) is first
    assert len(remainders.of(lambda department: OPEN | {"agents_available": 0}).remainders) == 1
    assert json.loads(first.json) == json.loads(json.dumps([left.as_json() for left in first.remainders]))
    assert remainders.of(lambda department: OPEN) is first


def test_one_visitor_does_not_get_what_was_worked_out_for_another() -> None:
    remainders = Remainders([trigger()])
    assert remainders.of(lambda department: OPEN).remainders
    assert not remainders.of(lambda department: OPEN | {"contact.plan": "secret plan"}).remainders
    assert not remainders.of(lambda department: {"opening_hours": "open", "agents_available": 2}).remainders


def test_each_department_has_its_own_facts() -> None:
    condition: IR = ("is", "opening_hours", "open")
    remainders = Remainders([trigger(condition), trigger(condition, speaker=Speaker("sales"))])
    told = remainders.of(lambda department: {"opening_hours": "open" if department else "closed"})
    assert [left.trigger.department for left in told.remainders] == ["sales"]


def test_only_so_much_is_kept() -> None:
    remainders = Remainders([trigger(("is", "contact.name", "Ann"))], most_kept=2)
    ann = remainders.of(lambda department: {"contact.name": "Ann"})
    for name in ("Ben", "Cleo"):
        assert not remainders.of(lambda department, name=name: {"contact.name": name}).remainders
    assert remainders.of(lambda department: {"contact.name": "Ann"}) is not ann


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("condition", "now", "opening", "seconds"),
    [
        (("is", "page", "/"), "2026-03-04 10:00", 60.0, None),
        ((">=", "agents_available", 1), "2026-03-04 10:00", None, AGENTS_CHANGE_AFTER),
        (("is", "opening_hours", "open"), "2026-03-04 10:00", 28_800.0, 28_800),
        (("is", "opening_hours", "open"), "2026-03-04 10:00", 30 * 86_400.0, 86_400),  # no browser can wait that long
        (("is", "opening_hours", "open"), "2026-03-04 10:00", None, None),
        (("is", "date", "2026-03-05"), "2026-03-04 23:59:30", None, 30),
        (("in", "weekday", ("sat", "sun")), "2026-03-04 12:00", None, 43_200),
        ((">=", "time", "12:00"), "2026-03-04 11:58", None, 120),
        (("<=", "time", "12:00"), "2026-03-04 12:00:20", None, 40),
        ((">=", "time", "09:00"), "2026-03-04 23:00", None, 36_000),
        (("not", ("any", (">=", "time", "12:00"), (">", "agents_online", 0))), "2026-03-04 11:59:50", None, 10),
    ],
)
def test_the_page_asks_again_when_the_servers_part_may_have_changed(
    condition: IR, now: str, opening: float | None, seconds: int | None
) -> None:
    again = Timing.of([condition]).again_after(at(now), opening)
    assert again is None if seconds is None else again is not None and 0 <= again - seconds <= 1


@pytest.mark.parametrize(
    ("now", "wanted", "seconds"),
    [
        ("2026-03-29 01:30:00+01:00", "03:00", 1_800),  # the clock goes from 02:00 to 03:00
        ("2026-03-29 01:30:00+01:00", "02:30", 1_800),
        ("2026-03-28 23:30:00+01:00", "03:00", 9_000),
        ("2026-03-29 03:30:00+02:00", "03:00", 84_600),
        ("2026-10-25 01:30:00+02:00", "02:30", 3_600),
        ("2026-10-25 02:31:00+02:00", "02:30", 1_740),  # the clock goes from 03:00 to 02:00
        ("2026-10-25 02:00:00+01:00", "02:30", 1_800),
        ("2026-10-25 02:30:00+01:00", "03:00", 1_800),
    ],
)
def test_the_page_asks_again_in_time_in_the_night_when_the_clocks_change(now: str, wanted: str, seconds: int) -> None:
    local_now = datetime.fromisoformat(now).astimezone(ZoneInfo("Europe/Berlin"))
    again = Timing.of([(">=", "time", wanted)]).again_after(local_now)
    assert again is not None and 0 <= again - seconds <= 2
