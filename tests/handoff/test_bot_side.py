"""A visitor writes, the bot answers: stored once, in order, in one transaction."""

import shutil

import pytest
from sqlalchemy import delete, update

from bot.greeting import Whereabouts
from bot.models import ConversationRow, EventRow
from handoff.desk import Said
from handoff.refusals import Mismatch, NoSuchConversation, TryAgain, Unsayable
from tests.handoff.conftest import WORLDS, VisitorActor, open_office

CALL_ME = """
flows:
  call_me:
    title: Call me back
    start_when: {page: /call-me}
    steps:
      - form:
          - {collect: name, ask: What is your name?}
          - {collect: email, ask: What is your e-mail address?}
          - {collect: phone, ask: What is your number?}
      - say: We will call you.
      - end: true
"""


def test_the_first_words_begin_a_conversation_and_the_welcome_flow(visitor):
    ann = visitor()
    ann.writes("Hello there")
    assert ann.hears() == ["Hello there", "Hello", "What is it about?"]


def test_the_bot_speaks_the_visitors_language(visitor):
    anna = visitor("de")
    anna.writes("Guten Tag")
    assert anna.hears() == ["Guten Tag", "Hallo", "Worum geht es?"]


def test_a_button_leads_on_and_its_label_is_what_was_said(visitor):
    ann = visitor()
    ann.writes("Hi")
    ann.presses("Tickets")
    assert ann.hears()[-2:] == ["Tickets", "What is your e-mail address?"]


def test_after_a_flow_phrases_are_understood_and_no_reason_to_fetch_a_person(visitor, office):
    ann = visitor()
    ann.writes("cancel")
    assert ann.hears()[-1] == "What is it about?", "first of all, the conversation begins"
    ann.writes("cancel")
    for phrase in ("back", "cancel", "What can I do?"):
        ann.writes(phrase)
        assert ann.hears()[-1].startswith("No question is open right now.")
    ann.writes("Hm")
    ann.writes("Start over, please")
    assert ann.hears()[-3:] == ["All right, from the beginning.", "Hello", "What is it about?"]
    assert office.desk.conversation(ann.conversation).holder == "bot"


def test_an_address_is_refused_kindly_then_taken_and_kept_with_the_contact(visitor, office):
    ann = visitor()
    ann.writes("Hi")
    ann.presses("Tickets")
    ann.writes("ann(at)x")
    ann.writes("ann@x.io")
    assert ann.hears()[-1] == "Thank you, we will write to ann@x.io."
    known = office.desk.known(ann.conversation)
    assert known.contact.value("email") == "ann@x.io"
    assert known.contact.attributes["email"]["from"]["flow"] == "welcome"


def test_the_same_message_sent_again_is_one_message_and_one_step(visitor, office):
    ann = visitor()
    first = ann.writes("Hi", client_id="once")
    assert ann.writes("Hi", client_id="once") == first
    office.desk._recently_sent.clear()
    assert ann.writes("Hi", client_id="once") == first
    assert ann.hears() == ["Hi", "Hello", "What is it about?"]


def test_the_same_id_with_other_words_is_refused_and_the_first_kept(visitor):
    ann = visitor()
    ann.writes("Hi", client_id="once")
    with pytest.raises(Mismatch):
        ann.writes("Ho", client_id="once")
    assert ann.hears()[0] == "Hi"


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x01\x1f", "x" * 4001])
def test_what_nobody_could_read_is_refused_with_a_sentence(visitor, text):
    ann = visitor()
    with pytest.raises(Unsayable, match=r"^(There is nothing|This message has)"):
        ann.writes(text)
    assert ann.events() == []


def test_somebody_elses_conversation_looks_like_none(visitor, office):
    ann, ben = visitor(), visitor()
    ann.writes("Hi")
    with pytest.raises(NoSuchConversation):
        office.desk.conversation_of(ben.id, ann.conversation)
    with pytest.raises(NoSuchConversation):
        office.desk.conversation_of(ben.id, "no such id")


def test_template_marks_in_a_visitors_words_stay_words(visitor):
    ann = visitor()
    ann.writes("Hi")
    ann.presses("Tickets")
    ann.writes("{{7*7}} ${7*7} {%x%} {0.__class__} ann@x.io")
    assert "49" not in " ".join(ann.hears())


