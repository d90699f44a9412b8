"""Handing over: offered, accepted by exactly one, answered, returned, closed; or a message is left."""

import shutil
from functools import partial

import pytest

from bot.greeting import Whereabouts
from handoff.agents import add
from handoff.refusals import (
    AlreadyAccepted,
    Full,
    NoSuchAgent,
    NoSuchConversation,
    NotPossibleNow,
    Reassigned,
    Unsayable,
)
from tests.handoff.conftest import WORLDS, AgentActor, VisitorActor, open_office


@pytest.fixture
def waiting(visitor):
    """A visitor who asked for a person."""

    def ask():
        ann = visitor()
        ann.writes("Hi")
        ann.presses("A person")
        return ann

    return ask


def test_who_asks_for_a_person_waits_and_is_offered_to_the_least_busy(waiting, agent, office):
    busy, idle = agent("Anna").comes_online(), agent("Ben").comes_online()
    first = waiting()
    busy.accepts(first.conversation) if busy.is_offered() else idle.accepts(first.conversation)
    holder = office.desk.conversation(first.conversation).owner
    other = idle if holder == busy.id else busy
    second = waiting()
    assert other.is_offered() == [second.conversation]


def test_the_second_agent_is_told_who_was_first(waiting, agent):
    anna, ben = agent("Anna").comes_online(), agent("Ben").comes_online()
    ann = waiting()
    token = anna.accepts(ann.conversation)
    with pytest.raises(AlreadyAccepted, match="Anna has already taken this conversation"):
        ben.accepts(ann.conversation)
    assert anna.accepts(ann.conversation) == token


