"""Rules and flows share a message: what is masked first, who goes before whom, and what is asked again."""

import pytest
from sqlalchemy import inspect, select, text

from bot.explaining import explained
from bot.models import Base
from handoff.brief import Briefs
from handoff.desk import Said
from handoff.refusals import Blocked, Mismatch
from tests.handoff.conftest import WORLDS, VisitorActor, open_office

CARD = "4111 1111 1111 1111"
QUESTIONS = {
    "topic": "What is it about?",
    "email": "What is your e-mail address?",
    "name": "What is your name?",
    "question": "What can we do for you?",
}
PARKING = "There are free places behind the hall."


@pytest.fixture
def office(database, clock):
    return open_office(database, clock, WORLDS / "market")


@pytest.fixture
def ann(office):
    return VisitorActor(office, "visitor-ann")


def at(visitor, question):
    """Brings the visitor to an open question."""
    for answer, asked in zip(["Hello", "Prices", "ann@x.io", "Ann"], QUESTIONS.values(), strict=True):
        visitor.writes(answer)
        assert visitor.hears()[-1] == asked
        if asked == QUESTIONS[question]:
            return


def heard_after(visitor, *messages):
    before = len(visitor.hears())
    for message in messages:
        visitor.writes(message)
    return visitor.hears()[before + 1 :]


def applied(office, visitor):
    events = office.journal.events_after(visitor.conversation, 0)
    return [
        (event.body["rule"], event.body["did"], event.body["why"]) for event in events if event.kind == "rule_applied"
    ]


def slots(office, visitor):
    return office.desk.conversation(visitor.conversation).cursor.slots


# Before anything is kept


def everything_stored(database):
    with database.reading() as connection:
        tables = inspect(connection).get_table_names()
        assert {table.name for table in Base.metadata.sorted_tables} <= set(tables)
        rows = (connection.execute(select(text("*")).select_from(text(f'"{table}"'))).all() for table in tables)
        return repr(list(rows))


def test_a_card_number_is_nowhere_in_the_database_and_its_sender_is_told(office, ann, agent):
    ann.writes(f"Hello, {CARD}")
    at_topic = ann.hears()
    assert at_topic == [
        "Hello, [card number removed]",
        "Please never send card numbers in a chat.",
        QUESTIONS["topic"],
    ]
    ann.writes("Prices")
    ann.writes(f"my mail is {CARD}")
    ann.writes("ann@x.io")
    ann.writes(f"Ann {CARD}")
    ann.writes(f"Why was {CARD} charged twice?")
    ann.writes("IBAN DE89 3704 0044 0532 0130 00 or de89370400440532013000 please")
    somebody = agent("Berta", "billing").comes_online()
    ann.writes("invoice")
    somebody.accepts(ann.conversation)
    ann.writes(f"and {CARD}")
    somebody.says(ann.conversation, f"I see {CARD}")
    office.desk.note(somebody.id, ann.conversation, f"card {CARD}", client_id="note-1")
    assert slots(office, ann)["question"] == "Why was [card number removed] charged twice?"
    stored = everything_stored(office.database)
    assert "charged twice" in stored and "1111" not in stored and "3704" not in stored
    assert ann.hears()[-1] == "I see [card number removed]"


def test_a_forged_button_with_a_card_number_is_kept_without_it(office, ann):
    at(ann, "topic")
    ann._sends(Said(button={"step": "welcome.topic", "value": CARD, "label": f"Pay {CARD}"}), None)
    assert "Pay [card number removed]" in ann.hears()
    assert "1111" not in everything_stored(office.database)


def test_the_same_message_sent_again_unmasked_is_the_same_message(office, ann):
    first = ann.writes(f"Hello {CARD}", client_id="once-more")
    assert ann.writes(f"Hello {CARD}", client_id="once-more") == first
    office.desk._recently_sent.clear()
    assert ann.writes(f"Hello {CARD}", client_id="once-more") == first
    with pytest.raises(Mismatch):
        ann.writes(f"Goodbye {CARD}", client_id="once-more")
    assert ann.hears().count("Hello [card number removed]") == 1


def test_what_is_being_typed_is_shown_masked_too(office, ann):
    at(ann, "topic")
    assert office.desk.preview(ann.id, f"my card {CARD}") == "my card [card number removed]"
    assert office.desk.preview(ann.id, "buy at casino777") == "[message removed]"
    assert office.desk.preview("nobody", "Hello") == "Hello"


def test_a_blocked_message_is_not_kept_moves_nothing_and_its_sender_is_told(office, ann):
    at(ann, "email")
    ann.writes("play at CASINO777 ann@x.io", client_id="blocked-1")
    assert ann.hears()[-2:] == ["[message removed]", "We do not pass on advertising."]
    ann.writes("play at CASINO777 ann@x.io", client_id="blocked-1")
    assert ann.hears().count("[message removed]") == 1
    assert "CASINO" not in everything_stored(office.database)
    assert applied(office, ann) == [("spam", ["blocked", "warned"], "the word 'casino*'")]
    ann.writes("ann@x.io")
    assert ann.hears()[-1] == QUESTIONS["name"]