def test_a_conversation_in_which_nothing_happens_is_closed(visitor, office):
    ann = visitor()
    ann.writes("Hi")
    office.let_pass(hours=23)
    assert office.desk.open_conversation(ann.id) is not None
    ann.writes("Still here")
    office.let_pass(hours=2)
    assert office.desk.open_conversation(ann.id) is not None
    office.let_pass(hours=23)
    assert office.desk.open_conversation(ann.id) is None


def test_everything_is_as_before_after_a_restart(visitor, office, clock):
    from tests.handoff.conftest import WORLDS, VisitorActor, open_office

    ann = visitor()
    ann.writes("Hi")
    ann.presses("Tickets")
    later = open_office(office.database, clock, WORLDS / "harbour")
    ann_again = VisitorActor(later, ann.id)
    ann_again._numbers = ann._numbers
    ann_again.writes("ann@x.io")
    assert ann_again.hears()[-1] == "Thank you, we will write to ann@x.io."


def test_what_the_database_can_never_store_is_refused_for_good(visitor, office):
    if office.database.is_sqlite:
        pytest.skip("SQLite stores every text")
    ann = visitor()
    with pytest.raises(Unsayable):
        ann.writes("Hello", client_id="message\0one")
    assert ann.hears() == []
    ann.writes("Hello", client_id="message-two")
    assert ann.hears()[0] == "Hello"


def test_a_form_keeps_all_that_it_asked_of_a_contact(database, clock, tmp_path):
    site = shutil.copytree(WORLDS / "harbour", tmp_path / "site")
    (site / "flows" / "call_me.yaml").write_text(CALL_ME)
    office = open_office(database, clock, site)
    ann, here = VisitorActor(office, "ann"), Whereabouts("en", facts={"page": "/call-me", "page.path": "/call-me"})
    office.desk.receive(ann.id, Said("Hello"), client_id="first-words", whereabouts=here)
    step = next(event.body["form"]["step"] for event in ann.events() if event.body.get("form"))
    values = {"name": "Ann Lee", "email": "ann@x.io", "phone": "+49 30 901820"}
    form = Said(form={"step": step, "values": values})
    office.desk.receive(ann.id, form, client_id="filled-in", whereabouts=here)
    assert ann.hears()[-1] == "We will call you."
    assert office.desk.known(ann.conversation).values().keys() == {"name", "email", "phone"}


def test_what_was_computed_from_a_record_that_was_replaced_is_computed_again(office, visitor, monkeypatch):
    ann = visitor()
    ann.writes("Hi")
    commit, tried = office.journal.commit, []

    def on_its_way(change):
        tried.append(change)
        if len(tried) == 1:
            office.desk.forget_all()  # The new record may have come to the same number, so no guard would notice.
        commit(change)

    monkeypatch.setattr(office.journal, "commit", on_its_way)
    ann.writes("Two tickets")
    assert len(tried) == 2
    assert [event.body.get("text") for event in ann.events()].count("Two tickets") == 1


def test_what_was_written_into_a_record_that_is_replaced_is_remembered_by_nobody(office, visitor, monkeypatch):
    ann = visitor()
    ann.writes("Hi")
    commit = office.journal.commit

    def lost_again(change):
        commit(change)
        monkeypatch.undo()
        with office.database.writing() as connection:  # The stand-by that takes over lacks it.
            lost = delete(EventRow).where(EventRow.seq > live.last_seq)
            connection.execute(lost)
            before = {
                "last_seq": live.last_seq,
                "visitor_last_seq": live.visitor_last_seq,
                "cursor": live.cursor.to_json(),
            }
            connection.execute(update(ConversationRow).values(before))
        office.desk.forget_all()

    live = office.desk.conversation(ann.conversation)
    monkeypatch.setattr(office.journal, "commit", lost_again)
    with pytest.raises(TryAgain):
        ann.writes("Two tickets", client_id="again")
    assert "Two tickets" not in ann.hears()
    ann.writes("Two tickets", client_id="again")
    assert ann.hears().count("Two tickets") == 1