def test_an_agent_and_a_visitor_talk_and_the_bot_is_silent(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    anna.accepts(ann.conversation)
    anna.says(ann.conversation, "How can I help?")
    ann.writes("Two tickets")
    assert ann.hears()[-2:] == ["How can I help?", "Two tickets"]
    assert office.desk.conversation(ann.conversation).waiting_since == office.clock()


def test_a_note_never_reaches_the_visitor(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    anna.accepts(ann.conversation)
    office.desk.note(anna.id, ann.conversation, "A regular", client_id="n1")
    assert all(event.kind != "note" for event in ann.events())
    assert any(event.kind == "note" for event in office.journal.events_after(ann.conversation, 0))


def test_an_offer_nobody_answers_goes_to_the_next_agent_not_yet_asked(waiting, agent, office):
    anna, ben = agent("Anna").comes_online(), agent("Ben").comes_online()
    ann = waiting()
    first, second = (anna, ben) if anna.is_offered() else (ben, anna)
    office.let_pass(seconds=31)
    assert (first.is_offered(), second.is_offered()) == ([], [ann.conversation])
    office.desk.decline(second.id, ann.conversation)
    assert (first.is_offered(), second.is_offered()) == ([], [])


def test_an_agent_who_comes_back_is_asked_again(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    office.desk.decline(anna.id, ann.conversation)
    assert anna.is_offered() == []
    anna.goes("away")
    anna.goes("online")
    assert anna.is_offered() == [ann.conversation]


def test_room_that_becomes_free_is_offered_to_who_waits(waiting, agent, office):
    anna = agent("Anna").comes_online()
    visitors = [waiting() for _ in range(2)]
    tokens = [anna.accepts(each.conversation) for each in visitors]
    third = waiting()
    assert anna.is_offered() == []
    with pytest.raises(Full):
        anna.accepts(third.conversation)
    office.desk.close(anna.id, visitors[0].conversation, token=tokens[0])
    assert anna.is_offered() == [third.conversation]


def test_places_in_the_queue_are_counted(waiting, agent, office):
    anna = agent("Anna").comes_online()
    for _ in range(2):
        anna.accepts(waiting().conversation)
    one, two = waiting(), waiting()
    office.clock.advance(seconds=1)
    places = [office.queue.place_of(office.desk.conversation(each.conversation)) for each in (one, two)]
    assert sorted(places) == [1, 2]


def test_who_lost_a_conversation_cannot_write_in_it(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    token = anna.accepts(ann.conversation)
    office.desk.return_to_bot(anna.id, ann.conversation, token=token)
    with pytest.raises(Reassigned):
        anna.says(ann.conversation, "Wait", token=token)


def test_returned_to_the_bot_the_flow_goes_on_after_the_handoff(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    token = anna.accepts(ann.conversation)
    office.desk.return_to_bot(anna.id, ann.conversation, token=token)
    assert ann.hears()[-1] == "Back with me."
    assert office.desk.agent(anna.id).active == 0


@pytest.mark.parametrize("verb", ["close", "return_to_bot"])
def test_who_let_go_and_did_not_hear_the_answer_may_ask_again(waiting, agent, office, verb):
    anna = agent("Anna").comes_online()
    ann = waiting()
    conversation = ann.conversation
    token = anna.accepts(conversation)
    let_go = partial(getattr(office.desk, verb), anna.id, conversation, token=token)
    for _ in range(2):
        let_go(client_id="let-go-of-it")
    events = office.journal.events_after(conversation, token)
    assert [event.client_id for event in events].count("let-go-of-it") == 1
    with pytest.raises(Reassigned):
        let_go(client_id="and-once-more")


def test_after_closing_new_words_begin_a_new_conversation(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    old = ann.conversation
    token = anna.accepts(old)
    office.desk.close(anna.id, old, token=token)
    assert office.desk.open_conversation(ann.id) is None
    ann.writes("One more thing")
    assert ann.conversation != old


def test_what_nobody_can_read_is_refused_whoever_says_it(waiting, agent, office):
    ann, anna = waiting(), agent("Anna").comes_online()
    conversation = ann.conversation
    token = anna.accepts(conversation)
    for text in ("\u200b\u2060", "\0 \u00ad", ""):
        for said in (
            lambda text=text: ann.writes(text),
            lambda text=text: anna.says(conversation, text, token=token),
            lambda text=text: office.desk.note(anna.id, conversation, text, client_id="note-1"),
        ):
            with pytest.raises(Unsayable):
                said()
    ann.writes("\u200bHi\u2060")
    anna.says(conversation, "👋🏽", token=token)


def test_with_nobody_there_a_message_is_left_with_an_address(waiting, office):
    ann = waiting()
    while not office.desk.conversation(ann.conversation).left:
        said = ann.hears()[-1]
        ann.writes("ann@x.io" if "mail" in said.lower() else "Please call me about the tour")
        assert len(ann.hears()) < 15, ann.hears()
    state = office.desk.conversation(ann.conversation)
    assert (state.left, state.department) == (True, "sales")
    left = [event for event in ann.events() if event.kind == "message_left"]
    assert left[0].body["email"] == "ann@x.io"


def test_closed_departments_take_the_flows_own_way(waiting, agent, office, clock):
    agent("Anna").comes_online()
    clock.advance(hours=12)
    ann = waiting()
    assert "We are closed." in ann.hears()


def test_who_waits_too_long_is_not_left_waiting(waiting, agent, office):
    anna = agent("Anna").comes_online()
    ann = waiting()
    anna.goes("away")
    office.let_pass(seconds=119)
    assert office.desk.conversation(ann.conversation).holder == "queue"
    office.let_pass(seconds=2)
    assert office.desk.conversation(ann.conversation).holder == "bot"
    assert any(event.kind == "waited_long" for event in office.journal.events_after(ann.conversation, 0))


def test_unanswered_conversations_move_to_the_next_department_with_their_waiting_time(waiting, agent, office):
    agent("Anna").comes_online()
    sam = agent("Sam", "support").comes_online()
    ann = waiting()
    asked_at = office.desk.conversation(ann.conversation).queued_at
    office.let_pass(seconds=60)
    state = office.desk.conversation(ann.conversation)
    assert (state.department, state.queued_at) == ("support", asked_at)
    assert sam.is_offered() == [ann.conversation]


@pytest.mark.fault("F9")
def test_who_is_passed_on_again_after_a_crash_is_passed_on_once(waiting, agent, office):
    agent("Anna").comes_online()
    sam = agent("Sam", "support").comes_online()
    ann = waiting()
    office.let_pass(seconds=60, tries=2)
    passed_on = [event for event in office.journal.events_after(ann.conversation, 0) if event.kind == "requeued"]
    assert len(passed_on) == 1
    assert sam.is_offered() == [ann.conversation]


@pytest.mark.fault("F9")
def test_who_was_passed_on_further_does_not_come_back_by_what_is_done_late(tmp_path, database, clock):
    site = shutil.copytree(WORLDS / "harbour", tmp_path / "site")
    text = (site / "site.yaml").read_text()
    last = "    max_chats: 3\n"
    (site / "site.yaml").write_text(
        text.replace(
            last, f"{last}    if_no_answer: {{after: 20s, department: harbour_master}}\n  harbour_master: {{}}\n"
        )
    )
    office = open_office(database, clock, site)
    for department in ("sales", "support", "harbour_master"):
        with database.writing() as connection:
            hired = add(connection, name=department, role="agent", departments=[department], at=clock())
        AgentActor(office, hired).comes_online()
    ann = VisitorActor(office, "ann")
    ann.writes("Hi")
    ann.presses("A person")
    done = []
    handlers = office.desk.job_handlers()
    overflow = handlers["overflow"]
    clock.advance(seconds=85)
    for panel in office.panels:
        office.desk.heard(panel)
    while office.jobs.run_due({**handlers, "overflow": lambda job: (done.append(job), overflow(job))[1]}):
        pass
    assert office.desk.conversation(ann.conversation).department == "harbour_master"
    overflow(done[0])
    assert office.desk.conversation(ann.conversation).department == "harbour_master"


def test_who_comes_is_offered_what_waits_for_them_however_much_waits_elsewhere(waiting, agent, office, monkeypatch):
    monkeypatch.setattr("handoff.queue.LONGEST_LIST", 2)
    anna, sam = agent("Anna").comes_online(), agent("Sam", "support").comes_online()
    for _ in range(3):
        waiting()
    ann = waiting()
    office.desk.take_back(ann.id, whereabouts=Whereabouts("en"))
    office.desk.hand_over(ann.id, "support", whereabouts=Whereabouts("en"))
    assert sam.is_offered() == [ann.conversation]
    for each in (anna, sam):
        each.goes("away")
    office.let_pass(seconds=31)
    assert anna.is_offered() == sam.is_offered() == []
    sam.goes("online")
    assert sam.is_offered() == [ann.conversation]


def test_who_comes_is_offered_all_that_waits_for_them(waiting, agent, office, monkeypatch):
    monkeypatch.setattr("handoff.queue.LONGEST_LIST", 1)
    anna = agent("Anna").comes_online()
    asked = [waiting().conversation for _ in range(2)]
    anna.goes("away")
    office.let_pass(seconds=31)
    assert anna.is_offered() == []
    anna.goes("online")
    assert sorted(anna.is_offered()) == sorted(asked)


def test_nobody_is_asked_to_take_more_than_they_have_room_for(waiting, agent, office):
    anna = agent("Anna").comes_online()
    first, second, third = (waiting().conversation for _ in range(3))
    assert sorted(anna.is_offered()) == sorted([first, second])
    office.desk.decline(anna.id, first)
    assert sorted(anna.is_offered()) == sorted([second, third])
    anna.accepts(second)
    assert anna.is_offered() == [third]


def test_what_comes_at_once_is_offered_to_one_after_the_other(waiting, agent):
    anna, bea = agent("Anna").comes_online(), agent("Bea").comes_online()
    for _ in range(2):
        waiting()
    assert len(anna.is_offered()) == len(bea.is_offered()) == 1


def test_a_conversation_that_cannot_be_offered_does_not_keep_the_next_from_being_offered(waiting, agent, office):
    anna = agent("Anna").comes_online()
    spoilt, ann = waiting().conversation, waiting()
    anna.goes("away")
    office.let_pass(seconds=31)
    office.spoil(spoilt)
    anna.goes("online")
    assert office.desk.conversation(ann.conversation).offered_to == anna.id


def test_another_departments_conversation_looks_like_none(waiting, agent, office):
    anna = agent("Anna").comes_online()
    sam = agent("Sam", "support").comes_online()
    ann = waiting()
    for attempt in (sam.accepts, lambda each: office.desk.note(sam.id, each, "x", client_id="n")):
        with pytest.raises(NoSuchConversation):
            attempt(ann.conversation)
    anna.accepts(ann.conversation)


def test_an_agent_who_is_not_there_is_not_called_a_conversation(waiting, office):
    ann = waiting()
    with pytest.raises(NoSuchAgent, match=r"There is no such agent\."):
        office.desk.accept("nobody", ann.conversation)


def test_an_agent_may_take_over_from_the_bot_but_not_what_has_ended(visitor, agent, office):
    anna = agent("Anna", role="lead").comes_online()
    ann = visitor()
    ann.writes("Hi")
    conversation = ann.conversation
    token = anna.accepts(conversation)
    ann.writes("Hello?")
    assert ann.hears()[-1] == "Hello?"
    office.desk.close(anna.id, conversation, token=token)
    with pytest.raises(NotPossibleNow):
        anna.accepts(conversation)


def test_the_phrase_human_works_at_every_step(visitor, agent, office):
    agent("Anna").comes_online()
    ann = visitor()
    ann.writes("Hi")
    ann.writes("human")
    assert office.desk.conversation(ann.conversation).holder == "queue"


def test_a_message_that_was_left_waits_for_an_agent_and_is_not_closed_for_being_old(visitor, agent, office):
    ann = visitor()
    ann.writes("Hi")
    ann.writes("human")
    ann.writes("ann@x.io")
    ann.writes("Please call me")
    conversation = ann.conversation
    assert office.desk.conversation(conversation).left
    office.let_pass(hours=30)
    anna = agent("Anna", role="lead").comes_online()
    assert [row["id"] for row in office.queue.rows_waiting(office.desk.agent(anna.id))] == [conversation]
    assert anna.is_offered() == []
    anna.accepts(conversation)
    assert not office.desk.conversation(conversation).left


def test_who_left_a_message_can_still_talk_with_the_bot(visitor):
    ann = visitor()
    ann.writes("Hi")
    ann.writes("human")
    ann.writes("ann@x.io")
    ann.writes("Please call me")
    ann.presses("Tickets")
    assert ann.hears()[-1] == "Thank you, we will write to ann@x.io."


def test_nothing_is_promised_when_nobody_can_be_asked(waiting, agent, office):
    ann = waiting()
    assert "One moment." not in ann.hears()
    agent("Anna").comes_online()
    assert "One moment." in waiting().hears()
