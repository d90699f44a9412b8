"""Several values asked for together: by a card, one after the other, or several by one message."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from flows.card import told
from flows.cursor import Cursor
from flows.effects import Consented, Field, Misunderstood, Option, Say, SlotSet, WantsAgent
from flows.runner import Event, filled_in

STAY = """
    flows:
      stay:
        steps:
          - say: With pleasure.
          - form:
              - {collect: arrival, type: date, min: today, ask: When do you arrive?}
              - {collect: departure, type: date, must: "departure > arrival", ask: And when do you leave?}
              - {collect: guests, type: number, min: 1, max: 8, ask: How many guests?}
              - {collect: email}
            title: Your stay
            submit: Ask for a room
            help: Three questions, and we know everything.
          - say: "{{ guests }} guests, {{ arrival }} to {{ departure }}, {{ email }}"
    """
WISH = """
    flows:
      wish:
        steps:
          - collect: pet
            ask: Pet?
          - form:
              - {collect: name}
              - {collect: phone, optional: true}
              - {collect: kind, choices: [Gift, Own], ask: Which is it?}
              - {collect: paper, type: yes_no, ask: Wrapped?, when: {kind: Gift}}
              - {collect: wish, min: 10, ask: "What is it, {{ name | default: 'dear' }}?", help: A few words do.}
            retries: 1
            give_up: end
          - say: Done
    """


def test_a_clear_no_skips_a_field_that_can_be_skipped(play):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    bot.write("Ann")
    assert bot.write("no, thanks") == ["Which is it?"]
    assert bot.slots == {"pet": "Cat", "name": "Ann"}


def test_a_form_is_a_card_and_its_text_is_the_first_question(play):
    bot = play(STAY, start="stay")
    assert bot.hears == ["With pleasure.", "When do you arrive?"]
    assert (bot.card.step, bot.card.title, bot.card.submit) == ("stay.form_1", "Your stay", "Ask for a room")
    assert [(each.name, each.type) for each in bot.card.fields] == [
        ("arrival", "date"),
        ("departure", "date"),
        ("guests", "number"),
        ("email", "email"),
    ]
    assert bot.card.fields[0] == Field("arrival", "date", "When do you arrive?", min="2026-03-04")
    assert bot.card.fields[3].label == "What is your e-mail address?"
    assert bot.card.errors == {}


def test_what_a_card_holds_is_kept_and_the_flow_goes_on(play):
    bot = play(STAY, start="stay")
    heard = bot.fill_in("stay.form_1", arrival="3.1.", departure="2027-01-07", guests="two", email="ann@X.io")
    assert heard == ["2 guests, 2027-01-03 to 2027-01-07, ann@x.io"]
    assert SlotSet("email", "ann@x.io", "form_1", "stay", "contact") in bot.effects
    assert bot.cursor.done == ()


def test_a_card_comes_back_with_what_is_wrong_and_with_what_was_typed(play):
    bot = play(STAY, start="stay")
    assert bot.fill_in("stay.form_1", arrival="3.1.", departure="2.1.2027", guests="12", email=" ") == [
        "That does not fit here. What else could it be?"
    ]
    assert bot.card.errors == {
        "departure": "That does not fit here. What else could it be?",
        "guests": "8 is the most there can be. How many is it?",
        "email": "This is still needed.",
    }
    assert [each.value for each in bot.card.fields] == ["2027-01-03", "2.1.2027", "12", None]
    assert bot.slots == {"arrival": "2027-01-03"}
    assert bot.fill_in("stay.form_1", arrival="1.1.", departure="2.1.2027", guests="3", email="a@b.io")[0].startswith(
        "3"
    )


def test_a_card_that_brings_nothing_new_counts_as_a_try_and_is_given_up_on(play):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    assert bot.fill_in("wish.form_1", wish="short") == ["What is your name?"]
    assert bot.effects_of(Misunderstood) == [Misunderstood("form_1", "short", 1)]
    bot.fill_in("wish.form_1", wish="short")
    assert bot.at == ""


def test_a_field_that_is_not_there_is_not_needed_and_one_that_comes_up_is(play):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    assert [each.name for each in bot.card.fields] == ["name", "phone", "kind", "wish"]
    assert bot.card.fields[2].choices == (Option("Gift", "Gift"), Option("Own", "Own"))
    assert bot.card.fields[1].optional and bot.card.fields[1].choices is None
    given = {"name": "Ann", "phone": "", "kind": "Own", "wish": "A pair of boots"}
    gift = play(WISH, start="wish")
    gift.write("Cat")
    assert gift.fill_in("wish.form_1", **given | {"kind": "Gift"}) == ["Wrapped?"]
    assert [each.name for each in gift.card.fields] == ["name", "phone", "kind", "paper", "wish"]
    assert gift.fill_in("wish.form_1", **given | {"kind": "Gift", "paper": True}) == ["Done"]
    assert bot.fill_in("wish.form_1", **given) == ["Done"]
    assert "phone" not in bot.slots


@pytest.mark.parametrize(
    ("step", "values"),
    [("wish.collect_pet", {"name": "Eve"}), ("stay.form_1", {"name": "Eve"}), ("", {"name": "Eve"})],
)
def test_a_form_of_another_step_moves_nothing(play, step, values):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    before = bot.cursor
    bot.fill_in(step, **values)
    assert bot.cursor == before
    assert bot.hears == ["What is your name?"]


def test_a_form_that_comes_when_a_question_is_open_or_nothing_at_all_moves_nothing(play):
    bot = play(WISH, start="wish")
    assert bot.fill_in("wish.form_1", name="Eve") == ["Pet?"]
    assert bot.slots == {}
    fresh = play(WISH)
    assert fresh.fill_in("wish.form_1", name="Eve") == []
    assert fresh.cursor == Cursor("c1", "en")


def test_names_of_no_field_are_passed_over(play):
    bot = play(STAY, start="stay")
    bot.fill_in("stay.form_1", arrival="3.1.", plan="team", visits="9")
    assert bot.slots == {"arrival": "2027-01-03"}


@pytest.mark.parametrize("value", [True, "", "[]", "\u202e"])
def test_a_field_is_never_filled_with_what_is_no_answer(play, value):
    bot = play(STAY, start="stay")
    bot.fill_in("stay.form_1", guests=value)
    assert bot.slots == {}


def test_one_field_after_the_other_is_asked_for_by_text(play):
    bot = play(STAY, start="stay")
    assert bot.write("tomorrow") == ["And when do you leave?"]
    assert bot.write("today") == ["That does not fit here. What else could it be?"]
    assert bot.write("on Friday") == ["How many guests?"]
    assert bot.write("nine") == ["8 is the most there can be. How many is it?"]
    assert bot.write("2") == ["What is your e-mail address?"]
    assert bot.write("a@b.io") == ["2 guests, 2026-03-05 to 2026-03-06, a@b.io"]


def test_one_message_fills_several_fields(play):
    bot = play(STAY, start="stay")
    assert bot.write("two of us, 3 to 7 January, a@b.io") == ["2 guests, 2027-01-03 to 2027-01-07, a@b.io"]


def test_what_is_ambiguous_goes_to_the_question_that_is_open(play):
    bot = play(STAY, start="stay")
    bot.write("3 January")
    assert bot.slots == {"arrival": "2027-01-03"}
    bot.write("7 January")
    bot.write("from 3 to 7 January the two of us")
    assert bot.slots == {"arrival": "2027-01-03", "departure": "2027-01-07", "guests": 2}


def test_values_for_other_fields_are_kept_while_the_open_one_stays_open(play):
    bot = play(STAY, start="stay")
    assert bot.write("we are 4, my mail is a@b.io") == ["When do you arrive?"]
    assert bot.slots == {"guests": 4, "email": "a@b.io"}
    assert bot.effects_of(Misunderstood) == []


def test_a_name_is_found_beside_an_address(play):
    text = "flows: {a: {steps: [{form: [{collect: name}, {collect: email}]}, {say: '{{ name }} {{ email }}'}]}}"
    assert play(text, start="a").write("I am Ann, ann@x.io") == ["Ann ann@x.io"]
    assert play(text, start="a").write("Good morning, I am Ann, ann@x.io") == ["Ann ann@x.io"]
    assert play(text, start="a").write("Ann Berg and my mail is ann@x.io") == ["Ann Berg ann@x.io"]
    assert play(text, start="a").write("my mail is ann@x.io") == ["What is your name?"]


def test_a_story_is_not_searched_for_numbers(play):
    text = "flows: {a: {steps: [{form: [{collect: story}, {collect: n, type: number}, {collect: email}]}, {say: x}]}}"
    bot = play(text, start="a")
    bot.write("I ordered 3 weeks ago, write to a@b.io")
    assert bot.slots == {"story": "I ordered 3 weeks ago, write to a@b.io", "email": "a@b.io"}


@pytest.mark.parametrize(
    ("words", "slot", "value"),
    [
        ("no, my mail is b@x.io", "email", "b@x.io"),
        ("sorry, departure is 9 January", "departure", "2027-01-09"),
        ("nein, wir sind zu dritt", "guests", 3),
    ],
)
def test_what_was_said_before_can_be_corrected(play, words, slot, value):
    bot = play(STAY.replace("{collect: email}", "{collect: email}\n              - {collect: wish}"), start="stay")
    bot.write("two of us, 3 to 7 January, a@b.io")
    heard = bot.write(words)
    assert bot.slots[slot] == value
    assert heard[0].startswith("All right, ") and heard[0].endswith("What would you like to tell us?")
    assert bot.at == "stay.form_1"


def test_a_correction_that_spoils_another_answer_asks_for_that_one_again(play):
    bot = play(STAY, start="stay")
    bot.write("3 to 7 January")
    assert bot.write("sorry, arrival is 8 January, we are two") == ["That does not fit here. What else could it be?"]
    assert bot.card.errors == {"departure": "That does not fit here. What else could it be?"}
    assert bot.write("9 January") == ["How many guests?"]


def test_a_message_without_a_correcting_word_corrects_nothing(play):
    bot = play(STAY, start="stay")
    bot.write("two of us, 3 to 7 January")
    bot.write("b@x.io")
    assert bot.slots["email"] == "b@x.io"
    assert bot.at == ""


def test_the_message_that_begins_a_flow_is_read_by_its_first_form(play):
    bot = play(STAY)
    begins = Event("start", text="A room for two from 3 to 7 January", data={"flow": "stay"})
    assert bot.happens(begins) == ["With pleasure.", "What is your e-mail address?"]
    assert bot.slots == {"arrival": "2027-01-03", "departure": "2027-01-07", "guests": 2}
    other = play("flows: {a: {steps: [{collect: wish}]}}")
    assert other.happens(Event("start", text="A room", data={"flow": "a"})) == ["What would you like to tell us?"]
    assert other.slots == {}


def test_what_is_known_is_filled_in_and_a_form_of_known_things_is_not_put(play):
    bot = play(STAY, start="stay", facts={"contact.email": "k@x.io"})
    assert bot.card.fields[3].value == "k@x.io"
    assert bot.write("two of us, 3 to 7 January") == ["2 guests, 2027-01-03 to 2027-01-07, k@x.io"]
    text = "flows: {a: {steps: [{form: [{collect: email}]}, {say: 'To {{ email }}'}]}}"
    assert play(text, start="a", facts={"contact.email": "k@x.io"}).hears == ["To k@x.io"]


def test_options_of_a_form_say_which_field_they_are_for(play):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    assert bot.write("Ann") == ["What is your phone number?"]
    skip = bot.effects_of(Say)[-1].options
    assert skip == (Option("Skip", "phone:__skip"),)
    assert bot.press("Skip") == ["Which is it?"]
    before = bot.cursor
    assert bot.press_value("wish.form_1", "phone:__skip") == ["Which is it?"]
    assert bot.cursor == before
    assert bot.write("own") == ["What is it, Ann?"]
    assert bot.write("boots") == ["Can you say a little more? 10 characters at least."]
    assert bot.write("A pair of boots") == ["Done"]


def test_back_takes_away_field_by_field_and_then_leaves_the_form(play):
    bot = play(WISH, start="wish")
    bot.write("Cat")
    bot.write("Ann")
    bot.write("skip")
    assert bot.cursor.done == ("name", "phone")
    assert bot.write("back") == ["What is your phone number?"]
    assert bot.cursor.done == ("name",)
    assert bot.slots == {"pet": "Cat", "name": "Ann"}
    assert bot.write("back") == ["What is your name?"]
    assert bot.slots == {"pet": "Cat"}
    assert bot.write("back") == ["Pet?"]
    assert bot.slots == {}
    assert bot.write("Dog") == ["What is your name?"]


def test_back_from_a_later_question_undoes_a_whole_card(play):
    bot = play(STAY.replace('- say: "{{ guests }}', '- collect: wish\n          - say: "{{ guests }}'), start="stay")
    bot.fill_in("stay.form_1", arrival="3.1.", departure="7.1.", guests="2", email="a@b.io")
    assert bot.at == "stay.collect_wish"
    assert bot.write("back") == ["When do you arrive?"]
    assert bot.slots == {}


def test_help_is_that_of_the_field_else_that_of_the_form(play):
    bot = play(STAY, start="stay")
    assert bot.write("what can I do") == ["Three questions, and we know everything. When do you arrive?"]
    wish = play(WISH, start="wish")
    wish.write("Cat")
    wish.fill_in("wish.form_1", name="Ann", kind="Own")
    assert wish.write("what can I do") == ["A few words do. What is it, Ann?"]


def test_a_person_can_be_asked_for_in_the_middle_and_the_form_goes_on(play):
    bot = play(STAY, start="stay")
    bot.write("two of us")
    bot.write("human")
    assert bot.effects_of(WantsAgent)
    assert bot.happens(Event("agent_left", data={"how": "returned"})) == ["When do you arrive?"]
    assert bot.cursor.done == ("guests",)


def test_a_form_can_be_interrupted_by_another_flow_and_goes_on_where_it_was(play):
    bot = play(STAY.rstrip() + "\n      other: {steps: [{collect: wish}]}\n", start="stay")
    bot.write("two of us")
    bot.start("other")
    assert bot.write("Tea") == ["Let us go back to where we were. When do you arrive?"]
    assert bot.cursor.done == ("guests",)


def test_a_form_whose_flow_ran_once_more_meanwhile_asks_for_what_went_with_it(play):
    bot = play(STAY.rstrip() + "\n      other: {steps: [{collect: wish}]}\n", start="stay")
    bot.write("two of us")
    bot.start("other")
    bot.start("stay")
    bot.write("cancel")
    assert bot.write("Tea") == ["Let us go back to where we were. When do you arrive?"]
    assert (bot.cursor.done, bot.cursor.filled) == ((), ())


def test_a_consent_is_kept_with_what_was_shown(play):
    text = """
        flows:
          a:
            steps:
              - form:
                  - {collect: email}
                  - {collect: news, type: consent, ask: {en: Send news?, de: Neues senden?}, must: value is true}
              - say: Done
        """
    bot = play(text, start="a", language="de")
    assert bot.fill_in("a.form_1", email="a@b.io", news=False) == ["Das passt hier nicht. Was könnte es sonst sein?"]
    assert bot.effects_of(Consented) == []
    assert bot.fill_in("a.form_1", email="a@b.io", news=True) == ["Done"]
    assert bot.effects_of(Consented) == [Consented("news", True, "Neues senden?", "de", "form_1", "a")]


def test_a_field_in_words_reads_as_in_the_page(empty_page: Page) -> None:
    cases = json.loads((Path(__file__).parents[1] / "forms.cases.json").read_text(encoding="utf-8"))
    expected = [case["told"] for case in cases]
    assert [told(case["label"], case["words"]) for case in cases] == expected
    script = """async (cases) => {
      const { told } = await import("/static/widget/forms.js");
      return cases.map((each) => told(each, each.words));
    }"""
    assert empty_page.evaluate(script, cases) == expected


def test_a_day_that_is_refused_is_told_as_the_field_showed_it_and_other_words_as_they_are(play):
    bot = play(STAY, start="stay", language="de")
    now = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)

    def told_of(day: str) -> str:
        form = {"step": "stay.form_1", "values": {"arrival": day}}
        words, _ = filled_in(bot.machine, bot.cursor, form, {}, now) or ("", {})
        return words.removeprefix("When do you arrive? ")

    assert told_of("2026-12-05") == "Samstag, 5. Dezember 2026"
    assert told_of("2020-01-01") == "Mittwoch, 1. Januar 2020"
    assert told_of("2026-02-31") == "2026-02-31"
    assert told_of("neulich") == "neulich"
