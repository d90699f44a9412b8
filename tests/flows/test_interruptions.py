"""What a visitor may do at any moment: ask for a person, go back, begin again, be drawn into another flow."""

import json
from copy import copy

import pytest

from flows.cursor import MOST_HISTORY, MOST_PARKED, Cursor
from flows.effects import FlowEntered, FlowLeft, Misunderstood, SlotSet, WantsAgent
from flows.runner import Event
from flows.settings import Settings

LEAD = """
    flows:
      lead:
        title: Your details
        steps:
          - say: Welcome
          - collect: name
            ask: Name?
          - collect: email
            ask: Mail?
          - call: wishes
          - collect: phone
            ask: Phone?
            if_known: ask
          - say: Thanks {{ name }}
      wishes:
        steps:
          - buttons: Which?
            save_as: topic
            options: [Shoes, Boots]
          - collect: size
            ask: Size?
      other:
        steps:
          - collect: color
            ask: Colour?
          - say: "{{ color }}, fine."
      third: {steps: [{buttons: Third?, options: [Ok, Not]}]}
      fourth: {steps: [{buttons: Fourth?, options: [Ok, Not]}]}
      fifth: {steps: [{buttons: Fifth?, options: [Ok, Not]}]}
    """


def test_a_person_can_be_asked_for_at_every_question(play):
    bot = play(LEAD, start="lead")
    before = bot.cursor
    assert bot.write("A person, please!") == []
    assert bot.effects == (WantsAgent(reason="phrase", step="collect_name", flow="lead"),)
    assert bot.cursor == before, "the flow waits where it was"


@pytest.mark.parametrize(
    "wish", ["I want to speak to a human", "agent please", "Kann ich mit einem Menschen sprechen?"]
)
def test_a_wish_for_a_person_is_no_answer_to_a_question_for_a_name(play, wish):
    bot = play(LEAD, start="lead")
    assert bot.write(wish) == []
    assert bot.effects_of(WantsAgent) and "name" not in bot.slots
    bot.happens(Event("agent_joined"))
    bot.happens(Event("agent_left", data={"how": "returned"}))
    assert bot.write("Ann Human") == ["Mail?"], "who only has the word in a name is no such wish"


def test_a_return_repeats_the_open_question(play):
    bot = play(LEAD, start="lead")
    bot.write("human")
    bot.happens(Event("agent_joined"))
    assert bot.hears == []
    assert bot.happens(Event("agent_left", data={"how": "returned"})) == ["Name?"]
    assert bot.write("Ann") == ["Mail?"]


def test_a_conversation_an_agent_closed_is_dropped(play):
    bot = play(LEAD, start="lead")
    bot.start("other")
    bot.happens(Event("agent_left", data={"how": "closed"}))
    assert bot.hears == []
    assert (bot.at, bot.cursor.parked, bot.cursor.stack) == ("", (), ())
    assert bot.effects_of(FlowLeft) == [FlowLeft("other", "ended"), FlowLeft("lead", "ended")]


def test_a_person_can_be_asked_for_when_no_flow_runs(play):
    bot = play(LEAD)
    bot.write("human")
    assert bot.effects == (WantsAgent(reason="phrase"),)
    assert bot.last.handled


def test_phrases_are_whole_messages(play):
    bot = play(LEAD, start="lead")
    bot.write("I am human")
    assert bot.effects_of(WantsAgent) == []


def test_a_person_wins_over_a_button_of_that_name_where_one_may_be_asked_for(play):
    text = "flows: {a: {steps: [{buttons: Are you?, options: [Human, Robot]}, {say: I see}]}}"
    bot = play(text, start="a")
    bot.write("human")
    assert bot.effects_of(WantsAgent)
    firm = play(text.replace("options:", "interruptible: false, options:"), start="a")
    assert firm.write("human") == ["I see"]


