"""Whatever people do at once, some order explains what came out: who has a conversation, and all it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import integers, sampled_from

from bot.database import Database
from handoff.agents import add
from handoff.refusals import AlreadyAccepted, Reassigned, Refusal
from tests import databases
from tests.conftest import Clock
from tests.faults.linearizable import FREE, Operation, ownership, some_order
from tests.faults.oracle import CALL
from tests.faults.simulation import LIGHTHOUSE, START
from tests.handoff.conftest import AgentActor, Office, VisitorActor, open_office

NAMES = ("Ben", "Eva", "Gus")


def at(who: str, what: str, outcome: str, begin: float, end: float) -> Operation:
    return Operation(who, what, outcome, begin, end)


def test_an_order_is_found_only_where_there_is_one():
    taken = [at("Ben", "accept", "won", 0, 3), at("Eva", "accept", "Ben", 1, 2), at("Ben", "return", "done", 4, 5)]
    assert some_order(taken, FREE, ownership) is not None
    assert some_order([*taken, at("Eva", "accept", "won", 6, 7)], FREE, ownership) is not None
    assert some_order([*taken, at("Eva", "accept", "won", 3.5, 3.6)], FREE, ownership) is None
    assert some_order([*taken, at("Gus", "accept", "Eva", 6, 7)], FREE, ownership) is None


@pytest.mark.fault("F30")
def test_accepting_and_giving_back_at_once_at_two_desks_has_an_order(database_url: str, seed: int):
    dice = Random(seed)
    with desks(database_url) as offices:
        agents = hired(offices[0])
        for _ in range(6):
            visitor = VisitorActor(offices[0], f"visitor-{dice.getrandbits(40):x}")
            visitor.writes(CALL)
            operations = at_once(offices, agents, visitor.conversation, dice)
            assert some_order(operations, FREE, ownership) is not None, operations
            offices[0].live.forget(visitor.conversation)
            owner = offices[0].desk.conversation(visitor.conversation).owner
            orders = (agents[name].id for name in NAMES)
            assert owner is None or owner in orders
            close(offices[0], owner, visitor.conversation)


@contextmanager
def desks(database_url: str) -> Iterator[list[Office]]:
    opened = [Database(database_url) for _ in range(2)]
    now = lambda: datetime.now(UTC)  # noqa: E731
    yield [open_office(each, now, LIGHTHOUSE, worker=f"w{number}") for number, each in enumerate(opened)]
    for database in opened:
        database.close()


def hired(office: Office) -> dict[str, AgentActor]:
    agents = {}
    for name in NAMES:
        with office.database.writing() as connection:
            id = add(connection, name=name, role="agent", departments=["keepers"], at=office.clock())
        office.agents.forget()
        agents[name] = AgentActor(office, id).comes_online()
    return agents


def at_once(offices: list[Office], agents: dict[str, AgentActor], conversation: str, dice: Random) -> list[Operation]:
    """Lets three agents accept and give back, each at one of the desks, and returns what each saw."""
    start, seen, wrong = Barrier(len(agents)), [], []

    def work(name: str, office: Office) -> None:
        start.wait(30)
        token = 0
        for what in ("accept", "return", "accept"):
            begin = monotonic()
            try:
                if what == "accept":
                    token, outcome = office.desk.accept(agents[name].id, conversation), "won"
                else:
                    office.desk.return_to_bot(agents[name].id, conversation, token=token)
                    outcome = "done"
            except AlreadyAccepted as problem:
                outcome = problem.name
            except Reassigned:
                outcome = "refused"
            except Refusal as problem:
                wrong.append(problem)
                return
            seen.append(Operation(name, what, outcome, begin, monotonic()))

    workers = [Thread(target=work, args=(name, dice.choice(offices))) for name in agents]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []
    return seen


def close(office: Office, owner: str | None, conversation: str) -> None:
    if owner:
        token = office.desk.conversation(conversation).owner_seq or 0
        office.desk.close(owner, conversation, token=token)


class Day(RuleBasedStateMachine):
    """Any course of a day at two desks, against plain lists: what was said in order, and who has it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = Database(databases.sqlite_at(Path(self.folder.name) / "day.db"))
        self.clock = Clock(START)
        self.offices = [open_office(self.database, self.clock, LIGHTHOUSE, worker=f"w{n}") for n in range(2)]
        self.agents = hired(self.offices[0])
        self.said: list[str] = []
        self.sent: dict[str, str] = {}
        self.owner: str | None = None
        self.token = 0
        self._writes(CALL)

    def _writes(self, text: str, client_id: str | None = None) -> None:
        self.clock.advance(seconds=1)
        client_id = client_id or f"client-{len(self.sent):04}"
        VisitorActor(self.offices[len(text) % 2], "ann").writes(text, client_id=client_id)
        if client_id not in self.sent:
            self.sent[client_id] = text
            self.said.append(text)

    @rule(number=integers(0, 10**6))
    def visitor_writes(self, number: int) -> None:
        self._writes(f"word {number}")

    @rule(which=integers(0, 10**6))
    def visitor_sends_again(self, which: int) -> None:
        client_id = list(self.sent)[which % len(self.sent)]
        self._writes(self.sent[client_id], client_id)

    @rule(name=sampled_from(NAMES), desk=integers(0, 1))
    def agent_accepts(self, name: str, desk: int) -> None:
        agent = self.agents[name]
        try:
            token = self.offices[desk].desk.accept(agent.id, self.conversation)
        except AlreadyAccepted as problem:
            assert (self.owner, problem.name) != (agent.id, name) and self.owner == self.agents[problem.name].id
            return
        assert self.owner in (None, agent.id)
        self.owner, self.token = agent.id, token

    @rule(name=sampled_from(NAMES), desk=integers(0, 1), number=integers(0, 10**6))
    def agent_says(self, name: str, desk: int, number: int) -> None:
        agent, text = self.agents[name], f"answer {number}"
        office, client_id = self.offices[desk], f"client-{len(self.sent):04}"
        try:
            office.desk.say(agent.id, self.conversation, text, token=self.token, client_id=client_id)
        except Reassigned:
            assert self.owner != agent.id
            return
        assert self.owner == agent.id
        self.said.append(text)

    @rule(name=sampled_from(NAMES), desk=integers(0, 1))
    def agent_gives_back(self, name: str, desk: int) -> None:
        agent = self.agents[name]
        try:
            self.offices[desk].desk.return_to_bot(agent.id, self.conversation, token=self.token)
        except Reassigned:
            assert self.owner != agent.id
            return
        assert self.owner == agent.id
        self.owner = None

    @rule(desk=integers(0, 1))
    def desk_is_started_again(self, desk: int) -> None:
        self.offices[desk].journal._abandon()
        self.offices[desk] = open_office(
            self.database, self.clock, LIGHTHOUSE, worker=f"w{desk}-{self.clock.at:%H%M%S%f}"
        )

    @rule()
    def time_passes(self) -> None:
        self.clock.advance(seconds=30)

    @property
    def conversation(self) -> str:
        (only,) = {
            each.id
            for office in self.offices
            for each in [office.live.open_of("ann")]
            if each
            for each in [each.conversation]
        }
        return str(only)

    @invariant()
    def everybody_said_what_the_lists_say(self) -> None:
        events: Any = self.offices[0].journal.events_after(self.conversation, 0)
        assert [each.seq for each in events] == list(range(1, len(events) + 1))
        assert [each.body["text"] for each in events if each.client_id] == self.said

    def teardown(self) -> None:
        for office in self.offices:
            office.journal._abandon()
        self.database.close()
        self.folder.cleanup()


Day.TestCase.settings = settings(max_examples=3, stateful_step_count=12, derandomize=True)
TestAnyCourseOfADay = pytest.mark.fault("F30")(Day.TestCase)
