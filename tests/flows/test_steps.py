"""What each kind of step does in a conversation."""

import pytest

from flows.effects import FlowEntered, FlowLeft, Misunderstood, Option, Say, SlotSet, WantsAgent
from flows.runner import Event

# --- say


def test_texts_are_said_one_after_the_other_and_the_flow_ends(play):
    bot = play("flows: {hello: {steps: [{say: One}, {say: Two}]}}", start="hello")
    assert bot.hears == ["One", "Two"]
    assert bot.at == ""
    assert bot.effects[0] == FlowEntered("hello", bot.machine("hello").version)
    assert bot.effects[-1] == FlowLeft("hello", "ended")


def test_of_several_texts_a_conversation_always_hears_the_same_one(play):
    text = "flows: {hello: {steps: [{say: [A, B, C]}]}}"
    heard = {name: tuple(play(text, start="hello", name=name).hears) for name in map(str, range(40))}
    assert {texts[0] for texts in heard.values()} == {"A", "B", "C"}
    assert heard == {name: tuple(play(text, start="hello", name=name).hears) for name in heard}


def test_a_text_is_said_in_the_visitors_language_and_else_in_the_first_one(play):
    text = "flows: {hello: {steps: [{say: {en: Hello, de: Hallo}}, {say: {en: Only English}}]}}"
    assert play(text, start="hello", language="de").hears == ["Hallo", "Only English"]
    assert play(text, start="hello", language="de-AT").hears == ["Hallo", "Only English"]
    assert play(text, start="hello", language="fr").hears == ["Hello", "Only English"]


def test_gaps_are_filled_from_slots_facts_and_contacts(play):
    text = """
        flows:
          hello:
            steps:
              - set: {who: World}
              - say: 'Hi {{ who }} at {{ site.name }}, visit {{ visits }}, {{ contact.name | default: "friend" }}'
        """
    assert play(text, start="hello").hears == ["Hi World at Shop, visit 1, friend"]
    assert play(text, start="hello", facts={"contact.name": "Ann"}).hears == ["Hi World at Shop, visit 1, Ann"]


def test_what_a_visitor_wrote_is_never_a_template(play):
    bot = play("flows: {x: {steps: [{collect: wish, ask: What?}, {say: 'So: {{ wish }}'}]}}", start="x")
    assert bot.write("{{ contact.email }} {% if %} {0.__class__}") == ["So: {{ contact.email }} {% if %} {0.__class__}"]


# --- collect

ASKING = """
    flows:
      lead:
        steps:
          - collect: email
            ask: [Where can we reach you?, "Like ann@x.io, please."]
          - say: We write to {{ email }}.
    """


def test_an_answer_is_kept_and_the_flow_goes_on(play):
    bot = play(ASKING, start="lead")
    assert bot.hears == ["Where can we reach you?"]
    assert bot.effects[-1] == Say("Where can we reach you?", "collect_email", "lead", (), "email")
    assert bot.write("my mail is ann@X.io") == ["We write to ann@x.io."]
    assert bot.effects_of(SlotSet) == [SlotSet("email", "ann@x.io", "collect_email", "lead", "contact")]


def test_what_is_no_answer_is_said_kindly_and_asked_in_other_words(play):
    bot = play(ASKING, start="lead")
    first = bot.write("ann(at)x.io")
    assert first == ["That e-mail address has no @. What is it in full? Like ann@x.io, please."]
    assert bot.effects_of(Misunderstood) == [Misunderstood("collect_email", "ann(at)x.io", 1)]
    assert bot.write("none")[0].startswith("I cannot find an e-mail address in that.")
    assert bot.effects_of(Misunderstood) == [Misunderstood("collect_email", "none", 2)]


def test_after_two_more_tries_a_person_is_called_and_the_flow_is_over(play):
    bot = play(ASKING, start="lead")
    bot.write("no")
    bot.write("no")
    assert bot.at == "lead.collect_email"
    assert bot.write("no") == []
    assert bot.effects_of(WantsAgent) == [WantsAgent(reason="give_up", step="collect_email", flow="lead")]
    assert bot.effects_of(Misunderstood) == [Misunderstood("collect_email", "no", 3)]
    assert bot.at == ""


def test_retries_give_up_and_invalid_are_the_marketers_to_say(play):
    bot = play(
        """
        flows:
          lead:
            steps:
              - collect: email
                ask: Mail?
                invalid: Not that.
                retries: 1
                give_up: later
              - say: Never said
              - end: true
              - id: later
                say: Another time then.
        """,
        start="lead",
    )
    assert bot.write("x") == ["Not that. Mail?"]
    assert bot.write("x") == ["Another time then."]


