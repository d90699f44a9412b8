"""Steps that wait without a question: for the clock, for a program. And what is told to agents on the way."""

import pytest

from flows.effects import CallAction, FlowEntered, Noted, SetTimer, SlotSet, Tagged, WantsAgent
from flows.runner import Event
from rules.durations import Duration

WAITING = """
    flows:
      a:
        steps:
          - collect: pet
            ask: Pet?
          - wait: 5m
          - say: Nobody yet.
    """
ACTING = """
    flows:
      order:
        steps:
          - collect: number
            ask: Which order?
          - action: look_up
            with: {number: "{{ number }}", times: 2}
            save_as: order
            timeout: 5s
            on_error: sorry
          - say: "It is {{ order.status }} by {{ order.carrier.name }}{{ order.nothing }}."
          - branch:
              - {if: 'order.status is "sent"', then: [{say: On its way}]}
              - {if: order.status > 3, then: [{say: Never}]}
              - else: [{say: Soon}]
          - end: true
          - id: sorry
            say: That did not work.
      survey:
        steps:
          - buttons: Happy?
            options: ['Yes', 'No']
    """


def acting(play):
    bot = play(ACTING, start="order")
    bot.write("AB-1")
    return bot


def done(bot, **data):
    return bot.happens(Event("done", data=data, epoch=bot.cursor.epoch))


def test_a_wait_goes_on_when_its_time_has_come(play):
    bot = play(WAITING, start="a")
    bot.write("Cat")
    assert bot.hears == []
    assert bot.effects_of(SetTimer) == [SetTimer("a.wait_1", bot.cursor.epoch, Duration(300))]
    assert bot.silent(1, late=90_000) == ["Nobody yet."]


@pytest.mark.parametrize(("wait", "until"), [("{until: open}", "open"), ("{until: 9:05}", "09:05")])
def test_a_wait_may_be_until_a_time_or_until_somebody_is_there(play, wait, until):
    bot = play(f"flows: {{a: {{steps: [{{wait: {wait}}}]}}}}", start="a")
    assert [timer.until for timer in bot.effects_of(SetTimer)] == [until]


def test_working_time_is_left_for_the_hours_to_reckon(play):
    bot = play("flows: {a: {steps: [{wait: 2 working hours}]}}", start="a")
    assert [timer.after for timer in bot.effects_of(SetTimer)] == [Duration(7200, working=True)]


@pytest.mark.parametrize("make", [lambda play: waiting(play), acting])
def test_what_is_written_meanwhile_answers_nothing_and_is_heard(play, make):
    bot = make(play)
    before, at = bot.cursor, bot.at
    assert bot.write("Hello?") == []
    assert bot.last.handled
    assert bot.cursor == before
    bot.fill_in(at, pet="Dog")
    bot.press_value(at, "x")
    assert bot.cursor == before


def waiting(play):
    bot = play(WAITING, start="a")
    bot.write("Cat")
    return bot


def test_phrases_work_meanwhile(play):
    bot = waiting(play)
    assert bot.write("what can I do") == [
        "I am on it. You can write one of these: back, start over, cancel, human.",
    ]
    bot.write("human")
    assert bot.effects_of(WantsAgent)
    assert bot.write("back") == ["Pet?"]
    again = waiting(play)
    assert again.write("cancel") == ["All right, we leave that."]
    assert again.at == ""


def test_who_comes_back_from_a_person_begins_to_wait_anew(play):
    bot = waiting(play)
    before = bot.cursor.epoch
    bot.happens(Event("agent_left", data={"how": "returned"}))
    assert bot.effects_of(SetTimer) == [SetTimer("a.wait_1", before + 1, Duration(300))]
    assert bot.happens(Event("timer", data={"n": 1}, epoch=before)) == []
    assert bot.silent(1) == ["Nobody yet."]


def test_nobody_is_there_for_who_asked_while_waiting(play):
    bot = waiting(play)
    bot.write("human")
    bot.happens(Event("nobody_came", data={"reason": "nobody"}))
    assert bot.at == "leave_message.collect_email"
    bot.write("a@b.io")
    bot.write("My cat is ill")
    assert bot.at == "a.wait_1"
    assert bot.silent(1) == ["Nobody yet."]


def test_an_action_is_asked_with_what_it_needs(play):
    bot = acting(play)
    epoch = bot.cursor.epoch
    call = CallAction("look_up", {"number": "AB-1", "times": 2}, "order", Duration(5), "action_order", "order", epoch)
    assert bot.effects_of(CallAction) == [call]
    assert bot.effects_of(SetTimer) == [SetTimer("order.action_order", epoch, Duration(25))]


def test_its_answer_is_a_record_whose_fields_are_typed_when_they_are_met(play):
    bot = acting(play)
    heard = done(bot, result={"status": "sent", "carrier": {"name": "Post"}}, slots={"number": "AB-2"})
    assert heard == ["It is sent by Post.", "On its way"]
    assert bot.slots["number"] == "AB-2"
    assert SlotSet("number", "AB-2", "action_order", "order") in bot.effects
    assert done(acting(play), result={"status": 4})[1] == "Never"
    assert done(acting(play), result=None)[1] == "Soon"


@pytest.mark.parametrize("reason", ["timeout", "refused", "error", "missing", "rejected"])
def test_when_it_fails_the_flow_goes_on_as_written(play, reason):
    bot = acting(play)
    failed = Event("action_failed", data={"reason": reason}, epoch=bot.cursor.epoch)
    assert bot.happens(failed) == ["That did not work."]
    optional = play("flows: {a: {steps: [{action: x, optional: true}, {say: Anyway}]}}", start="a")
    assert optional.happens(Event("action_failed", data={"reason": reason}, epoch=optional.cursor.epoch)) == ["Anyway"]


