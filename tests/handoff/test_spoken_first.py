"""What triggers show and in whose name, and what becomes of it once the visitor answers."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.greeting import Greeting, Shown
from bot.impressions import Impressions
from bot.visits import Visits
from handoff.brief import Briefs
from handoff.desk.visitor_side import Said
from tests.handoff.conftest import Office, VisitorActor, open_office

SITE = """
site: {name: Teahouse, languages: [en, de]}
opening_hours: {default: {mon-sun: "00:00-24:00"}}
departments:
  sales: {title: {en: Sales, de: Verkauf}}
manners: {per_page: 9, per_visit: 9, per_day: 9, per_week: 9, gap: 0s, after_chat: 0s}
triggers:
  leaving:
    when: {exit_intent: true, device: desktop}
    start: cart
    open: true
  counted: {when: {page: /}, start: cart, badge: true}
  called: {when: {page: /}, start: call}
  wordless: {when: {page: /}, start: silent}
  opened: {when: {page: /}, open: true}
  declined:
    when: {page: /}
    say: A question?
    start: cart
    buttons: [{label: "Yes", then: start cart}, {label: "No", then: dismiss}]
  sized:
    when: {page: /}
    say: Questions about prices?
    start: prices
    save_as: size
    buttons:
      - 1-5
      - {label: {en: Six or more, de: Sechs oder mehr}, value: 6+}
      - {label: {en: "No, thanks", de: "Nein, danke"}, then: dismiss}
  staffed:
    when: {page: /}
    say: Questions about prices?
    start: prices
    buttons: [Human, {Ask us: handoff}, {A person: handoff sales}]
  spoken: {when: {page: /}, say: May I help?, from: sales}
  personal: {when: {page: /}, say: May I help?, from: {department: sales, agent: anna berg}}
flows:
  cart:
    steps:
      - say: Your cart stays {{ weekday }} night.
      - buttons: Shall we mail it to you?
        options: [{Please do: mail}, {No thanks: end}]
      - id: mail
        collect: email
        ask: Where to?
  call:
    steps: [{say: I fetch somebody.}, {handoff: sales}]
  silent:
    steps: [{set: {seen: true}}, {handoff: sales}]
  prices:
    inputs: {size: text}
    steps:
      - say: 'Prices for {{ size | default: "everybody" }}.'
      - form: [{collect: email, ask: Where to?}, {collect: wish, ask: What do you wish?}]
rules:
  shipping: {match: {words: [shipping]}, answer: We ship in a day.}
  lottery: {match: {words: [lottery]}, block: true}