@pytest.mark.parametrize("words", ["a person", "An agent!", "ein Mensch"])
@pytest.mark.parametrize(
    "step",
    [
        *("collect: name", "collect: wish, ask: Wish?", "collect: email", "form: [{collect: name}]"),
        "buttons: What is it?, options: [Prices, Talk to a person]",
        "buttons: What is it?, type_ok: false, options: [A person, An agent, Ein Mensch]",
    ],
)
def test_an_article_and_a_word_for_a_person_ask_for_one(play, words, step):
    bot = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write(words) == []
    assert bot.effects_of(WantsAgent)
    idle = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}")
    idle.write(words)
    assert idle.effects_of(WantsAgent)


@pytest.mark.parametrize(
    "step",
    [
        "buttons: Who is it?, save_as: who, options: [A person, A dog]",
        "collect: who, ask: Who is it?, choices: [A person, A dog]",
        "form: [{collect: who, ask: Who is it?, choices: [A person, A dog]}]",
    ],
)
def test_they_are_the_button_that_says_just_that(play, step):
    bot = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write("a person") == ["Done"]
    assert bot.slots == {"who": "A person"}
    other = play(f"flows: {{a: {{steps: [{{{step}}}, {{say: Done}}]}}}}", start="a")
    other.write("a person, please")
    assert other.effects_of(WantsAgent)


@pytest.mark.parametrize(
    ("words", "options", "kept"),
    [
        ("Eine Person", "[Eine Person (29 €), Zwei Personen (49 €)]", "Eine Person (29 €)"),
        ("a person", "[A person in need, A company]", "A person in need"),
        ("a person", "[Personal account, Other]", None),
    ],
)
def test_they_are_the_button_that_begins_with_just_those_words(play, words, options, kept):
    bot = play(f"flows: {{a: {{steps: [{{buttons: Who?, save_as: who, options: {options}}}]}}}}", start="a")
    bot.write(words)
    assert (bot.slots.get("who"), bool(bot.effects_of(WantsAgent))) == (kept, kept is None)


def test_one_person_who_is_counted_is_not_asked_for(play):
    bot = play("flows: {a: {steps: [{collect: guests, type: number, ask: How many?}]}}", start="a", language="de")
    bot.write("eine Person")
    assert not bot.effects_of(WantsAgent)


def test_in_a_step_that_is_not_interruptible_phrases_are_answers(play):
    bot = play(
        """
        flows:
          a:
            steps:
              - {collect: wish, ask: Sign here, interruptible: false}
              - {collect: other, ask: And?, if_known: ask}
        """,
        start="a",
    )
    assert bot.write("human") == ["And?"]
    assert bot.slots == {"wish": "human"}
    bot.write("human")
    assert bot.effects_of(WantsAgent)


def test_a_whole_flow_may_be_uninterruptible_but_for_some_steps(play):
    text = """
        flows:
          a:
            interruptible: false
            steps:
              - {collect: one, ask: One?}
              - {collect: two, ask: Two?, interruptible: true}
        """
    bot = play(text, start="a")
    assert bot.write("back") == ["Two?"]
    assert bot.write("back") == ["One?"]


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


MENU = """
    flows:
      menu:
        steps:
          - {collect: name, ask: Name?}
          - say: Welcome
          - buttons: What is it?
            save_as: topic
            options: [{Prices: prices}, {Order: order}]
          - {id: prices, start: prices}
          - {id: order, start: order}
      prices:
        steps:
          - say: From 6
          - buttons: For whom?
            save_as: who
            options: [Me, Somebody, {Again: restart}, {Order: start order}]
          - {call: size, with: {who_for: "{{ who }}"}}
          - {collect: wish, ask: "A wish in {{ size }}?"}
      size:
        inputs: {who_for: text}
        returns: [size]
        steps: [{collect: size, ask: "Size?"}]
      order:
        steps:
          - {collect: number, ask: Number?}
          - {start: menu}
    """


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
