"""Going back: to the question before, over flows that were called or begun, taking back what was answered."""

import json

from flows.cursor import MOST_HISTORY, Cursor
from flows.effects import FlowEntered, FlowLeft, Misunderstood, SlotSet
from flows.runner import Event
from tests.flows.passing import LEAD, MENU


def test_back_asks_the_question_before_and_takes_its_answer_back(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    assert bot.slots == {"name": "Ann"}
    assert bot.write("back") == ["Name?"]
    assert bot.slots == {}
    assert bot.effects_of(SlotSet) == [SlotSet("name", None, "collect_name", "lead", "contact")]
    assert bot.write("Bea") == ["Mail?"]
    assert bot.slots == {"name": "Bea"}


def test_at_the_first_question_back_says_so(play):
    bot = play(LEAD, start="lead")
    before = bot.cursor
    assert bot.write("back") == ["There is no question before this one. Name?"]
    assert bot.cursor == before


def test_back_goes_into_a_called_flow_and_out_of_it_again(play):
    bot = play(LEAD, start="lead")
    for words in ("Ann", "a@b.io", "Shoes", "42"):
        bot.write(words)
    assert bot.at == "lead.collect_phone"
    assert bot.write("back") == ["Size?"]
    assert [frame[0] for frame in bot.cursor.frames()] == ["lead", "wishes"]
    assert bot.effects_of(FlowEntered) == [FlowEntered("wishes", bot.machine("wishes").version)]
    assert bot.write("back") == ["Which?"]
    assert bot.slots == {"name": "Ann", "email": "a@b.io"}
    assert bot.write("back") == ["Mail?"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("wishes", "cancelled")]
    assert bot.cursor.stack == ()
    assert [bot.write(words) for words in ("c@d.io", "Boots", "40", "+49 30 123456")][-1] == ["Thanks Ann"]


def test_back_restores_what_a_slot_held_before(play):
    text = """
        flows:
          a:
            steps:
              - {collect: wish, ask: One?}
              - {set: {count: {add: 1}}}
              - {collect: wish, ask: Two?, if_known: ask}
              - {set: {count: {add: 1}}}
              - {collect: other, ask: Three?}
        """
    bot = play(text, start="a")
    bot.write("first")
    bot.write("second")
    assert bot.slots == {"wish": "second", "count": 2}
    assert bot.write("back") == ["Two?"]
    assert bot.slots == {"wish": "first", "count": 1}
    assert bot.write("back") == ["One?"]
    assert bot.slots == {}


def test_back_restores_a_contact_that_was_overwritten(play):
    text = "flows: {a: {steps: [{collect: email, ask: Mail?, if_known: ask}, {collect: x, ask: X?}]}}"
    bot = play(text, start="a", facts={"contact.email": "old@b.io"})
    bot.write("new@b.io")
    assert bot.facts["contact.email"] == "new@b.io"
    bot.write("back")
    assert bot.effects_of(SlotSet) == [SlotSet("email", "old@b.io", "collect_email", "a", "contact")]


def test_back_after_a_refused_answer_starts_counting_anew(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    bot.write("no mail")
    bot.write("back")
    bot.write("Ann")
    bot.write("no mail")
    assert bot.effects_of(Misunderstood) == [Misunderstood("collect_email", "no mail", 1)]


def test_a_button_and_a_step_may_lead_back(play):
    text = """
        flows:
          a:
            steps:
              - {collect: wish, ask: Wish?}
              - buttons: Sure?
                options: [Yes, {label: Change, then: back}, Redo: again]
              - end: true
              - {id: again, say: Once more}
              - {goto: back}
              - {say: Never}
        """
    bot = play(text, start="a")
    bot.write("x")
    assert bot.press("Change") == ["Wish?"]
    bot.write("y")
    assert bot.press("Redo") == ["Once more", "Sure?"], "from a later step, back is the last question"
    assert bot.slots == {"wish": "y"}


def test_a_step_that_leads_back_to_nothing_goes_on(play):
    assert play("flows: {a: {steps: [{goto: back}, {say: On}]}}", start="a").hears == ["On"]


def test_back_remembers_only_so_many_questions(play):
    steps = ", ".join(f"{{collect: s{n}, ask: Q{n}}}" for n in range(MOST_HISTORY + 5))
    bot = play(f"flows: {{a: {{steps: [{steps}]}}}}", start="a")
    for n in range(MOST_HISTORY + 4):
        bot.write(str(n))
    assert len(bot.cursor.history) == MOST_HISTORY
    for n in reversed(range(5, MOST_HISTORY + 4)):
        assert bot.write("back") == [f"Q{n}"]
    assert bot.write("back") == ["There is no question before this one. Q5"]
    assert bot.slots == {f"s{n}": str(n) for n in range(5)}
    assert [asked.writes for asked in bot.cursor.history] == [()]


def test_back_does_not_undo_what_was_said_to_a_person(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    bot.write("human")
    bot.happens(Event("agent_left"))
    assert bot.write("back") == ["There is no question before this one. Mail?"]
    assert bot.slots == {"name": "Ann"}


def test_back_leads_out_of_a_flow_that_a_menu_began(play):
    bot = play(MENU, start="menu")
    bot.write("Ann")
    bot.press("Prices")
    assert bot.slots == {"name": "Ann", "topic": "Prices"}
    assert bot.write("back") == ["What is it?"]
    assert (bot.at, bot.slots) == ("menu.buttons_topic", {"name": "Ann"})
    assert bot.effects_of(FlowLeft) == [FlowLeft("prices", "cancelled")]
    assert bot.effects_of(FlowEntered) == [FlowEntered("menu", bot.machine("menu").version)]
    bot.press("Order")
    assert bot.write("back") == ["What is it?"]
    assert bot.write("back") == ["Name?"]
    assert bot.write("back") == ["There is no question before this one. Name?"]


def test_who_goes_back_over_flows_has_answered_what_they_had_then(play):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Prices", "Me", "38"):
        bot.write(words)
    assert (bot.at, bot.cursor.filled) == ("prices.collect_wish", ("who", "size"))
    for filled in (("who", "who_for"), (), ("name",), ()):
        bot.write("back")
        assert bot.cursor.filled == filled
    assert [bot.write(words)[-1] for words in ("Bea", "Prices", "Me", "40")][-1] == "A wish in 40?"


def test_what_a_begun_flow_forgot_is_there_again_behind_it(play):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Order", "7"):
        bot.write(words)
    assert bot.at == "menu.buttons_topic", "the name is known as a contact's"
    bot.write("Order")
    assert "number" not in bot.slots
    bot.write("back")
    assert (bot.at, bot.slots["number"]) == ("menu.buttons_topic", "7")


def test_back_remembers_only_so_many_questions_of_flows_that_begin_one_another(play):
    bot = play(MENU, start="menu")
    bot.write("Ann")
    for _ in range(MOST_HISTORY):
        bot.press("Order")
        bot.write("7")
    assert len(bot.cursor.history) == MOST_HISTORY
    assert [bot.write("back")[-1] for _ in range(MOST_HISTORY)][-2:] == [
        "Number?",
        "There is no question before this one. Number?",
    ]


def test_a_past_that_an_earlier_program_kept_is_gone_back_through(play):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Prices", "Me"):
        bot.write(words)
    kept = json.loads(bot.cursor.to_json())
    kept["history"] = [asked[:6] for asked in kept["history"]]
    bot.cursor = Cursor.from_json(json.dumps(kept))
    assert [bot.write("back") for _ in range(2)] == [["For whom?"], ["What is it?"]]
    assert bot.slots == {"name": "Ann"}
