"""Two workers over one record: what one does is told at the other, whatever becomes of the hints."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.database import Database
from bot.events import Event
from bot.greeting import Whereabouts
from handoff.agents import add, join
from handoff.announcements import Announcement
from handoff.elsewhere import Elsewhere
from handoff.refusals import AlreadyAccepted, Reassigned
from handoff.relay import Relay
from tests.handoff.conftest import WORLDS, AgentActor, Office, VisitorActor, open_office


@dataclass
class Worker:
    """A desk, its relay, and who listens here."""

    office: Office
    relay: Relay | None = None
    visitors: set[str] = field(default_factory=set)
    agents: bool = False
    hints: list[Any] = field(default_factory=list)

    def visitors_here(self) -> set[str]:
        return self.visitors

    def conversations_here(self) -> tuple[str, ...]:
        return ()

    def follows(self, visitor_id: str, conversation_id: str) -> bool:
        return visitor_id in self.visitors

    def has_agents(self) -> bool:
        return self.agents

    def told(self, visitor_id: str) -> list[int]:
        """The numbers of the events that were told here of what this visitor says and hears."""
        news = [each for each in self.office.heard if isinstance(each, Announcement)]
        return [event.seq for each in news if each.after.visitor_id == visitor_id for event in each.events]


@pytest.fixture
def workers(open_database: Callable[[], Database], clock: Any) -> tuple[Worker, Worker]:
    def open_worker(name: str) -> Worker:
        office = open_office(open_database(), clock, WORLDS / "harbour", worker=name)
        worker = Worker(office)
        elsewhere = Elsewhere(office.live, office.journal, office.announcements)
        worker.relay = Relay(
            office.database, office.live, office.agents, office.announcements, elsewhere, [worker], worker.hints.append
        )
        office.announcements.subscribe(worker.relay.on_news)
        return worker

    return open_worker("one"), open_worker("two")


@pytest.fixture
def ann(workers: tuple[Worker, Worker]) -> VisitorActor:
    """A visitor whose socket is open at the first worker."""
    workers[0].visitors.add("ann")
    return VisitorActor(workers[0].office, "ann")


def at(worker: Worker, ann: VisitorActor) -> VisitorActor:
    """The same visitor, answered by another worker: a second tab, or the fall-back over HTTP."""
    return VisitorActor(worker.office, ann.id)


def hire(worker: Worker, name: str, department: str = "sales") -> AgentActor:
    office = worker.office
    with office.database.writing() as connection:
        id = add(connection, name=name, role="agent", departments=(department,), at=office.clock())
    worker.agents = True
    return AgentActor(office, id).comes_online()


def test_what_is_said_at_one_worker_is_told_at_the_other_once_and_in_order(workers, ann):
    here, there = workers
    ann.writes("Hi", client_id="message-1")
    at(there, ann).writes("Hello?", client_id="message-2")
    for hint in there.hints * 2:
        here.relay.take(hint)
    last = there.office.desk.open_conversation("ann").last_seq
    assert here.told("ann") == list(range(1, last + 1))


def test_a_hint_that_never_comes_is_made_up_for_by_looking(workers, ann):
    here, there = workers
    ann.writes("Hi", client_id="message-1")
    at(there, ann).writes("Hello?", client_id="message-2")
    assert len(here.told("ann")) < there.office.desk.open_conversation("ann").last_seq
    here.relay.look()
    here.relay.look()
    assert here.told("ann") == list(range(1, there.office.desk.open_conversation("ann").last_seq + 1))


def test_what_was_only_read_here_before_a_hint_came_is_told_all_the_same(workers, ann):
    here, there = workers
    ben = hire(there, "Ben")
    ann.writes("Hi")
    ann.presses("A person")
    there.office.desk.open_conversation("ann")
    assert there.told("ann") == []
    there.relay.look()
    there.relay.look()
    assert there.told("ann") == list(range(1, here.office.desk.open_conversation("ann").last_seq + 1))
    offered = [
        each for each in there.office.heard if isinstance(each, Announcement) and each.after.offered_to == ben.id
    ]
    assert len(offered) == 1


@pytest.mark.parametrize("reads_first", [True, False])
def test_a_hint_tells_what_was_read_meanwhile_once(workers, ann, reads_first):
    here, there = workers
    hire(there, "Ben")
    there.visitors.add("ann")
    ann.writes("Hi")
    if reads_first:
        there.office.desk.open_conversation("ann")
    for hint in here.hints * 2:
        there.relay.take(hint)
    assert there.told("ann") == list(range(1, here.office.desk.open_conversation("ann").last_seq + 1))


def test_who_asks_where_nobody_listens_is_told_of_what_is_open_by_now(workers, ann):
    here, there = workers
    ben = hire(there, "Ben")
    ann.writes("Hi")
    ann.presses("A person")
    over = ann.conversation
    there.office.desk.close(ben.id, over, token=ben.accepts(over))
    at(there, ann).writes("Me again", client_id="message-3")
    assert here.office.desk.open_conversation("ann").id == over
    assert here.office.desk.look_again("ann") == there.office.desk.open_conversation("ann")
    assert here.office.desk.open_conversation("ann").id != over


def test_whoever_acts_on_what_is_old_hears_first_what_came_between(workers, ann):
    here, there = workers
    ann.writes("Hi", client_id="message-1")
    at(there, ann).writes("Hello?", client_id="message-2")
    ann.writes("Anybody?", client_id="message-3")
    assert here.told("ann") == list(range(1, here.office.desk.open_conversation("ann").last_seq + 1))


def test_the_same_message_sent_at_both_is_stored_once(workers, ann):
    there = workers[1]
    first = ann.writes("Hi", client_id="message-1")
    assert at(there, ann).writes("Hi", client_id="message-1") == first
    assert [event.body.get("text") for event in ann.events()].count("Hi") == 1


def test_a_late_hint_takes_nothing_back(workers, ann):
    here, there = workers
    ann.writes("Hi", client_id="message-1")
    at(there, ann).writes("Hello?", client_id="message-2")
    late = list(there.hints)
    ann.writes("Anybody?", client_id="message-3")
    before = here.office.desk.open_conversation("ann")
    for hint in late:
        here.relay.take(hint)
    assert here.office.desk.open_conversation("ann") == before


def test_nobody_is_refused_on_what_is_no_longer_so(workers, ann):
    here, there = workers
    anna, ben = hire(here, "Anna"), hire(there, "Ben")
    ann.writes("Hi")
    ann.presses("A person")
    token = anna.accepts(ann.conversation)
    with pytest.raises(AlreadyAccepted, match="Anna has already taken this conversation"):
        ben.accepts(ann.conversation)
    here.office.desk.return_to_bot(anna.id, ann.conversation, token=token)
    assert ben.accepts(ann.conversation) > token
    with pytest.raises(Reassigned):
        anna.says(ann.conversation, "One moment", token=token)


def test_who_is_at_another_worker_is_here_too(workers, ann):
    here, there = workers
    anna = hire(there, "Anna")
    ann.writes("Hi")
    ann.presses("A person")
    assert here.office.desk.open_conversation("ann").offered_to == anna.id


def test_somebody_who_comes_at_another_worker_is_asked(workers, ann):
    here, there = workers
    hire(here, "Anna")
    ann.writes("Hi")
    ann.presses("A person")
    here.office.desk.decline(here.office.desk.open_conversation("ann").offered_to, ann.conversation)
    ben = hire(there, "Ben")
    here.relay.look()
    assert here.office.desk.open_conversation("ann").offered_to == ben.id


def test_a_job_is_not_judged_on_what_is_old(workers, ann):
    here, there = workers
    hire(there, "Anna")
    ann.writes("Hi")
    assert there.office.desk.conversation(ann.conversation).holder == "bot", "so it is in memory there"
    ann.presses("A person")
    there.office.let_pass(seconds=31)
    here.relay.look()
    asked = here.office.desk.open_conversation("ann")
    assert (asked.holder, asked.offered_to) == ("queue", None)


def test_workers_who_look_at_once_offer_what_waits_once(workers, ann):
    here, there = workers
    anna = hire(here, "Anna")
    ann.writes("Hi")
    ann.presses("A person")
    here.office.desk.decline(anna.id, ann.conversation)
    ben = hire(there, "Ben", "support")
    there.office.live.get(ann.conversation)
    with here.office.database.writing() as connection:
        join(connection, ben.id, ["sales"])
    commit = there.office.journal.commit

    def commit_second(change):
        here.office.desk.reclaim()
        commit(change)

    there.office.journal.commit = commit_second
    there.office.desk.reclaim()
    assert [event.body["agent"] for event in offers(here, ann)] == [anna.id, ben.id]


def test_a_worker_offers_what_it_did_not_hear_of(workers, ann):
    here, there = workers
    ann.writes("Hi")
    assert there.office.desk.conversation(ann.conversation).holder == "bot", "so it is in memory there"
    anna = hire(here, "Anna")
    ann.presses("A person")
    here.office.desk.decline(anna.id, ann.conversation)
    ben = hire(here, "Ben", "support")
    with here.office.database.writing() as connection:
        join(connection, ben.id, ["sales"])
    there.office.desk.reclaim()
    assert [event.body["agent"] for event in offers(here, ann)] == [anna.id, ben.id]


def offers(worker: Worker, ann: VisitorActor) -> list[Event]:
    events = worker.office.journal.events_after(ann.conversation, 0)
    return [event for event in events if event.kind == "offered"]


@pytest.fixture
def bob(workers: tuple[Worker, Worker]) -> VisitorActor:
    """A visitor whose socket is open at the second worker; at the first only agents hear of what they say."""
    return VisitorActor(workers[1].office, "bob")


@pytest.mark.parametrize("agents_there", [False, True])
def test_who_was_just_asked_by_another_worker_is_not_asked_while_a_colleague_is_free(workers, ann, bob, agents_there):
    here, there = workers
    agents = {hire(here, "Anna").id, hire(here, "Ben").id}
    there.agents = agents_there
    for each in (ann, bob):
        each.writes("Hi")
    there.office.agents.look_again()
    here.hints.clear()
    ann.presses("A person")
    for hint in here.hints:
        there.relay.take(hint)
    bob.presses("A person")
    asked = [there.office.live.read(each.conversation).conversation.offered_to for each in (ann, bob)]
    assert set(asked) == agents


def holders_told(worker: Worker, visitor: VisitorActor) -> list[str]:
    news = [each for each in worker.office.heard if isinstance(each, Announcement)]
    return [each.after.holder for each in news if each.after.visitor_id == visitor.id]


def test_without_hints_what_left_the_queue_elsewhere_leaves_the_lists(workers, bob):
    here, there = workers
    hire(here, "Anna")
    bob.writes("Hi")
    bob.presses("A person")
    here.relay.look()
    assert holders_told(here, bob) == ["queue"]
    there.office.desk.take_back("bob", whereabouts=Whereabouts("en"))
    for _ in range(2):
        here.relay.look()
    assert holders_told(here, bob) == ["queue", "bot"]


def test_without_hints_what_an_agent_closed_elsewhere_leaves_the_lists(workers, bob):
    here, there = workers
    hire(here, "Anna")
    ben = hire(there, "Ben")
    bob.writes("Hi")
    bob.presses("A person")
    conversation = bob.conversation
    token = ben.accepts(conversation)
    here.relay.look()
    there.office.desk.close(ben.id, conversation, token=token)
    for _ in range(2):
        here.relay.look()
    assert holders_told(here, bob) == ["agent", "nobody"]


def test_what_is_added_to_a_message_that_was_left_is_told_to_agents_elsewhere(workers, bob):
    here, there = workers
    here.agents = True
    for text in ("Hi", "human", "bob@x.io", "Please call me"):
        bob.writes(text)
    assert there.office.desk.conversation(bob.conversation).left
    there.hints.clear()
    bob.writes("It is urgent")
    for hint in there.hints:
        here.relay.take(hint)
    assert here.told("bob")[-1] == there.office.desk.conversation(bob.conversation).last_seq


@pytest.mark.parametrize("deaf", [False, True], ids=["looking", "coming back to the bus"])
def test_without_hints_a_message_that_was_answered_elsewhere_leaves_the_lists(workers, bob, deaf):
    here, there = workers
    bob.writes("Hi")
    bob.writes("human")
    bob.writes("bob@x.io")
    bob.writes("Please call me")
    conversation = bob.conversation
    hire(here, "Anna")
    ben = hire(there, "Ben")
    here.relay.look()
    assert here.office.live.kept(conversation).conversation.left
    there.office.desk.close(ben.id, conversation, token=ben.accepts(conversation))
    here.relay.come_back() if deaf else here.relay.look()
    assert holders_told(here, bob)[-1] == "nobody"


def test_a_conversation_that_cannot_be_read_keeps_no_other_from_being_told(workers):
    here, there = workers
    hire(here, "Anna")
    spoilt, sound = (VisitorActor(there.office, name) for name in ("ann", "bob"))
    for each in (spoilt, sound):
        each.writes("Hi")
        each.presses("A person")
    unreadable = spoilt.conversation
    there.office.spoil(unreadable)
    with capture_logs() as logged:
        here.relay.look()
    assert here.told("bob") and not here.told("ann")
    sound.writes("Hello?")
    with capture_logs() as again:
        here.relay.come_back()
    assert here.told("bob")[-1] == there.office.desk.open_conversation("bob").last_seq
    assert [(each["event"], each["conversation"]) for each in logged] == [("conversation.not_told", unreadable)]
    assert again == [], "told once until it can be read again"


def test_what_nobody_listens_to_is_forgotten_when_hints_may_be_missing(workers, ann):
    here, there = workers
    bob = VisitorActor(there.office, "bob")
    bob.writes("Hi")
    stale = VisitorActor(here.office, "bob").conversation
    bob.writes("Hello?")
    here.relay.come_back()
    assert here.office.desk.conversation(stale) == there.office.desk.conversation(stale)
