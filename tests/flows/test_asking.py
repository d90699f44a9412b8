"""What a question may say besides its words: limits, must, confirm, optional, help."""

import pytest

from flows.cursor import Cursor, Frame, Parked
from flows.effects import Consented, FlowLeft, Misunderstood, Option, SlotSet


def asking(keys: str, more: str = "") -> str:
    return f"flows: {{a: {{steps: [{{collect: {keys}}}, {{say: Done}}]{more}}}}}"


def test_an_answer_is_no_less_and_no_more_than_it_may_be(play):
    bot = play(asking("n, type: number, min: 1, max: 8, retries: 3"), start="a")
    assert bot.write("none, well: 0") == ["1 is the least there can be. How many is it?"]
    assert bot.write("nine") == ["8 is the most there can be. How many is it?"]
    assert bot.write("8") == ["Done"]
    assert bot.slots == {"n": 8}


def test_a_day_is_reckoned_from_today_in_the_zone_of_the_site(play):
    bot = play(asking("day, type: date, min: today, max: 2026-12-24, retries: 3"), start="a")
    assert bot.write("yesterday") == ["It cannot be before Wednesday, March 4, 2026. Which day is it?"]
    assert bot.write("25.12.") == ["It cannot be after Thursday, December 24, 2026. Which day is it?"]
    assert bot.write("today") == ["Done"]
    assert bot.slots == {"day": "2026-03-04"}


def test_a_text_can_be_too_short(play):
    bot = play(asking("wish, ask: Wish?, min: 5, max: 10"), start="a")
    assert bot.write("Tea") == ["Can you say a little more? 5 characters at least."]
    assert bot.write("A cup of tea, please") == ["Can you say it more briefly? 10 characters at most."]


def test_what_must_hold_is_asked_of_the_answer_and_of_other_slots(play):
    text = """
        flows:
          a:
            steps:
              - set: {least: 3}
              - collect: size
                type: number
                must: {value: more than 4, size: less than 10}
              - collect: more
                type: number
                must: value > size and more > least
                invalid: More than before.
                ask: And now?
              - say: Done
        """
    bot = play(text, start="a")
    assert bot.write("4") == ["That does not fit here. What else could it be?"]
    assert bot.write("10") == ["That does not fit here. What else could it be?"]
    assert bot.write("5") == ["And now?"]
    assert bot.write("5") == ["More than before. And now?"]
    assert bot.write("6") == ["Done"]


def test_an_amount_is_in_the_sites_currency(play):
    bot = play(asking("budget, type: money, retries: 3"), start="a")
    assert bot.write("50 dollars") == ["Amounts here are in EUR. How much is it?"]
    assert bot.write("about 1,500 €") == ["Done"]
    assert bot.slots == {"budget": 1500}


def test_an_answer_is_kept_when_the_visitor_says_that_it_is_right(play):
    bot = play(asking("email, confirm: true"), start="a")
    assert bot.write("ann@x.io") == ["ann@x.io: is that right?"]
    assert bot.effects[-1].options == (Option("Yes", "yes"), Option("No", "no"))
    assert bot.slots == {}
    assert bot.write("hm") == ["Is that a yes or a no? ann@x.io: is that right?"]
    assert bot.effects_of(Misunderstood) == [Misunderstood("collect_email", "hm", 1)]
    assert bot.press("Yes") == ["Done"]
    assert bot.effects_of(SlotSet) == [SlotSet("email", "ann@x.io", "collect_email", "a", "contact")]
    assert bot.cursor.held == ()


def test_no_asks_again_and_another_value_is_asked_about_anew(play):
    bot = play(asking("email, confirm: true"), start="a")
    bot.write("ann@x.io")
    assert bot.write("no") == ["What is your e-mail address?"]
    bot.write("ann@x.io")
    assert bot.write("no, it is b@x.io") == ["b@x.io: is that right?"]
    assert bot.write("yes") == ["Done"]
    assert bot.slots == {"email": "b@x.io"}


