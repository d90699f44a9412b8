"""How a flow gives a conversation to a person, and what follows when one comes, goes, or is not there."""

import pytest

from flows.effects import FlowLeft, MessageLeft, Misunderstood, Say, WantsAgent
from flows.runner import Event
from rules.durations import Duration

HANDOFF = """
    flows:
      lead:
        steps:
          - collect: name
            ask: Name?
          - id: person
            handoff: sales
            say: One moment, {{ name }}.
            note: "{{ name }} asks for us"
            priority: high
            wait_up_to: 90s
          - say: Anything else?
    """
RETURNED = Event("agent_left", data={"how": "returned"})
CLOSED = Event("nobody_came", data={"reason": "closed", "department": "sales"})
NOBODY = Event("nobody_came", data={"reason": "nobody", "department": "sales"})


def test_a_handoff_says_so_and_asks_for_an_agent_with_a_note(play):
    bot = play(HANDOFF, start="lead")
    assert bot.write("Ann") == ["One moment, Ann."]
    assert bot.effects[-1] == WantsAgent(
        reason="step",
        department="sales",
        note="Ann asks for us",
        priority="high",
        wait_up_to=Duration(90),
        step="person",
        flow="lead",
        say="One moment, Ann.",
    )
    assert bot.at == "lead.person"


def test_any_means_the_department_of_the_conversation(play):
    bot = play("flows: {a: {steps: [{handoff: any}]}}", start="a")
    assert bot.effects_of(WantsAgent) == [WantsAgent(reason="step", step="handoff_1", flow="a")]
    assert bot.effects_of(Say) == []


def test_after_a_return_the_next_step_follows(play):
    bot = play(HANDOFF, start="lead")
    bot.write("Ann")
    assert bot.happens(Event("agent_joined")) == []
    assert bot.at == "lead.person"
    assert bot.happens(RETURNED) == ["Anything else?"]


def test_after_a_return_the_flow_may_go_on_elsewhere(play):
    text = (
        HANDOFF.replace("say: One moment, {{ name }}.", "return_to: rate")
        + """
          - end: true
          - {id: rate, say: How was it?}
    """
    )
    bot = play(text, start="lead")
    bot.write("Ann")
    assert bot.happens(RETURNED) == ["How was it?"]


def test_after_a_target_handoff_nothing_is_continued(play):
    bot = play("flows: {a: {steps: [{goto: handoff support}, {say: Never}]}}", start="a")
    assert bot.effects_of(WantsAgent) == [WantsAgent(reason="target", department="support", step="goto_1", flow="a")]
    assert bot.at == ""
    assert bot.happens(RETURNED) == []
    assert bot.last.handled is False


def test_a_target_handoff_in_a_called_flow_ends_its_callers_and_what_waits_below(play):
    text = """
        flows:
          below: {steps: [{collect: pet, ask: Pet?}]}
          outer: {steps: [{call: inner}, {say: Never}]}
          inner: {steps: [{buttons: Go?, options: [Person: handoff, Stay: stay]}]}
        """
    bot = play(text, start="below")
    bot.start("outer")
    bot.press("Person")
    assert bot.effects_of(FlowLeft) == [FlowLeft(flow, "ended") for flow in ("inner", "outer", "below")]
    assert (bot.at, bot.cursor.stack, bot.cursor.parked) == ("", (), ())


def test_closed_and_nobody_lead_where_the_flow_says(play):
    text = (
        HANDOFF.replace("priority: high", "if_closed: shut\n            if_nobody: busy")
        + """
          - end: true
          - {id: shut, say: We are closed.}
          - end: true
          - {id: busy, say: Everybody is busy.}
    """
    )
    for event, words in ((CLOSED, "We are closed."), (NOBODY, "Everybody is busy.")):
        bot = play(text, start="lead")
        bot.write("Ann")
        assert bot.happens(event) == [words]


def test_otherwise_a_message_is_taken_and_the_flow_goes_on(play):
    bot = play(HANDOFF, start="lead")
    bot.write("Ann")
    assert bot.happens(CLOSED) == [
        "Nobody is free right now. Leave a message, and the answer comes by e-mail.",
        "What is your e-mail address?",
    ]
    assert [frame[:2] for frame in bot.cursor.frames()] == [
        ("lead", bot.machine("lead").version),
        ("leave_message", bot.machine("leave_message").version),
    ]
    bot.write("ann@x.io")
    assert bot.write("Call me back\nplease") == [
        "Thank you. Your message is with our team, and the answer goes to ann@x.io.",
        "Anything else?",
    ]
    assert bot.effects_of(MessageLeft) == [MessageLeft("sales", "ann@x.io", "Call me back\nplease")]


def test_out_of_hours_nobody_is_called_busy(play):
    for hours, words in (
        ("closed", "Leave a message, and the answer comes by e-mail once we are open again."),
        ("open", "Nobody is free right now. Leave a message, and the answer comes by e-mail."),
    ):
        bot = play(HANDOFF, start="lead", facts={"opening_hours": hours})
        bot.write("Ann")
        assert bot.happens(CLOSED) == [words, "What is your e-mail address?"]