def test_no_retries_means_giving_up_at_once(play):
    bot = play("flows: {a: {steps: [{collect: email, retries: 0, give_up: end}]}}", start="a")
    bot.write("x")
    assert bot.at == ""


def test_a_question_nobody_wrote_is_asked_politely(play):
    bot = play("flows: {a: {steps: [{collect: email}, {collect: plan}, {collect: shoe_size}]}}", start="a")
    assert bot.hears == ["What is your e-mail address?"]
    assert bot.write("a@b.io") == ["Your plan?"]
    assert bot.buttons == ["free", "team"]
    assert bot.write("team") == ["What would you like to tell us?"]


def test_what_is_known_is_not_asked_again(play):
    bot = play(ASKING, start="lead", facts={"contact.email": "ann@x.io"})
    assert bot.hears == ["We write to ann@x.io."]
    assert bot.effects_of(SlotSet) == []
    assert bot.slots == {"email": "ann@x.io"}


def test_what_is_known_can_be_asked_again(play):
    text = ASKING.replace("collect: email", "collect: email\n            if_known: ask")
    bot = play(text, start="lead", facts={"contact.email": "ann@x.io"})
    assert bot.hears == ["Where can we reach you?"]
    assert bot.write("b@x.io") == ["We write to b@x.io."]


def test_a_flow_that_begins_again_forgets_what_it_collected_but_not_the_contact(play):
    text = "flows: {a: {steps: [{collect: email}, {collect: budget, ask: Budget?}]}}"
    bot = play(text, start="a")
    bot.write("a@b.io")
    bot.write("100")
    assert bot.slots == {"email": "a@b.io", "budget": "100"}
    assert bot.start("a") == ["Budget?"]
    assert bot.slots == {"email": "a@b.io"}


def test_save_to_keeps_an_answer_in_the_conversation_only(play):
    bot = play("flows: {a: {steps: [{collect: email, save_to: conversation}]}}", start="a")
    bot.write("a@b.io")
    assert bot.effects_of(SlotSet) == [SlotSet("email", "a@b.io", "collect_email", "a", "conversation")]


def test_a_choice_can_be_pressed_typed_and_counted(play):
    text = "flows: {a: {steps: [{collect: size, choices: [Small, Large]}, {say: '{{ size }}'}]}}"
    assert play(text, start="a").buttons == ["Small", "Large"]
    assert play(text, start="a").press("Large") == ["Large"]
    assert play(text, start="a").write("large!") == ["Large"]
    assert play(text, start="a").write("2") == ["Large"]
    assert play(text, start="a").write("la") == ["Large"]
    assert play(text, start="a").write("3")[0].startswith("That is not one of the answers.")


def test_yes_and_no_have_buttons_and_are_stored_as_such(play):
    text = """
        flows:
          a:
            steps:
              - {collect: sure, type: yes_no, ask: Sure?}
              - branch: [{when: {sure: true}, then: [{say: Good}]}, {else: [{say: Pity}]}]
        """
    bot = play(text, start="a", language="de")
    assert bot.effects[-1].options == (Option("Ja", "yes"), Option("Nein", "no"))
    assert bot.press("Ja") == ["Good"]
    assert bot.slots == {"sure": True}
    assert play(text, start="a").write("nope") == ["Pity"]
    assert play(text, start="a", language="de").write("2") == ["Pity"]


# --- buttons

MENU = """
    flows:
      menu:
        steps:
          - buttons: What is it about?
            id: topic
            save_as: topic
            options:
              - Prices
              - {label: {en: Returns, de: Retouren}, value: returns, then: back_office}
              - Something else:
                  - say: Tell me more.
              - Again: stay
          - say: "Topic {{ topic }}"
          - end: true
          - id: back_office
            say: To the back office.
    """


def test_buttons_offer_quick_replies(play):
    bot = play(MENU, start="menu")
    assert bot.effects[-1] == Say(
        "What is it about?",
        "topic",
        "menu",
        (
            Option("Prices", "Prices"),
            Option("Returns", "returns"),
            Option("Something else", "Something else"),
            Option("Again", "Again"),
        ),
        "topic",
    )


def test_a_button_without_a_target_goes_on_behind_the_question(play):
    assert play(MENU, start="menu").press("Prices") == ["Topic Prices"]


def test_a_button_may_lead_to_a_step(play):
    bot = play(MENU, start="menu")
    assert bot.press("Returns") == ["To the back office."]
    assert bot.slots["topic"] == "returns"


def test_the_steps_of_a_button_go_on_behind_the_question(play):
    assert play(MENU, start="menu").press("Something else") == ["Tell me more.", "Topic Something else"]


