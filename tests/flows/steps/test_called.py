"""Flows that call or start one another: what goes in, what comes back, where it goes on."""

from flows.effects import FlowLeft, Say, SlotSet, WantsAgent
from flows.runner import Event

CALLING = """
    flows:
      outer:
        steps:
          - say: Before
          - call: inner
          - say: "After {{ pet }}"
      inner:
        returns: [pet]
        steps:
          - collect: pet
            ask: Which pet?
          - collect: secret
            ask: A secret?
    """


def test_a_called_flow_comes_back(play):
    bot = play(CALLING, start="outer")
    assert bot.hears == ["Before", "Which pet?"]
    assert [frame[0] for frame in bot.cursor.frames()] == ["outer", "inner"]
    assert bot.write("Cat") == ["A secret?"]
    assert bot.write("None") == ["After Cat"]
    assert [type(effect) for effect in bot.effects] == [SlotSet, FlowLeft, Say, FlowLeft]
    assert bot.at == ""


def test_only_what_a_called_flow_returns_counts_as_known_to_its_caller(play):
    text = CALLING.replace('say: "After {{ pet }}"', "call: inner")
    bot = play(text, start="outer")
    bot.write("Cat")
    assert bot.write("None") == ["A secret?"], "the pet was returned, the secret was not"


def test_a_called_flow_gets_its_inputs(play):
    text = """
        flows:
          outer:
            steps:
              - set: {color: red}
              - call: paint
                with: {what: "the {{ color }} door", coats: 2}
          paint:
            inputs: {what: text, coats: number}
            steps: [{say: "Painting {{ what }} {{ coats }} times"}]
        """
    assert play(text, start="outer").hears == ["Painting the red door 2 times"]


def test_inputs_and_slots_keep_the_kind_of_what_they_are_given(play):
    text = """
        flows:
          outer:
            steps:
              - {collect: people, type: number}
              - {collect: sure, type: yes_no}
              - set: {guests: "{{ people }}", certain: "{{ sure }}", said: "{{ people }} of us"}
              - set: {same: "{{ guests }}", vip: yes, told: no, quoted: "yes"}
              - call: paint
                with: {n: "{{ people }}", y: "{{ sure }}", z: yes, day: 2026-01-03, what: "{{ people }}"}
              - {say: many, if: same >= 10}
              - {say: certain, when: {certain: true, vip: true, told: false, quoted: "yes"}}
          paint:
            inputs: {n: number, y: yes_no, z: yes_no, day: date, what: text}
            steps:
              - {say: at least ten, when: {n: at least 10}}
              - {say: both, when: {y: true, z: true}}
              - {say: in January, if: day <= 2026-01-31}
        """
    bot = play(text, start="outer")
    bot.write("12")
    assert bot.write("yes") == ["at least ten", "both", "in January", "many", "certain"]
    assert bot.slots["guests"] == bot.slots["same"] == bot.slots["n"] == 12
    assert (bot.slots["said"], bot.slots["what"], bot.slots["quoted"]) == ("12 of us", "12", "yes")


def test_a_text_stays_a_text_where_buttons_or_others_store_texts(play):
    text = """
        flows:
          a:
            slots: {note: text}
            steps:
              - {collect: people, type: number}
              - set: {answer: yes, note: "{{ people }}"}
              - {buttons: Well?, options: ["yes", "no"], save_as: answer, if_known: skip}
        """
    bot = play(text, start="a")
    bot.write("12")
    assert (bot.slots["answer"], bot.slots["note"]) == ("yes", "12")


def test_a_field_that_an_action_gave_is_an_input_only_if_it_is_of_its_kind(play):
    text = """
        flows:
          a:
            steps:
              - {action: look_up, save_as: order, optional: true}
              - {call: b, with: {n: "{{ order.coats }}"}}
          b: {inputs: {n: number}, steps: [{say: some, when: {n: at least 1}}, {say: '{{ n | default: "none" }}'}]}
        """
    for coats, heard in ((3, ["some", "3"]), ("lots", ["none"])):
        bot = play(text, start="a")
        assert bot.happens(Event("done", data={"result": {"coats": coats}}, epoch=bot.cursor.epoch)) == heard


def test_an_input_nobody_declared_is_not_taken(play):
    bot = play("flows: {a: {steps: [{say: Hi}]}}", start="a", smuggled="x")
    assert bot.slots == {}


def test_a_cancelled_flow_sends_its_caller_where_that_says(play):
    text = """
        flows:
          outer:
            steps:
              - {call: inner, if_cancelled: pity}
              - say: Thanks
              - end: true
              - {id: pity, say: Pity}
          plain:
            steps: [{call: inner}, {say: Thanks}]
          inner:
            steps:
              - buttons: Go on?
                options: [Yes, {label: No, then: cancel}]
        """
    assert play(text, start="outer").press("Yes") == ["Thanks"]
    bot = play(text, start="outer")
    assert bot.press("No") == ["All right, we leave that.", "Pity"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("inner", "cancelled"), FlowLeft("outer", "ended")]
    assert play(text, start="plain").press("No") == ["All right, we leave that."]


def test_start_ends_this_flow_and_its_callers(play):
    text = """
        flows:
          outer: {steps: [{call: middle}, {say: Never}]}
          middle: {steps: [{start: other}]}
          other: {steps: [{buttons: Here?, options: [Yes, No]}]}
        """
    bot = play(text, start="outer")
    assert bot.hears == ["Here?"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("middle", "ended"), FlowLeft("outer", "ended")]
    assert bot.cursor.stack == ()


def test_targets_may_call_start_and_hand_over(play):
    text = """
        flows:
          a:
            steps:
              - buttons: What?
                options:
                  - Call: call b
                  - Start: start b
                  - Person: handoff sales
                  - Anyone: handoff
              - say: Came back
          b: {steps: [{say: In b}]}
        """
    assert play(text, start="a").press("Call") == ["In b", "Came back"]
    assert play(text, start="a").press("Start") == ["In b"]
    bot = play(text, start="a")
    assert bot.press("Person") == []
    assert bot.effects_of(WantsAgent) == [WantsAgent(reason="target", department="sales", step="buttons_1", flow="a")]
    assert bot.effects_of(FlowLeft) == [FlowLeft("a", "ended")]
    bot = play(text, start="a")
    bot.press("Anyone")
    assert bot.effects_of(WantsAgent)[0].department is None


def test_of_more_than_ten_callers_the_oldest_is_forgotten(play):
    text = """
        flows:
          a:
            steps:
              - {collect: wish, ask: More?, if_known: ask}
              - {call: a, if: wish is "more"}
              - say: Up
        """
    bot = play(text, start="a")
    for _ in range(10):
        assert bot.write("more") == ["More?"]
    assert len(bot.cursor.stack) == 10
    assert bot.write("more") == ["More?"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("a", "cancelled")]
    assert len(bot.cursor.stack) == 10
    assert bot.write("enough") == ["Up"] * 11
    assert bot.effects_of(FlowLeft) == [FlowLeft("a", "ended")] * 11
    assert bot.at == ""
