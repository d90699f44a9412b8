"""What is known of a visitor, for whoever takes over: what they told, and not what flows hand to one another."""

from pathlib import Path
from typing import Any

import pytest

from bot.greeting import Greeting, Shown
from bot.impressions import Impressions
from bot.visits import Visits
from handoff.brief import Briefs
from handoff.desk import Said
from tests.handoff.conftest import Office, VisitorActor, open_office

SITE = """\
site: {name: Tea, languages: [en]}
conversation: {start: advice}
departments: {sales: {title: Sales}}
triggers:
  sizes: {when: {page: /}, say: How many are you?, start: advice, save_as: size, buttons: [1-5, 6-50]}
flows:
  advice:
    inputs: {size: text}
    steps:
      - collect: tea
        ask: Which tea?
      - call: order
        with: {kind: "{{ tea }}"}
      - handoff: sales
  order:
    inputs: {kind: text}
    steps: [{say: "{{ kind }} it is."}]
"""


@pytest.fixture
def office(database: Any, clock: Any, tmp_path: Path) -> Office:
    (tmp_path / "site.yaml").write_text(SITE)
    return open_office(database, clock, tmp_path)


@pytest.fixture
def visits(office: Office) -> Visits:
    return Visits(office.database, office.journal, new_id=iter(map(str, range(99))).__next__)


@pytest.fixture
def told(office: Office, visits: Visits) -> Any:
    """Returns label → (value, source) of what the brief tells of a conversation."""

    def tell(ann: VisitorActor) -> dict[str, tuple[Any, str]]:
        conversation = office.desk.conversation(ann.conversation)
        brief = Briefs(office.journal, office.live, visits).of(conversation, office.sites.current)
        return {each["label"]: (each["value"], each["source"]) for each in brief["values"]}

    return tell


def test_what_flows_hand_to_one_another_is_no_answer(visitor: Any, told: Any):
    ann = visitor()
    ann.writes("Hello")
    ann.writes("Assam")
    assert "Assam it is." in ann.hears()
    assert told(ann) == {"Tea": ("Assam", "answered in advice, step collect_tea")}


def test_what_was_chosen_where_the_assistant_spoke_first_is(office: Office, visits: Visits, visitor: Any, told: Any):
    ann = visitor()
    page = {"page": "/", "page.path": "/", "page.title": "Tea"}
    impressions = Impressions(office.database, office.journal, new_id=lambda: "impression")
    greeting = Greeting(office.sites, visits, impressions, office.agents, known=office.live.known, now=office.clock)
    greeting.view(ann.id, page, languages=["en"])
    shown = greeting.show(ann.id, "sizes", page, chatting=False)
    assert isinstance(shown, Shown)
    ann._sends(Said("6-50", None, greeting.answered(ann.id, shown.impression, "6-50")), None)
    assert told(ann) == {"Size": ("6-50", "answered where the assistant spoke first")}