def test_a_button_may_stay_at_the_question(play):
    bot = play(MENU, start="menu")
    assert bot.press("Again") == ["What is it about?"]
    assert bot.at == "menu.topic"


def test_labels_can_be_typed_in_any_language_and_counted(play):
    for words in ("returns", " Returns. ", "RETURNS", "retouren", "2", "2."):
        assert play(MENU, start="menu").write(words) == ["To the back office."], words
    assert play(MENU, start="menu", language="de").buttons == ["Prices", "Retouren", "Something else", "Again"]


def test_other_words_are_asked_again_then_given_up(play):
    bot = play(MENU, start="menu")
    assert bot.write("hm") == ["Choose one of the answers below, or type its number. What is it about?"]
    assert bot.buttons == ["Prices", "Returns", "Something else", "Again"]
    assert bot.write("5")
    assert bot.write("0") == []
    assert bot.effects_of(WantsAgent)[0].reason == "give_up"


ROOMS = """
    flows:
      rooms:
        steps:
          - {buttons: How many?, options: [1 room, 3 rooms, 2 rooms], save_as: rooms}
          - {buttons: And then?, options: [Hilfe, Prices and plans, Delivery], save_as: topic}
          - say: Good
"""


def test_a_number_is_the_one_in_a_label_before_it_counts_the_buttons(play):
    bot = play(ROOMS, start="rooms")
    assert bot.write("4") == ["That is not one of the answers. Which one is it? How many?"]
    bot.write("2")
    assert bot.slots["rooms"] == "2 rooms"


def test_the_clear_beginning_of_a_label_can_be_typed_but_a_greeting_is_none(play):
    bot = play(ROOMS, start="rooms")
    bot.write("1")
    assert bot.write("hi") == ["Choose one of the answers below, or type its number. And then?"]
    assert bot.write("price") == ["Good"]
    assert bot.slots == {"rooms": "1 room", "topic": "Prices and plans"}


@pytest.mark.parametrize(
    "question",
    [
        "buttons: Sure?, options: ['Yes', 'No', Maybe], save_as: sure",
        "collect: sure, ask: Sure?, choices: ['Yes', 'No', Maybe]",
    ],
)
@pytest.mark.parametrize(
    ("text", "stored"),
    [("yes please", "Yes"), ("yeah", "Yes"), ("sure", "Yes"), ("ok", "Yes"), ("ja", "Yes"), ("no, thanks", "No")],
)
def test_options_that_read_as_yes_and_no_are_chosen_by_any_yes_or_no(play, question, text, stored):
    bot = play(f"flows: {{a: {{steps: [{{{question}}}, {{say: Done}}]}}}}", start="a")
    assert bot.write("no idea") != ["Done"]
    assert bot.write(text) == ["Done"]
    assert bot.slots == {"sure": stored}


def test_a_yes_chooses_nothing_where_no_option_is_a_no(play):
    text = "flows: {a: {steps: [{buttons: Which?, options: [Right shoe, Left shoe], save_as: shoe}, {say: Done}]}}"
    assert play(text, start="a").write("yes") != ["Done"]


def test_otherwise_takes_what_is_no_label(play):
    text = MENU.replace("save_as: topic", "save_as: topic\n            otherwise: back_office")
    bot = play(text, start="menu")
    assert bot.write("hm") == ["To the back office."]
    assert bot.effects_of(Misunderstood) == [Misunderstood("topic", "hm", 1)]


def test_typing_can_be_switched_off(play):
    bot = play(MENU.replace("save_as: topic", "save_as: topic\n            type_ok: false"), start="menu")
    assert bot.write("Prices") == ["I did not get that. What is it about?"]
    assert bot.write("1") == ["I did not get that. What is it about?"]
    assert bot.press("Prices") == ["Topic Prices"]


def test_a_known_choice_is_asked_again_unless_told_to_skip(play):
    known = MENU.replace("  menu:\n", "  menu:\n        inputs: {topic: text}\n")
    assert play(known, start="menu", topic="Prices").hears == ["What is it about?"]
    skipping = known.replace("save_as: topic", "save_as: topic\n            if_known: skip")
    assert play(skipping, start="menu", topic="Prices").hears == ["Topic Prices"]
    assert play(skipping, start="menu", topic="unheard of").hears == ["Topic unheard of"]
    assert play(skipping, start="menu").hears == ["What is it about?"]


def test_a_known_choice_leads_where_its_button_would(play):
    text = MENU.replace("  menu:\n", "  menu:\n        inputs: {topic: text}\n").replace(
        "save_as: topic", "save_as: topic\n            if_known: skip"
    )
    assert play(text, start="menu", topic="returns").hears == ["To the back office."]
    assert play(text, start="menu", topic="Something else").hears == ["Tell me more.", "Topic Something else"]