def test_who_is_blocked_is_told_every_time(office, clock, database, tmp_path):
    rule = "  lottery: {match: {words: [lottery]}, block: true, once_per: conversation}"
    ann = VisitorActor(open_office(database, clock, world_with(tmp_path, rule)), "visitor-ann")
    told = "This message was not passed on and not kept. You can say it in other words."
    assert heard_after(ann, "lottery") == [told]
    assert heard_after(ann, "lottery again") == [told]


def test_after_a_blocked_first_message_the_welcome_still_begins(ann):
    ann.writes("casino")
    ann.writes("Hello")
    assert ann.hears()[-1] == QUESTIONS["topic"]


# Who goes before whom


def test_a_person_is_called_before_any_rule(office, ann, agent):
    agent("Sam", "sales").comes_online()
    at(ann, "email")
    ann.writes("agent")
    assert office.desk.conversation(ann.conversation).holder == "queue"


def test_the_label_of_an_open_button_goes_before_a_rule(office, clock, database, tmp_path):
    site = world_with(tmp_path, "  a_return: {match: {phrases: [a return]}, answer: 'No.'}")
    ann = VisitorActor(open_office(database, clock, site), "visitor-ann")
    at(ann, "topic")
    ann.writes("a return")
    assert ann.hears()[-1] == QUESTIONS["email"]


def test_other_phrases_go_before_a_rule(office, clock, database, tmp_path):
    site = world_with(tmp_path, "  way_back: {match: {words: [back]}, answer: 'No.'}")
    ann = VisitorActor(open_office(database, clock, site), "visitor-ann")
    at(ann, "email")
    assert heard_after(ann, "back") == [QUESTIONS["topic"]]


def world_with(tmp_path, rule):
    for file in (WORLDS / "market").iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "more.yaml").write_text(f"rules:\n{rule}\n")
    return tmp_path


def test_a_valid_answer_goes_before_a_rule(office, ann):
    at(ann, "email")
    ann.writes("parking@x.io")
    assert ann.hears()[-1] == QUESTIONS["name"]
    ann.writes("Parker")
    assert ann.hears()[-1] == QUESTIONS["question"]
    assert slots(office, ann)["name"] == "Parker"
    assert applied(office, ann) == []


def test_where_any_text_is_an_answer_a_whole_phrase_goes_first_and_a_word_does_not(office, ann):
    at(ann, "question")
    assert heard_after(ann, "Where is the parking?") == [PARKING, QUESTIONS["question"]]
    assert heard_after(ann, "I was parking and lost my bag") == ["Thank you, Ann."]
    assert slots(office, ann)["question"] == "I was parking and lost my bag"


def test_what_is_no_answer_is_for_a_rule_and_the_question_is_asked_again_uncounted(ann):
    at(ann, "email")
    assert heard_after(ann, "is there parking?") == [PARKING, QUESTIONS["email"]]
    assert heard_after(ann, "opening hours?") == ["Welcome to Market Hall, we are here all day."]
    assert "e-mail" in heard_after(ann, "no idea")[-1]
    assert heard_after(ann, "ann@x.io") == [QUESTIONS["name"]]


def test_what_no_rule_answers_is_asked_again_and_counted(office, ann):
    at(ann, "email")
    ann.writes("is there parking?")
    ann.writes("no idea")
    ann.writes("still none")
    assert office.desk.conversation(ann.conversation).cursor.flow is None


def test_one_message_gets_one_answer_whatever_else_it_is_about(office, ann):
    at(ann, "email")
    assert heard_after(ann, "parking and opening hours and wifi?") == [PARKING, QUESTIONS["email"]]
    assert [rule for rule, _, _ in applied(office, ann)] == ["parking"]


@pytest.mark.parametrize("words", ["{{ site.name }} ${7*7}", r".*(a+)+$ \1 \g<0>", "[card number removed] <b>"])
def test_what_a_visitor_writes_is_never_a_pattern_nor_a_template(database, clock, tmp_path, words):
    rule = """  echo:
    match: {words: [echo]}
    answer: 'You said {{ last_message | default: "" }}'
  hush:
    match: {words: [secret]}
    mask: '\\0 \\1 {{ x }}'"""
    ann = VisitorActor(open_office(database, clock, world_with(tmp_path, rule)), "visitor-ann")
    assert heard_after(ann, f"echo {words}") == [f"You said echo {words}"]
    ann.writes(f"a secret {words}")
    assert rf"a \0 \1 {{{{ x }}}} {words}" in ann.hears()


# How often


