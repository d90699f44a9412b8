"""What else a visitor may do at any moment: begin again, leave a flow, be drawn into another one."""

from copy import copy

import pytest

from flows.cursor import MOST_PARKED
from flows.effects import FlowLeft, SlotSet
from flows.runner import Event
from flows.settings import Settings
from tests.flows.passing import LEAD, MENU


def test_who_starts_over_comes_to_the_flow_that_began_it_all(play):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Prices", "Me"):
        bot.write(words)
    assert bot.write("start over") == ["All right, from the beginning.", "Welcome", "What is it?"]
    assert bot.slots == {"name": "Ann"}
    bot.press("Order")
    bot.start("size", who_for="Bea")
    assert bot.write("start over")[-1] == "What is it?", "also from a flow on top"


def test_a_target_restart_begins_the_flow_it_is_in(play):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Prices"):
        bot.write(words)
    assert bot.press("Again") == ["All right, from the beginning.", "From 6", "For whom?"]


def test_where_the_first_flow_is_gone_the_running_one_begins_again(play, flows_of):
    bot = play(MENU, start="menu")
    for words in ("Ann", "Prices"):
        bot.write(words)
    bot.deploy(flows_of(MENU.replace("menu:", "start:").replace("start: menu", "start: start")))
    assert bot.write("start over") == ["All right, from the beginning.", "From 6", "For whom?"]


def test_where_the_running_flow_is_gone_too_it_begins_as_the_site_says(play, flows_of):
    for written, leaves in (("start over", "prices"), ("Again", "prices")):
        bot = play(MENU, start="prices")
        bot.settings = Settings(start="menu")
        bot.deploy(flows_of(MENU.replace("prices:", "costs:").replace("start: prices", "start: costs")))
        assert bot.write(written) == ["All right, from the beginning.", "Name?"]
        assert (bot.at, bot.effects_of(FlowLeft)) == ("menu.collect_name", [FlowLeft(leaves, "restarted")])
        bot.write("Ann")
        assert bot.write("start over")[-1] == "What is it?", "that is where it began from now on"


def test_where_nothing_is_left_to_begin_the_visitor_hears_that_the_thread_is_lost(play, flows_of):
    bot = play(MENU, start="prices")
    bot.deploy(flows_of("flows: {costs: {steps: [{say: From 6}]}}"))
    for gone in (None, "menu"):
        again = copy(bot)
        again.settings = Settings(start=gone)
        assert again.write("start over") == ["I have lost the thread. Let us begin again."]
        assert again.at == ""


@pytest.mark.parametrize(
    ("steps", "answers"),
    [
        ("{buttons: Sure?, options: [Yes, Nope: cancel]}", ["Nope"]),
        ("{buttons: Sure?, options: [Yes], otherwise: cancel}", ["hm"]),
        ("{collect: email, retries: 0, give_up: cancel}", ["hm"]),
        ("{collect: wish, interruptible: false}, {goto: cancel}", ["x"]),
        ('{collect: wish}, {branch: [{if: wish is "x", then: cancel}]}', ["x"]),
        ("{buttons: Sure?, options: [{label: No, then: [{say: Pity}, {goto: cancel}]}]}", ["No"]),
    ],
)
def test_a_target_cancel_says_what_the_phrase_says_and_leaves_the_flow(play, steps, answers):
    bot = play(f"flows: {{a: {{steps: [{steps}, {{say: Never}}]}}}}", start="a")
    heard = [bot.write(answer) for answer in answers][-1]
    assert [text for text in heard if text != "Pity"] == ["All right, we leave that."]
    assert (bot.at, bot.effects_of(FlowLeft)) == ("", [FlowLeft("a", "cancelled")])


def test_nobody_hears_twice_or_in_silence_that_a_flow_is_left(play):
    text = """
        flows:
          outer:
            steps: [{call: inner, if_cancelled: cancel}]
          inner:
            steps: [{collect: email, if_silent: {after: 20m, then: cancel}}]
        """
    assert play(text, start="outer").write("cancel") == ["All right, we leave that."]
    bot = play(text, start="outer")
    assert bot.silent(1) == []
    assert bot.effects_of(FlowLeft) == [FlowLeft("inner", "cancelled"), FlowLeft("outer", "cancelled")]


@pytest.mark.parametrize("phrase", ["back", "cancel", "what can I do", "start over"])
def test_where_no_flow_is_running_a_phrase_hears_what_can_be_written(play, phrase):
    bot = play(LEAD)
    told = "No question is open right now. Write what you would like to know, or one of these: human."
    assert bot.happens(Event("stray", text=phrase)) == [told]
    assert (bot.last.handled, bot.at) == (True, "")
    assert bot.happens(Event("stray", text=f"{phrase} to sender")) == []
    assert not bot.last.handled