@pytest.mark.parametrize(
    "language, free, words",
    [
        ("en", 1, "It may take a while until somebody answers. Leave a message, and the answer comes by e-mail."),
        ("en", 0, "Nobody is free right now. Leave a message, and the answer comes by e-mail."),
        (
            "de",
            1,
            "Bis jemand antwortet, kann es dauern. Hinterlassen Sie eine Nachricht, und die Antwort kommt per E-Mail.",
        ),
        ("de", 0, "Gerade ist niemand frei. Hinterlassen Sie eine Nachricht, und die Antwort kommt per E-Mail."),
    ],
)
def test_nobody_is_called_busy_where_somebody_could_have_answered(play, language, free, words):
    bot = play(HANDOFF, start="lead", facts={"agents_available": free}, language=language)
    bot.write("Ann")
    assert bot.happens(NOBODY)[0] == words


def test_a_known_address_is_not_asked_for_again(play):
    bot = play(HANDOFF, start="lead", facts={"contact.email": "ann@x.io"}, language="de")
    bot.write("Ann")
    assert bot.happens(NOBODY)[-1] == "Was können wir für Sie tun?"
    assert bot.write("Rückruf")[0].startswith("Danke.")
    assert bot.effects_of(MessageLeft) == [MessageLeft("sales", "ann@x.io", "Rückruf")]


def test_without_an_address_no_message_is_taken(play):
    bot = play(HANDOFF, start="lead")
    bot.write("Ann")
    bot.happens(NOBODY)
    for _ in range(3):
        bot.write("none of your business")
    assert bot.hears == ["That did not work. You can write again at any time.", "Anything else?"]
    assert bot.effects_of(MessageLeft) == []
    assert bot.effects_of(Misunderstood)[0].n == 3
    assert bot.effects_of(WantsAgent) == [], "nobody is there, so nobody is asked again"


def test_a_department_may_have_a_flow_of_its_own_for_that(play):
    text = (
        HANDOFF
        + """
      closed_flow:
        steps: [{buttons: Shall we call?, options: [Yes, No]}]
    """
    )
    bot = play(text, start="lead")
    bot.write("Ann")
    event = Event("nobody_came", data={"reason": "closed", "department": "sales", "flow": "closed_flow"})
    assert bot.happens(event) == ["Shall we call?"]
    assert bot.press("Yes") == ["Anything else?"]


def test_who_asked_for_a_person_in_vain_may_leave_a_message_and_then_goes_on(play):
    bot = play(HANDOFF, start="lead", facts={"contact.email": "ann@x.io"})
    bot.write("human")
    bot.happens(NOBODY)
    assert bot.hears[-1] == "What can we do for you?"
    assert bot.write("Help")[-1] == "Let us go back to where we were. Name?"
    assert bot.effects_of(MessageLeft) == [MessageLeft("sales", "ann@x.io", "Help")]


def test_who_asks_for_a_person_while_leaving_a_message_is_asked_on(play):
    bot = play(HANDOFF, start="lead", facts={"contact.email": "ann@x.io"})
    bot.write("human")
    bot.happens(NOBODY)
    bot.write("human")
    assert bot.effects_of(WantsAgent)
    before = bot.cursor
    assert bot.happens(NOBODY) == ["What can we do for you?"]
    assert bot.cursor == before


def test_without_a_flow_a_message_can_be_left_too(play):
    bot = play(HANDOFF, facts={"contact.email": "ann@x.io"})
    bot.write("human")
    assert bot.happens(Event("nobody_came", data={"reason": "nobody"}))[-1] == "What can we do for you?"
    bot.write("Help")
    assert bot.effects_of(MessageLeft) == [MessageLeft(None, "ann@x.io", "Help")]
    assert bot.at == ""


def test_a_second_message_is_asked_for_anew(play):
    bot = play(HANDOFF, facts={"contact.email": "ann@x.io"})
    for words in ("One", "Two"):
        bot.happens(NOBODY)
        assert bot.hears[-1] == "What can we do for you?"
        bot.write(words)
        assert bot.effects_of(MessageLeft)[0].text == words


def test_while_a_person_is_waited_for_nothing_is_taken_as_an_answer(play):
    bot = play(HANDOFF, start="lead")
    bot.write("Ann")
    before = bot.cursor
    assert bot.write("hello?") == []
    assert bot.write("human") == []
    assert bot.cursor == before
    assert bot.press_value("lead.person", "x") == []
    assert bot.cursor == before
    assert bot.effects == ()


def test_while_a_person_is_waited_for_one_can_still_go_back_or_begin_again(play):
    bot = play(HANDOFF, start="lead")
    bot.write("Ann")
    assert bot.write("back") == ["Name?"]
    bot = play(HANDOFF.replace("ask: Name?", "ask: Name?\n            if_known: ask"), start="lead")
    bot.write("Ann")
    assert bot.write("start over") == ["All right, from the beginning.", "Name?"]


def test_while_a_person_is_waited_for_there_may_be_nothing_to_go_back_to(play):
    bot = play("flows: {a: {steps: [{handoff: sales}, {say: Next}]}}", start="a")
    before = bot.cursor
    assert bot.write("back") == []
    assert bot.cursor == before


def test_a_flow_that_begins_while_a_person_is_waited_for_takes_its_place(play):
    text = HANDOFF + "\n      other: {steps: [{collect: color, ask: Colour?}]}\n"
    bot = play(text, start="lead")
    bot.write("Ann")
    assert bot.start("other") == ["Colour?"]
    assert bot.cursor.parked == ()
    assert FlowLeft("lead", "cancelled") in bot.effects
