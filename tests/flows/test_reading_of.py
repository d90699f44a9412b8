"""What a flow would take a message for, asked without taking it; and what a rule may do to a flow from outside."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cursor import Cursor
from flows.effects import FlowLeft, Misunderstood, Say
from flows.reading import read_flows
from flows.runner import Event, may_be_left, reading_of, turn
from flows.settings import Settings
from rules.document import read
from rules.facts import Scope
from rules.schema import Walker
from tests.flows.conftest import NOW

FLOWS = """\
flows:
  ask:
    steps:
      - id: menu
        buttons: What is it about?
        save_as: topic
        options: [Prices, A return]
      - collect: email
        type: email
        ask: Your e-mail?
      - collect: name
        type: name
        ask: Your name?
      - collect: agreed
        type: yes_no
        interruptible: false
        ask: Do you agree?
      - collect: story
        ask: Tell me all.
  other:
    steps:
      - collect: order
        ask: Which order?
  card:
    steps:
      - form:
          - {collect: mail, type: email, ask: Your e-mail?}
          - {collect: wish, ask: What do you wish?}
"""


def machines():
    problems = []
    walker = Walker(problems)
    section = read(FLOWS, "f.yaml", problems).get("flows")
    flows = read_flows(section, walker, scope=Scope(), contact={}, visit={}, departments=())
    assert [str(each) for each in problems if each.level == "error"] == []
    return lambda flow, version=None: flows.machines[flow]


MACHINES = machines()
SETTINGS = Settings()


def take(cursor, event):
    return turn(MACHINES, cursor, event, {}, NOW, SETTINGS)


def at(*answers):
    cursor = take(Cursor("c1", "en"), Event("start", data={"flow": "ask"})).cursor
    for answer in answers:
        cursor = take(cursor, Event("input", text=answer)).cursor
    return cursor


TO_EMAIL = ("prices",)
TO_NAME = (*TO_EMAIL, "ann@x.io")
TO_CONSENT = (*TO_NAME, "Ann")
TO_STORY = (*TO_CONSENT, "yes")


def reading(cursor, text):
    return reading_of(MACHINES, cursor, text, {}, NOW, SETTINGS)


def test_each_message_is_what_the_order_of_the_language_makes_it():
    assert reading(at(), "a return") == "label"
    assert reading(at(), "A return, please!") == "label"
    assert reading(at(), "2") == "answer"
    assert reading(at(), "I'd like a return") == "answer"
    assert reading(at(), "prices, I think") == "none"
    assert reading(at(*TO_EMAIL), "human") == "human"
    assert reading(at(*TO_EMAIL), "go back") == "phrase"
    assert reading(at(*TO_EMAIL), "it is ann@x.io") == "answer"
    assert reading(at(*TO_EMAIL), "why do you ask") == "none"
    assert reading(at(*TO_NAME), "Parker") == "free_answer"
    assert reading(at(*TO_NAME), "Where can I park?") == "none"
    assert reading(at(*TO_STORY), "anything at all") == "free_answer"
    assert reading(at(*TO_CONSENT), "human") == "none"
    assert reading(Cursor("c1", "en"), "human") == "human"
    assert reading(Cursor("c1", "en"), "a person") == "human"
    assert reading(at(), "a person") == "human"
    assert reading(Cursor("c1", "en"), "back") == "none"


def test_in_a_form_it_counts_what_is_asked_right_now():
    cursor = take(Cursor("c1", "en"), Event("start", data={"flow": "card"})).cursor
    assert reading(cursor, "ann@x.io") == "answer"
    assert reading(cursor, "when are you open") == "none"
    cursor = take(cursor, Event("input", text="ann@x.io")).cursor
    assert reading(cursor, "when are you open") == "free_answer"


@settings(max_examples=60)
@given(
    st.sampled_from([(), TO_EMAIL, TO_NAME, TO_CONSENT, TO_STORY]),
    st.one_of(st.sampled_from(["back", "human", "yes", "a return", "1", "ann@x.io", "Ann?"]), st.text(max_size=20)),
)
def test_what_is_read_as_none_is_what_the_turn_does_not_understand(answers, text):
    cursor = at(*answers)
    before = cursor.to_json()
    told = reading(cursor, text)
    assert cursor.to_json() == before
    effects = take(cursor, Event("input", text=text)).effects
    assert any(isinstance(each, Misunderstood) for each in effects) == (told == "none")


def test_the_open_question_is_put_again_uncounted():
    cursor = take(at(*TO_EMAIL), Event("input", text="no idea")).cursor
    result = take(cursor, Event("repeat"))
    assert result.handled
    assert [each.text for each in result.effects if isinstance(each, Say)] == ["Your e-mail?"]
    assert (result.cursor.tries, result.cursor.state) == (1, cursor.state)


def test_without_an_open_question_there_is_nothing_to_put_again():
    assert not take(Cursor("c1", "en"), Event("repeat")).handled


def test_a_flow_may_begin_on_top_of_another_or_instead_of_it():
    on_top = take(at(*TO_EMAIL), Event("start", data={"flow": "other"})).cursor
    assert [parked.flow for parked in on_top.parked] == ["ask"]
    result = take(at(*TO_EMAIL), Event("start", data={"flow": "other", "instead": True}))
    assert result.cursor.parked == ()
    assert [each for each in result.effects if isinstance(each, FlowLeft)] == [FlowLeft("ask", "cancelled")]


def test_a_question_that_may_not_be_interrupted_is_not_left():
    assert may_be_left(MACHINES, at(*TO_EMAIL))
    assert may_be_left(MACHINES, Cursor("c1", "en"))
    assert not may_be_left(MACHINES, at(*TO_CONSENT))