def test_an_answer_is_given_once_in_a_conversation_unless_its_rule_says_otherwise(ann):
    at(ann, "email")
    assert heard_after(ann, "parking?") == [PARKING, QUESTIONS["email"]]
    assert PARKING not in heard_after(ann, "parking?")
    assert heard_after(ann, "hours?") == heard_after(ann, "hours?")


def test_once_for_a_visitor_is_once_over_conversations_and_restarts(office, ann, clock):
    assert heard_after(ann, "loyalty?") == ["You get a stamp for every tenth box."]
    ann.writes("goodbye")
    later = open_office(office.database, clock, WORLDS / "market")
    again = VisitorActor(later, ann.id)
    again._numbers = ann._numbers
    again.writes("and loyalty?")
    assert again.hears() == ["and loyalty?", QUESTIONS["topic"]]
    assert later.desk.known(again.conversation).rules == ("newcomers",)


def test_the_first_message_that_no_rule_answers_begins_the_welcome(ann):
    assert heard_after(ann, "parking?") == [PARKING]
    assert heard_after(ann, "thanks") == [QUESTIONS["topic"]]


# What follows


def test_a_warning_is_said_once_and_the_question_again(office, ann):
    at(ann, "email")
    assert heard_after(ann, "you idoit") == [
        "Let us stay friendly, then I can help faster.",
        QUESTIONS["email"],
    ]
    assert "friendly" not in heard_after(ann, "idiot!")[0]
    assert applied(office, ann) == [("rude_words", ["warned"], "the word 'idiot'")]


def test_an_answer_that_is_rude_is_still_an_answer(office, ann):
    at(ann, "question")
    assert heard_after(ann, "Shut up and refund me") == [
        "Let us stay friendly, then I can help faster.",
        "Thank you, Ann.",
    ]