def test_where_no_flow_is_running_who_starts_over_begins_as_the_site_says(play):
    bot = play(MENU, start="order")
    bot.settings = Settings(start="menu")
    bot.write("7")
    bot.write("cancel")
    bot.facts["contact.name"] = None
    assert bot.happens(Event("stray", text="start over")) == ["All right, from the beginning.", "Name?"]
    assert bot.slots == {}
    bot.write("cancel")
    assert bot.happens(Event("stray", text="back"))[0].endswith("one of these: start over, human.")


def test_restart_forgets_the_conversation_but_not_the_contact(play):
    bot = play(LEAD, start="lead")
    for words in ("Ann", "a@b.io", "Shoes"):
        bot.write(words)
    assert bot.at == "wishes.collect_size"
    assert bot.write("start over") == ["All right, from the beginning.", "Welcome", "Which?"]
    assert bot.slots == {"name": "Ann", "email": "a@b.io"}
    assert bot.effects_of(FlowLeft) == [FlowLeft("wishes", "restarted"), FlowLeft("lead", "restarted")]
    assert bot.effects_of(SlotSet) == [SlotSet("topic", None, "__start", "wishes")]
    assert bot.write("back")[0].startswith("There is no question before this one.")


def test_restart_begins_the_first_of_interrupted_flows(play):
    bot = play(LEAD, start="lead")
    bot.start("other")
    assert bot.write("restart") == ["All right, from the beginning.", "Welcome", "Name?"]
    assert bot.cursor.parked == ()


def test_restart_keeps_what_the_flow_was_given(play):
    text = """
        flows:
          a:
            inputs: {pet: text}
            steps: [{collect: wish, ask: "A wish for {{ pet }}?"}, {collect: other, ask: Other?}]
        """
    bot = play(text, start="a", pet="Rex")
    bot.write("bone")
    assert bot.write("restart")[-1] == "A wish for Rex?"
    assert bot.slots == {"pet": "Rex"}


def test_a_target_may_restart(play):
    text = """
        flows:
          a:
            steps:
              - {collect: wish, ask: Wish?}
              - buttons: Right?
                options: [Yes, {label: No, then: restart}, Other: say_no]
              - end: true
              - {id: say_no, say: "No then"}
              - {goto: restart}
        """
    bot = play(text, start="a")
    bot.write("x")
    assert bot.press("No") == ["All right, from the beginning.", "Wish?"]
    assert bot.slots == {}
    bot.write("y")
    assert bot.press("Other") == ["No then", "All right, from the beginning.", "Wish?"]


def test_a_flow_on_top_of_another_comes_back_to_its_question(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    assert bot.start("other") == ["Colour?"]
    assert [(parked.flow, parked.state) for parked in bot.cursor.parked] == [("lead", "collect_email")]
    assert bot.write("red") == ["red, fine.", "Let us go back to where we were. Mail?"]
    assert bot.slots == {"name": "Ann", "color": "red"}
    assert bot.cursor.parked == ()
    assert bot.write("back") == ["Name?"], "the interrupted flow kept its own past"


def test_an_interrupted_question_keeps_its_counter_and_its_buttons(play):
    text = (
        LEAD
        + """
      cond:
        steps:
          - buttons: Cond?
            retries: 1
            give_up: end
            options: [{label: Open, when: {opening_hours: open}}, Always]
    """
    )
    bot = play(text, start="cond")
    bot.write("hm")
    bot.facts["opening_hours"] = "closed"
    bot.start("other")
    bot.write("red")
    assert bot.buttons == ["Open", "Always"]
    bot.write("hm")
    assert bot.at == ""


def test_at_most_three_flows_wait_below(play):
    bot = play(LEAD, start="lead")
    for flow in ("other", "third", "fourth", "fifth"):
        bot.start(flow)
    assert [parked.flow for parked in bot.cursor.parked] == ["other", "third", "fourth"]
    assert len(bot.cursor.parked) == MOST_PARKED
    assert FlowLeft("lead", "cancelled") in bot.effects
    for question in ("Fourth?", "Third?"):
        assert bot.press("Ok")[-1].endswith(question)
    assert bot.press("Ok")[-1].endswith("Colour?")


def test_a_flow_started_while_it_runs_begins_anew(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    bot.write("a@b.io")
    assert bot.at == "wishes.buttons_topic"
    assert bot.start("lead") == ["Welcome", "Which?"]
    assert bot.cursor.parked == ()
    assert bot.effects_of(FlowLeft) == [FlowLeft("wishes", "restarted"), FlowLeft("lead", "restarted")]


def test_interrupted_and_called_flows_keep_their_callers(play):
    bot = play(LEAD, start="lead")
    bot.write("Ann")
    bot.write("a@b.io")
    bot.start("other")
    assert bot.write("red")[-1] == "Let us go back to where we were. Which?"
    assert [frame[0] for frame in bot.cursor.frames()] == ["lead", "wishes"]
    bot.press("Boots")
    assert bot.write("43") == ["Phone?"]