def test_an_answer_that_is_lost_does_not_hold_the_conversation(play):
    assert acting(play).silent(1) == ["That did not work."]


def test_what_a_person_interrupted_is_not_asked_twice(play):
    bot = acting(play)
    bot.write("human")
    assert bot.happens(Event("agent_left", data={"how": "returned"})) == ["That did not work."]
    assert bot.effects_of(CallAction) == []


def test_an_answer_that_comes_late_or_uncalled_for_changes_nothing(play):
    bot = acting(play)
    late = bot.cursor.epoch
    bot.silent(1)
    before = bot.cursor
    for event in (
        Event("done", data={"slots": {"number": "x"}}, epoch=late),
        Event("done", data={"slots": {"number": "x"}}),
        Event("action_failed", data={"reason": "error"}, epoch=late),
        Event("action_failed", data={"reason": "error"}),
    ):
        bot.happens(event)
        assert (bot.cursor, bot.effects, bot.last.handled) == (before, (), False)


def test_a_slot_is_never_filled_with_another_type(play):
    text = """
        flows:
          a:
            slots: {n: number, day: date, sure: yes_no}
            steps:
              - {collect: email}
              - {action: x, optional: true}
              - say: Done
        """
    bot = play(text, start="a")
    bot.write("a@b.io")
    wrong = {"n": "many", "day": 3, "sure": "yes", "email": None, "other": {"a": 1}}
    assert done(bot, slots=wrong) == ["Done"]
    assert bot.slots == {"other": {"a": 1}}
    assert SlotSet("email", None, "action_1", "a") in bot.effects


def test_an_action_may_name_the_flow_that_is_next(play):
    bot = acting(play)
    assert done(bot, result={"status": "sent"}, followup="survey") == ["Happy?"]
    assert FlowEntered("survey", bot.machine("survey").version) in bot.effects
    assert bot.press("Yes")[-1] == "On its way"
    assert done(acting(play), followup="nothing_of_the_kind")[-1] == "Soon"


def test_a_loop_through_an_action_alone_is_no_wait(problems_in):
    text = "flows: {a: {steps: [{id: x, action: look_up, on_error: x}, {say: Done}]}}"
    assert [problem[:4] for problem in problems_in(text)] == ["F004"]
    assert problems_in("flows: {a: {steps: [{id: x, say: Hi}, {wait: 5m}, {goto: x}]}}") == []


@pytest.mark.parametrize(
    "steps",
    [
        "{id: x, wait: {until: open}}, {say: Hi}, {goto: x}",
        "{id: x, wait: {until: open}}, {handoff: sales, if_nobody: x}",
        "{id: x, handoff: sales, if_nobody: later}, {end: true}, {id: later, wait: {until: open}}, {goto: x}",
    ],
)
def test_a_wait_for_the_hours_alone_does_not_end_a_loop(problems_in, steps):
    text = f"flows: {{a: {{steps: [{steps}]}}}}"
    (found,) = problems_in(text)
    assert found.startswith("F004") and found.endswith(
        "never waits while you are open, when 'until: open' is over at once; put 'wait: 10m' into the loop"
    )
    assert problems_in(text.replace("{id: x,", "{id: x, wait: 10m}, {")) == []
    assert problems_in(text.replace("{until: open}", "{until: 09:00}")) == []


def test_a_person_whom_nobody_replaces_does_not_end_a_loop(problems_in):
    loop = "flows: {a: {steps: [{id: x, handoff: sales, if_nobody: x}]}}"
    assert [problem[:4] for problem in problems_in(loop)] == ["F004"]
    closed = "{id: x, handoff: sales, if_closed: later}, {end: true}, {id: later, wait: {until: open}}, {goto: x}"
    assert problems_in(f"flows: {{a: {{steps: [{closed}]}}}}") == [], "it is closed, so that wait takes its time"


def test_a_wait_without_a_length_takes_one_when_a_flow_comes_back_to_it_by_itself(play):
    steps = "{id: x, wait: {until: open}}, {handoff: sales, if_closed: x}"
    bot = play(f"flows: {{a: {{steps: [{steps}]}}}}", start="a")

    def waits():
        return [timer.after for timer in bot.effects_of(SetTimer)]

    def goes_round():
        bot.silent(1)
        bot.happens(Event("nobody_came", data={"reason": "closed"}))

    assert waits() == [Duration(0)]
    goes_round()
    assert waits() == [Duration(60)]
    bot.write("human")
    bot.happens(Event("agent_left", data={"how": "returned"}))
    assert waits() == [Duration(0)], "somebody has been there"


def test_tags_and_notes_are_for_the_agents_and_stay_after_a_step_back(play):
    text = """
        flows:
          a:
            steps:
              - {collect: pet, ask: Pet?}
              - tag: [cat, vip visitor]
              - tag: animal
              - note: "Has a {{ pet }}"
              - {note: '{{ contact.email | default: "" }}'}
              - {collect: wish}
        """
    bot = play(text, start="a")
    assert bot.write("Cat") == ["What would you like to tell us?"]
    assert bot.effects_of(Tagged) == [Tagged(("cat", "vip visitor"), "tag_1", "a"), Tagged(("animal",), "tag_2", "a")]
    assert bot.effects_of(Noted) == [Noted("Has a Cat", "note_1", "a")]
    bot.write("back")
    assert bot.effects_of(Tagged) == []