@pytest.mark.parametrize("slot", ["name", "wish"])
@pytest.mark.parametrize(
    "wrong",
    [
        *("that's wrong", "wrong", "Incorrect!", "not right", "no, that's not right", "that is not correct"),
        *("falsch", "das stimmt nicht", "Stimmt leider nicht.", "nein, das ist nicht richtig", "nicht ganz"),
    ],
)
def test_who_says_that_what_is_held_is_wrong_is_asked_again(play, slot, wrong):
    bot = play(asking(f"{slot}, ask: Well?, confirm: true"), start="a")
    bot.write("Ann")
    assert bot.write(wrong) == ["Well?"]
    assert bot.slots == {}


@pytest.mark.parametrize("right", ["exactly", "Exactly right.", "it is", "Einverstanden", "alles klar", "das stimmt"])
def test_what_is_held_is_kept_by_whoever_agrees_in_other_words(play, right):
    bot = play(asking("name, confirm: true"), start="a")
    bot.write("Ann")
    assert bot.write(right) == ["Done"]
    assert bot.slots == {"name": "Ann"}


def test_yes_keeps_what_is_held_also_where_it_could_have_been_skipped(play):
    bot = play(asking("email, confirm: true, optional: true"), start="a")
    bot.write("ann@x.io")
    assert bot.press("Yes") == ["Done"]
    assert bot.slots == {"email": "ann@x.io"}


def test_a_yes_that_was_asked_for_is_confirmed_too(play):
    bot = play(asking("sure, type: yes_no, ask: Sure?, confirm: true"), start="a")
    assert bot.write("no") == ["No: is that right?"]
    assert bot.write("yes") == ["Done"]
    assert bot.slots == {"sure": False}


def test_back_from_a_confirmation_is_back_to_its_question(play):
    text = "flows: {a: {steps: [{collect: pet, ask: Pet?}, {collect: email, confirm: true}, {say: Done}]}}"
    bot = play(text, start="a")
    bot.write("Cat")
    bot.write("ann@x.io")
    assert bot.write("back") == ["What is your e-mail address?"]
    assert bot.cursor.held == ()
    assert bot.write("back") == ["Pet?"]


def test_what_is_known_can_be_asked_about(play):
    text = asking("email, if_known: confirm")
    bot = play(text, start="a", facts={"contact.email": "k@x.io"})
    assert bot.hears == ["Still k@x.io?"]
    assert bot.write("yes") == ["Done"]
    assert bot.slots == {"email": "k@x.io"}
    assert bot.effects_of(SlotSet) == []
    other = play(text, start="a", facts={"contact.email": "k@x.io"})
    assert other.write("no") == ["What is your e-mail address?"]
    assert other.write("b@x.io") == ["Done"]
    third = play(text, start="a", facts={"contact.email": "k@x.io"})
    assert third.write("b@x.io") == ["Done"]
    assert third.slots == {"email": "b@x.io"}
    assert play(text, start="a").hears == ["What is your e-mail address?"]


@pytest.mark.parametrize("kind", ["name", "text"])
def test_what_any_words_would_replace_is_not_given_up_unasked(play, kind):
    text = asking(f"name, type: {kind}, ask: Name?, if_known: confirm, optional: true")
    bot = play(text, start="a", facts={"contact.name": "Ann"})
    assert bot.write("hm, what was it") == ["hm, what was it: is that right?"]
    assert bot.effects_of(SlotSet) == []
    assert bot.write("Bea") == ["Bea: is that right?"]
    assert bot.write("yes") == ["Done"]
    assert [each.value for each in bot.effects_of(SlotSet)] == ["Bea"]
    other = play(text, start="a", facts={"contact.name": "Ann"})
    assert other.write("no") == ["Name?"]
    assert other.write("Bea") == ["Done"]


def test_a_question_can_be_skipped(play):
    bot = play(asking("phone, optional: true"), start="a")
    assert bot.effects[-1].options == (Option("Skip", "__skip"),)
    assert bot.write("1") == ["I cannot find a phone number in that. What is yours?"]
    assert bot.press_value("a.collect_phone", "__skip") == ["Done"]
    assert bot.slots == {}
    assert play(asking("phone, optional: true"), start="a", language="de").write("überspringen") == ["Done"]


@pytest.mark.parametrize("asked", ["email", "phone", "name", "guests, type: number"])
@pytest.mark.parametrize(
    "no",
    [
        *("no", "no thanks", "nein danke", "-", "I don't have one", "no, I don't have one", "Skip, please"),
        *("ich habe keine", "Nein danke, ich habe keine."),
    ],
)
def test_a_clear_no_skips_what_can_be_skipped(play, asked, no):
    bot = play(asking(f"{asked}, optional: true"), start="a")
    assert bot.write(no) == ["Done"]
    assert bot.slots == {}


