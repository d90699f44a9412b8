"""How `collect` asks for a value, keeps it, and gives up."""

from flows.effects import Misunderstood, Option, Say, SlotSet, WantsAgent
from flows.runner import Event

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