"""
ON_A_PAGE = {"page": "/", "page.path": "/", "page.title": "Tea", "exit_intent": True, "device": "desktop"}


@pytest.fixture
def office(database: Any, clock: Any, tmp_path: Path) -> Office:
    (tmp_path / "site.yaml").write_text(SITE)
    return open_office(database, clock, tmp_path)


@pytest.fixture
def greeting(office: Office) -> Greeting:
    numbers = count(1)

    def new_id() -> str:
        return f"id-{next(numbers)}"

    visits = Visits(office.database, office.journal, new_id=new_id)
    impressions = Impressions(office.database, office.journal, new_id=new_id)
    return Greeting(office.sites, visits, impressions, office.agents, known=office.live.known, now=office.clock)


def show(greeting: Greeting, trigger: str, *, language: str = "en") -> Shown | str:
    greeting.view("visitor-1", ON_A_PAGE, languages=[language])
    return greeting.show("visitor-1", trigger, ON_A_PAGE, chatting=False)


def shown(greeting: Greeting, trigger: str, **options: Any) -> Shown:
    found = show(greeting, trigger, **options)
    assert isinstance(found, Shown), found
    return found


def answers(visitor: VisitorActor, greeting: Greeting, bubble: Shown, *, label: str = "", text: str = "") -> None:
    answered = greeting.answered(visitor.id, bubble.impression, label or None, text)
    visitor._sends(Said(text or label, None, answered), None)


def test_a_flow_without_a_message_before_it_shows_its_first_words(greeting: Greeting):
    bubble = shown(greeting, "leaving")
    assert bubble.say == "Your cart stays wed night.\n\nShall we mail it to you?"
    assert [label for label, _ in bubble.buttons] == ["Please do", "No thanks"]
    assert (bubble.open, bubble.badge) == (True, False)


def test_it_begins_with_the_answer_and_takes_it(greeting: Greeting, visitor: Any, office: Office):
    bubble, ann = shown(greeting, "leaving"), visitor()
    assert office.desk.open_conversation(ann.id) is None
    answers(ann, greeting, bubble, label="Please do")
    assert ann.hears() == ["Your cart stays wed night.", "Shall we mail it to you?", "Please do", "Where to?"]


def test_what_is_written_instead_is_an_answer_to_it_too(greeting: Greeting, visitor: Any):
    bubble, ann = shown(greeting, "counted"), visitor()
    answers(ann, greeting, bubble, text="no thanks")
    assert ann.hears() == ["Your cart stays wed night.", "Shall we mail it to you?", "no thanks"]


def test_a_flow_that_fetches_somebody_does_so_once_the_visitor_has_answered(
    greeting: Greeting, visitor: Any, agent: Any, office: Office
):
    anna = agent("Anna Berg").comes_online()
    bubble, ann = shown(greeting, "called"), visitor()
    assert anna.is_offered() == []
    answers(ann, greeting, bubble, text="Hello?")
    assert ann.hears() == ["I fetch somebody.", "Hello?"]
    assert anna.is_offered() == [ann.conversation]


def test_a_flow_that_says_nothing_at_first_is_not_shown(greeting: Greeting):
    assert show(greeting, "wordless") == "nothing_to_say"


def test_a_window_may_be_opened_without_a_word(greeting: Greeting, visitor: Any):
    bubble, ann = shown(greeting, "opened"), visitor()
    assert (bubble.say, bubble.open) == ("", True)
    answers(ann, greeting, bubble, text="Have you Assam?")
    assert ann.hears()[0] == "Have you Assam?"


@pytest.mark.parametrize(("label", "begun"), [("Yes", "Shall we mail it to you?"), ("No", "No")])
def test_nothing_begins_by_a_button_that_waves_it_away(greeting: Greeting, visitor: Any, label: str, begun: str):
    bubble, ann = shown(greeting, "declined"), visitor()
    answers(ann, greeting, bubble, label=label)
    assert ann.hears()[-1] == begun


@pytest.mark.parametrize(
    ("text", "language", "begun"),
    [
        *(("1-5", "en", "Prices for 1-5."), ("six or more!", "en", "Prices for 6+.")),
        *(("Sechs oder mehr", "de", "Prices for 6+."), ("6+", "en", "Prices for everybody.")),
        *(("No thanks", "en", None), ("nein danke", "de", None)),
        ("It is for my shop", "en", "Prices for everybody."),
    ],
)
def test_a_label_that_is_typed_under_a_bubble_is_its_button(
    greeting: Greeting, visitor: Any, text: str, language: str, begun: str | None
):
    bubble, ann = shown(greeting, "sized", language=language), visitor(language)
    answers(ann, greeting, bubble, text=text)
    assert ann.hears()[1:] == ([text, begun, "Where to?"] if begun else [text])


def test_what_is_typed_under_a_bubble_fills_a_first_form(greeting: Greeting, visitor: Any):
    bubble, ann = shown(greeting, "sized"), visitor()
    answers(ann, greeting, bubble, text="Yes, send them to ann@x.io")
    assert ann.hears()[-1] == "What do you wish?"


def test_a_rule_answers_what_is_typed_under_a_bubble(greeting: Greeting, visitor: Any):
    bubble, ann = shown(greeting, "sized"), visitor()
    answers(ann, greeting, bubble, text="What does shipping cost?")
    assert ann.hears()[1:] == ["What does shipping cost?", "We ship in a day."]


def test_nothing_begins_by_a_message_that_is_blocked(greeting: Greeting, visitor: Any):
    bubble, ann = shown(greeting, "sized"), visitor()
    answers(ann, greeting, bubble, text="Win the lottery")
    assert "Where to?" not in ann.hears()


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        *(("sized", "I want to talk to a human"), ("sized", "a person, please")),
        *(("staffed", "Human"), ("staffed", "ask us"), ("staffed", "a person")),
    ],
)
def test_a_person_can_be_asked_for_under_a_bubble(
    greeting: Greeting, visitor: Any, agent: Any, trigger: str, text: str
):
    anna = agent("Anna Berg").comes_online()
    bubble, ann = shown(greeting, trigger), visitor()
    answers(ann, greeting, bubble, text=text)
    assert anna.is_offered() == [ann.conversation]
    assert "Where to?" not in ann.hears()


def test_who_presses_a_button_of_that_name_does_not_ask_for_a_person(greeting: Greeting, visitor: Any, agent: Any):
    anna = agent("Anna Berg").comes_online()
    bubble, ann = shown(greeting, "staffed"), visitor()
    answers(ann, greeting, bubble, label="Human")
    assert (ann.hears()[-1], anna.is_offered()) == ("Where to?", [])


@pytest.mark.parametrize("label", ["Ask us", "A person"])
def test_a_button_fetches_somebody_of_a_department_or_whoever_is_there(
    greeting: Greeting, visitor: Any, agent: Any, label: str
):
    anna = agent("Anna Berg").comes_online()
    bubble, ann = shown(greeting, "staffed"), visitor()
    answers(ann, greeting, bubble, label=label)
    assert anna.is_offered() == [ann.conversation]


@pytest.mark.parametrize(("language", "name"), [("en", "Sales"), ("de", "Verkauf")])
def test_the_department_it_speaks_for_is_named(greeting: Greeting, language: str, name: str):
    assert shown(greeting, "spoken", language=language).speaker == name


def test_an_agent_is_named_only_while_they_are_there_and_free(greeting: Greeting, agent: Any, office: Office):
    anna = agent("Anna Berg")
    assert shown(greeting, "personal").speaker == "Sales"
    anna.comes_online()
    office.clock.advance(hours=3)
    anna.comes_online()
    assert shown(greeting, "personal").speaker == "Anna Berg, Sales"
    anna.goes("away")
    office.clock.advance(hours=3)
    assert shown(greeting, "personal").speaker == "Sales"


def test_the_brief_of_a_long_conversation_knows_how_it_began_and_what_came_last(
    greeting: Greeting, visitor: Any, agent: Any, office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("handoff.brief.FIRST_EVENTS", 5)
    monkeypatch.setattr("handoff.brief.LATEST_EVENTS", 10)
    bubble, ann, anna = shown(greeting, "leaving"), visitor(), agent("Anna Berg", role="lead").comes_online()
    answers(ann, greeting, bubble, label="Please do")
    token = anna.accepts(ann.conversation)
    for number in range(20):
        ann.writes(f"And another thing, number {number}")
    office.desk.return_to_bot(anna.id, ann.conversation, token=token)
    ann.writes("at the usual place")
    visits = Visits(office.database, office.journal, new_id=str)
    brief = Briefs(office.journal, office.live, visits).of(
        office.desk.conversation(ann.conversation), office.sites.current
    )
    assert brief["trigger"]["title"] == "leaving"
    assert [each["text"] for each in brief["failed"]] == ["at the usual place"]