def test_a_no_that_is_an_answer_or_skips_nothing_is_not_skipped_by(play):
    bot = play(asking("wrapped, type: yes_no, ask: Wrapped?, optional: true"), start="a")
    assert bot.write("no thanks") == ["Done"]
    assert bot.slots == {"wrapped": False}
    assert play(asking("email"), start="a").write("no thanks") != ["Done"]
    assert play(asking("email, optional: true"), start="a").write("that's wrong") != ["Done"]


def test_a_text_after_a_question_that_can_be_skipped_may_be_empty_there(problems_in):
    found = problems_in(asking("phone, optional: true").replace("say: Done", "say: 'To {{ phone }}'"))
    assert [problem[:4] for problem in found] == ["F006"]


def test_a_consent_is_kept_with_what_was_shown(play):
    bot = play(asking("news, type: consent, ask: {en: Send news?, de: Neues senden?}"), start="a", language="de")
    assert bot.buttons == ["Ich stimme zu", "Ich stimme nicht zu"]
    assert bot.write("einverstanden") == ["Done"]
    assert bot.effects_of(Consented) == [Consented("news", True, "Neues senden?", "de", "collect_news", "a")]
    assert bot.slots == {"news": True}


def test_who_asks_for_help_hears_that_of_the_question_or_what_can_be_written(play):
    bot = play(asking("phone, help: With the area code."), start="a")
    assert bot.write("what can I do") == ["With the area code. What is your phone number?"]
    other = play(asking("phone"), start="a")
    words = "You can answer the question, or write one of these: back, start over, cancel, human."
    assert other.write("What can I write?") == [f"{words} What is your phone number?"]
    assert other.effects_of(Misunderstood) == []
    assert play(asking("phone"), start="a", language="de").write("Was kann ich tun?")[0].startswith("Sie können")


CALLING = """
    flows:
      outer:
        steps:
          - call: inner
            {handled}
          - say: "Thanks"
          - end: true
          - id: gone
            say: Another time
      inner:
        steps:
          - collect: email
    """


def test_cancel_leaves_the_flow_that_was_called_last(play):
    bot = play(CALLING.replace("{handled}", "if_cancelled: gone"), start="outer")
    assert bot.write("cancel") == ["All right, we leave that.", "Another time"]
    assert bot.effects_of(FlowLeft) == [FlowLeft("inner", "cancelled"), FlowLeft("outer", "ended")]
    other = play(CALLING.replace("{handled}", ""), start="outer")
    assert other.write("never mind") == ["All right, we leave that."]
    assert other.at == ""


def test_cancel_at_the_top_ends_and_an_interrupted_flow_goes_on(play):
    bot = play("flows: {a: {steps: [{collect: email}]}, top: {steps: [{collect: wish}]}}", start="a")
    bot.start("top")
    assert bot.write("cancel")[-1] == "Let us go back to where we were. What is your e-mail address?"
    assert bot.at == "a.collect_email"


def test_what_a_cancelled_flow_would_have_collected_may_be_empty(problems_in):
    text = CALLING.replace("{handled}", "if_cancelled: gone").replace("Another time", "Another time, {{ email }}")
    assert [problem[:4] for problem in problems_in(text)] == ["F006"]


def test_a_cursor_that_was_kept_before_forms_and_timers_still_loads():
    asked = '["a","v1","collect_email",[["b","v2","call_1",0]],[["email",false,null,"contact",null]]]'
    kept = (
        '{"v":1,"conversation":"c1","language":"de","epoch":3,"flow":"a","version":"v1","state":"collect_email",'
        f'"history":[{asked}],"parked":[["a","v1","x",[],["n"],[{asked}],1,["yes"]]]}}'
    )
    cursor = Cursor.from_json(kept)
    assert (cursor.done, cursor.held) == ((), ())
    assert cursor.history[0].done == ()
    assert cursor.history[0].stack == (Frame("b", "v2", "call_1", 0),)
    assert isinstance(cursor.parked[0], Parked) and cursor.parked[0].held == ()
    assert Cursor.from_json(cursor.to_json()) == cursor