def test_buttons_may_depend_on_conditions_as_they_were_when_asked(play):
    text = """
        flows:
          a:
            steps:
              - buttons: How?
                options:
                  - {label: Call me, when: {opening_hours: open}}
                  - Write to me
                  - {label: Never seen, when: {visits: at least 9}}
              - say: Fine.
        """
    bot = play(text, start="a", facts={"opening_hours": "closed"})
    assert bot.buttons == ["Write to me"]
    assert bot.write("Call me")[0].startswith("Choose one")
    bot.facts["opening_hours"] = "open"
    assert bot.write("call me")[0].startswith("Choose one"), "what was not shown cannot be chosen"
    assert bot.write("1") == ["Fine."], "numbers count what was shown"

    shown = play(text, start="a")
    assert shown.buttons == ["Call me", "Write to me"]
    shown.facts["opening_hours"] = "closed"
    assert shown.press("Call me") == ["Fine."], "what was shown can be chosen"


def test_an_exact_label_wins_over_a_phrase_and_a_likeness(play):
    text = """
        flows:
          a:
            steps:
              - buttons: Which language?
                options: [{label: C, then: c}, {label: C++, then: cpp}, {label: Back, then: goes_back}]
              - end: true
              - {id: c, say: It is C}
              - end: true
              - {id: cpp, say: It is C++}
              - end: true
              - {id: goes_back, say: The button}
        """
    assert play(text, start="a").write("c++") == ["It is C++"]
    assert play(text, start="a").write("c") == ["It is C"]
    assert play(text, start="a").write("back") == ["The button"]


# --- stale and forged buttons


def test_a_button_of_an_earlier_step_moves_nothing_and_repeats_the_question(play):
    bot = play(
        "flows: {a: {steps: [{buttons: One?, options: [X, Z]}, {buttons: Two?, options: [X, Y]}, {say: Done}]}}",
        start="a",
    )
    bot.press("Z")
    before = bot.cursor
    assert bot.press_value("a.buttons_1", "X") == ["Two?"]
    assert bot.cursor == before
    assert ("refused", False) in [(entry[0], entry[4]) for entry in bot.last.trace]
    for step, value in (("a.buttons_2", "Z"), ("b.buttons_2", "X"), ("buttons_2", "X"), ("a.buttons_2", 0), ("", None)):
        assert bot.press_value(step, value) == ["Two?"], (step, value)
        assert (bot.cursor, bot.last.handled) == (before, True)
    assert bot.press_value("a.buttons_2", "X") == ["Done"]


def test_a_button_after_the_end_is_taken_by_nobody(play):
    bot = play("flows: {a: {steps: [{buttons: One?, options: [X, Y]}]}}", start="a")
    bot.press("X")
    assert bot.press_value("a.buttons_1", "X") == []
    assert bot.last.handled is False


# --- branch, set, goto, end


def test_the_first_case_that_holds_is_taken(play):
    text = """
        flows:
          a:
            inputs: {n: number}
            steps:
              - branch:
                  - {when: {n: at least 10}, then: [{say: Many}]}
                  - {if: n > 1, then: few}
                  - {unless: {n: known}, then: [{say: Who knows}]}
              - say: After
              - end: true
              - {id: few, say: Few}
        """
    assert play(text, start="a", n=11).hears == ["Many", "After"]
    assert play(text, start="a", n=2).hears == ["Few"]
    assert play(text, start="a", n=1).hears == ["After"]
    assert play(text, start="a").hears == ["Who knows", "After"]


def test_else_is_taken_when_nothing_is_definitely_true(play):
    text = """
        flows:
          a:
            steps:
              - branch:
                  - {when: {referrer: {contains: shop}}, then: [{say: From the shop}]}
                  - {unless: {referrer: {contains: shop}}, then: [{say: From elsewhere}]}
                  - {else: [{say: Nobody knows}]}
        """
    assert play(text, start="a", facts={"referrer": "https://shop.example"}).hears == ["From the shop"]
    assert play(text, start="a", facts={"referrer": None}).hears == ["From elsewhere"]
    assert play(text, start="a").hears == ["Nobody knows"]