def test_what_a_rule_only_notes_is_noted_whatever_the_message_is(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    at(ann, "question")
    ann.writes("My lawyer will hear of this")
    conversation = office.desk.conversation(ann.conversation)
    assert (conversation.tags, conversation.department, conversation.priority) == (("complaint",), "billing", 1)
    assert ann.hears()[-1] == "Thank you, Ann."
    notes = [e.body for e in office.journal.events_after(ann.conversation, 0) if e.kind == "note"]
    assert notes == [{"text": "Angry. Writes from /.", "name": "Assistant", "rule": "complaints_first"}]
    ann.writes("agent")
    assert office.queue.place_of(office.desk.conversation(ann.conversation)) == 1
    assert office.desk.conversation(ann.conversation).priority == 1
    assert berta.is_offered() == [ann.conversation]


def test_a_called_flow_comes_back_to_the_question(ann):
    at(ann, "email")
    assert heard_after(ann, "Can I send it back?") == ["Which order is it?"]
    assert heard_after(ann, "AB-1") == [
        "We look at AB-1.",
        f"Let us go back to where we were. {QUESTIONS['email']}",
    ]


def test_a_started_flow_takes_the_place_of_the_one_that_ran(office, ann):
    at(ann, "email")
    assert heard_after(ann, "Something else, please") == ["Which order is it?"]
    assert heard_after(ann, "AB-1") == ["We look at AB-1."]
    assert office.desk.conversation(ann.conversation).cursor.flow is None


def test_a_flow_is_not_called_while_one_stands_in_it(office, ann):
    ann.writes("I want to send it back")
    ann.writes("I said: send it back")
    assert slots(office, ann)["order"] == "I said: send it back"


def test_a_rule_hands_over_now_and_what_was_asked_is_asked_again_afterwards(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    at(ann, "email")
    assert heard_after(ann, "about my invoice") == ["I am asking somebody in billing."]
    requested = [e for e in office.journal.events_after(ann.conversation, 0) if e.kind == "agent_requested"]
    assert [e.body["reason"] for e in requested] == ["rule"]
    token = berta.accepts(ann.conversation)
    office.desk.return_to_bot(berta.id, ann.conversation, token=token)
    assert ann.hears()[-1] == QUESTIONS["email"]


def test_a_question_that_may_not_be_left_is_not_left_for_a_rule(office, ann, agent, clock, database, tmp_path):
    site = world_with(tmp_path, "  agree: {match: {words: [terms]}, start: consent}")
    office = open_office(database, clock, site)
    agent("Berta", "billing").comes_online()
    ann = VisitorActor(office, "visitor-ann")
    ann.writes("the terms")
    assert ann.hears()[-1] == "Do you agree?"
    ann.writes("my invoice")
    assert office.desk.conversation(ann.conversation).holder == "bot"
    assert heard_after(ann, "parking") == [PARKING, "Do you agree?"]


def test_a_rule_ends_the_conversation(office, ann):
    at(ann, "email")
    conversation = ann.conversation
    ann.writes("Goodbye!")
    assert office.desk.open_conversation(ann.id) is None
    events = office.journal.visitor_events_after(conversation, 0)
    assert [(e.kind, e.body.get("by")) for e in events[-2:]] == [("message", None), ("closed", "bot")]


def test_a_message_that_was_left_outlives_the_goodbye(office, ann, agent):
    for said in ("Hello", "human", "ann@x.io", "Please call me"):
        ann.writes(said)
    conversation = ann.conversation
    assert office.desk.conversation(conversation).left
    ann.writes("Goodbye!")
    assert office.desk.conversation(conversation).open
    lead = agent("Anna", role="lead").comes_online()
    assert [row["id"] for row in office.queue.rows_waiting(office.desk.agent(lead.id))] == [conversation]
    office.desk.close(lead.id, conversation, token=lead.accepts(conversation))
    state = office.desk.conversation(conversation)
    assert (state.open, state.holder, state.left) == (False, "nobody", False)


def test_a_rule_speaks_the_visitors_language(office):
    anna = VisitorActor(office, "visitor-anna", "de")
    assert heard_after(anna, "Parking?") == ["Hinter der Halle sind freie Plätze."]
    assert heard_after(anna, "Ist das bio?") == ["Alles ist bio."]


def test_a_rule_for_one_language_is_silent_in_another(ann):
    assert heard_after(ann, "bio?") == [QUESTIONS["topic"]]


def test_a_rule_for_when_the_bot_is_idle_waits_until_no_flow_runs(ann):
    assert heard_after(ann, "weather?") == ["It never rains in the hall."]


def test_a_rule_for_when_the_bot_is_idle_is_silent_in_a_flow(ann):
    at(ann, "email")
    assert "rains" not in " ".join(heard_after(ann, "weather?"))


# While people have it


def test_with_an_agent_only_rules_for_always_act(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    ann.writes("invoice")
    assert heard_after(ann, "parking?") == [PARKING]
    berta.accepts(ann.conversation)
    assert heard_after(ann, "opening hours?") == []
    assert heard_after(ann, "wifi?") == ["The wifi is called hall."]
    assert office.desk.conversation(ann.conversation).waiting_since is not None


def test_what_an_agent_may_not_say_is_refused_and_only_that_it_was_is_kept(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    ann.writes("invoice")
    berta.accepts(ann.conversation)
    with pytest.raises(Blocked, match=r"^Please say that in other words\.$"):
        berta.says(ann.conversation, "That is stupid")
    assert "stupid" not in " ".join(ann.hears())
    assert applied(office, ann)[-1] == ("agents_stay_polite", ["blocked", "warned"], "the word 'stupid'")
    assert "That is stupid" not in everything_stored(office.database)
    assert office.desk.conversation(ann.conversation).waiting_since is not None
    berta.says(ann.conversation, "That is unusual")
    assert ann.hears()[-1] == "That is unusual"


def test_notes_are_masked_but_may_say_anything(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    ann.writes("invoice")
    berta.accepts(ann.conversation)
    note = office.desk.note(berta.id, ann.conversation, f"stupid me, card {CARD}", client_id="note-2")
    assert note.body["text"] == "stupid me, card [card number removed]"


def test_a_warning_to_an_agent_is_for_agents_alone(office, ann, agent):
    berta = agent("Berta", "billing").comes_online()
    ann.writes("invoice")
    berta.accepts(ann.conversation)
    berta.says(ann.conversation, "We guarantee it")
    assert ann.hears()[-1] == "We guarantee it"
    told = [e for e in office.journal.events_after(ann.conversation, 0) if e.kind == "rule_applied"][-1]
    assert (told.body["say"], told.visitor_seq) == ("We must not promise this.", None)
    assert office.desk.conversation(ann.conversation).tags == ("promise",)


# Told


def test_every_rule_that_acted_is_told_with_its_reason_and_place(office, ann):
    at(ann, "email")
    ann.writes(f"parking for {CARD}")
    events = office.journal.events_after(ann.conversation, 0)
    lines = "\n".join(line for each in explained(events) for line in each.lines())
    assert "rule parking answered: the word 'parking'  rules.yaml:25" in lines
    assert "rule no_cards masked, warned: its pattern  rules.yaml:2" in lines
    said = [event.body for event in events if event.body.get("text") == PARKING]
    assert said == [{"text": PARKING, "rule": "parking"}]
    site = office.sites.current
    brief = Briefs(office.journal, office.live, NoVisits()).of(office.desk.conversation(ann.conversation), site)
    assert [(each["rule"], each["did"]) for each in brief["rules"]] == [
        ("privacy.credit_card", ["masked"]),
        ("no_cards", ["masked", "warned"]),
        ("parking", ["answered"]),
    ]


class NoVisits:
    """Nobody looked at a page."""

    def pages_of(self, visitor_id, *, limit):
        return []
