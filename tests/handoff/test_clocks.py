"""Times are told by the clock of whoever reads them: visitors by theirs, agents by that of the site."""

from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from bot.greeting import Whereabouts
from handoff.desk import Said
from handoff.responses import filled_responses
from tests.handoff.conftest import open_office

NEXT = "{{ site.next_opening | date: 'weekday time' }}"
SITE = f"""
site: {{name: Shop, timezone: Europe/Berlin, languages: [en]}}
opening_hours: {{default: {{mon-fri: 10:00-18:00, sat-sun: closed}}}}
conversation: {{start: welcome}}
flows:
  welcome:
    steps:
      - say: "Back {NEXT}."
      - note: "Told that we are back {NEXT}."
      - say: "We are here {{{{ site.opening_hours }}}}."
rules:
  hours: {{match: {{words: [hours]}}, answer: "Again {NEXT}."}}
responses:
  back: {{text: "Until {NEXT}."}}
"""
BY_BERLIN = "Monday 10:00"


@pytest.mark.parametrize(
    ("zone", "told", "hours"),
    [
        ("America/New_York", "Monday 05:00", "Mon–Fri 10:00–18:00 (Berlin)"),
        ("Pacific/Auckland", "Monday 22:00", "Mon–Fri 10:00–18:00 (Berlin)"),
        ("Europe/Vienna", BY_BERLIN, "Mon–Fri 10:00–18:00"),
        (None, BY_BERLIN, "Mon–Fri 10:00–18:00"),
        ("Europe/Nowhere", BY_BERLIN, "Mon–Fri 10:00–18:00"),
        ("../../etc/passwd", BY_BERLIN, "Mon–Fri 10:00–18:00"),
        (5, BY_BERLIN, "Mon–Fri 10:00–18:00"),
    ],
)
def test_visitors_are_told_times_by_their_clock_and_agents_by_the_site_s(
    database: Database, clock: Any, tmp_path: Path, zone: object, told: str, hours: str
):
    (tmp_path / "site.yaml").write_text(SITE)
    office = open_office(database, clock, tmp_path)
    clock.advance(days=5 - clock().weekday())  # A Saturday.
    whereabouts = Whereabouts("en", facts={"timezone": zone})
    for number, text in enumerate(("Hello", "Your hours?")):
        office.desk.receive("visitor-1", Said(text), client_id=f"c-{number}", whereabouts=whereabouts)
    conversation = office.desk.open_conversation("visitor-1")
    assert conversation is not None
    events = office.journal.events_after(conversation.id, 0)
    said = [event.body["text"] for event in events if event.kind == "message" and event.role == "bot"]
    assert said == [f"Back {told}.", f"We are here {hours}.", f"Again {told}."]
    (note,) = [event.body["text"] for event in events if event.kind == "note"]
    assert note == f"Told that we are back {BY_BERLIN}."
    known = office.desk.known(conversation.id)
    (prepared,) = filled_responses(office.sites.current, conversation, known, agent_name="Anna", now=clock())
    assert prepared["text"] == f"Until {told}."