def test_set_writes_texts_numbers_and_sums(play):
    bot = play(
        """
        flows:
          a:
            steps:
              - set: {topic: prices, count: 2, sure: true, greeting: "Hi {{ site.name }}"}
              - set: {count: {add: 3}, other: {add: -1.5}, name: Ann}
              - say: "{{ greeting }} {{ count }} {{ other }}"
        """,
        start="a",
    )
    assert bot.slots == {
        "topic": "prices",
        "count": 5,
        "sure": True,
        "greeting": "Hi Shop",
        "other": -1.5,
        "name": "Ann",
    }
    assert bot.effects_of(SlotSet)[-1].save_to == "contact"
    assert bot.hears == ["Hi Shop 5 -1.5"]


def test_goto_goes_and_end_ends(play):
    text = "flows: {a: {steps: [{goto: c}, {id: b, say: B}, {end: true}, {id: c, say: C}, {goto: b}]}}"
    assert play(text, start="a").hears == ["C", "B"]


def test_a_step_is_skipped_unless_its_conditions_hold(play):
    text = """
        flows:
          a:
            steps:
              - {say: When, when: {visits: at least 2}}
              - {say: Unless, unless: {visits: at least 2}}
              - {say: Unknown, if: country_code is "x", unless: {slot.country_code: known}}
              - {collect: email, when: {visits: at least 2}}
              - {goto: last, if: visits < 2}
              - {say: Between}
              - {id: last, say: Last}
              - {end: true, when: {visits: 99}}
              - {set: {country_code: x}}
        """
    assert play(text, start="a").hears == ["Unless", "Last"]
    often = play(text, start="a", facts={"visits": 3})
    assert often.hears == ["When", "What is your e-mail address?"]
    assert often.write("a@b.io") == ["Between", "Last"]


def test_a_skipped_question_goes_on_even_if_its_answer_is_known(play):
    text = """
        flows:
          a:
            steps:
              - {collect: email, when: {visits: at least 2}}
              - say: 'Mail {{ email | default: "none" }}'
        """
    assert play(text, start="a", facts={"contact.email": "a@b.io"}).hears == ["Mail a@b.io"]
    assert play(text, start="a", facts={"contact.email": "a@b.io", "visits": 2}).hears == ["Mail a@b.io"]
    assert play(text, start="a").hears == ["Mail none"]


# --- call and start

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
    assert bot.press("No") == ["Pity"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("inner", "cancelled"), FlowLeft("outer", "ended")]
    assert play(text, start="plain").press("No") == []


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


# --- identities


def test_steps_are_named_by_kind_and_slot_or_number(flows_of):
    flows = flows_of(
        """
        flows:
          a:
            steps:
              - say: One
              - {id: mine, say: Two}
              - say: Three
              - collect: email
              - {collect: email, if_known: ask}
              - {buttons: Which?, save_as: topic, options: [A, B]}
              - {buttons: What?, options: [A, {label: B, then: [{say: Inner}]}]}
              - {id: say_5, say: Taken}
              - say: Last
        """
    )
    assert [step.id for step in flows.flows["a"].every_step()] == [
        "say_1",
        "mine",
        "say_3",
        "collect_email",
        "collect_email_2",
        "buttons_topic",
        "buttons_2",
        "say_4",
        "say_5",
        "say_6",
    ]


def test_a_version_is_the_content_and_nothing_else(flows_of):
    def version(text: str) -> str:
        return flows_of(text).machines["a"].version

    one = version("flows: {a: {steps: [{say: Hi}, {collect: email}]}}")
    assert one == version(
        "# moved\n\nflows:\n  a:\n    title: T\n    steps:\n      - say: Hi\n      - collect: email\n"
    )
    assert one == version("flows: {a: {steps: [{say: Hi}, {collect: email, type: email, retries: 2}]}}")
    assert one != version("flows: {a: {steps: [{say: Hello}, {collect: email}]}}")
    assert one != version("flows: {a: {steps: [{say: Hi}, {collect: email, retries: 1}]}}")
    assert one != version("flows: {a: {steps: [{say: Hi}, {collect: email}], interruptible: false}}")


def test_a_late_event_is_dropped(play):
    bot = play(ASKING, start="lead")
    before = bot.cursor
    assert bot.happens(Event("input", text="a@b.io", epoch=before.epoch - 1)) == []
    assert (bot.cursor, bot.last.handled) == (before, False)
    assert bot.happens(Event("input", text="a@b.io", epoch=before.epoch)) == ["We write to a@b.io."]


def test_a_timer_nobody_waits_for_does_nothing(play):
    bot = play(ASKING, start="lead")
    before = bot.cursor
    bot.happens(Event("timer", epoch=before.epoch))
    assert (bot.cursor, bot.last.handled, bot.effects) == (before, False, ())


def test_without_a_flow_input_is_left_to_others(play):
    bot = play(ASKING)
    assert bot.write("hello") == []
    assert bot.last.handled is False
