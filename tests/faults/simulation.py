"""The protocol, simulated: our own desks over one database, clients by the book, and all between them in doubt.

    play(world, seed)              -> violations, none if the promise holds
    play(world, seed, mutant)      -> with one rule switched off

All that happens follows from the seed. Desks crash or cannot store, lines break, pages are loaded again, hints between
desks are lost, doubled, late and out of order; then everything heals, and the oracle judges.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import event, insert

import bot.journal
from bot.actions.actions import Actions
from bot.answering import Bot
from bot.change import Change, Unavailable, table_of
from bot.conversation import Draft
from bot.database import Database
from bot.epoch import Epoch
from bot.greeting import Whereabouts
from bot.jobs import Job, Jobs
from bot.journal import Journal
from bot.models import Base
from bot.versions import SiteVersions
from handoff.agents import Agents
from handoff.announcements import Announcements
from handoff.desk import Desk, Parts
from handoff.elsewhere import Elsewhere
from handoff.live import LiveConversations
from handoff.models import AgentRow, Membership
from handoff.presence import Connections
from handoff.queue import Queue
from handoff.readings import Readings
from handoff.refusals import TryAgain
from handoff.relay import Hint, Relay
from tests.conftest import WORLDS, world
from tests.faults.history import Effect, History
from tests.faults.line import ALL_RULES, Frame, Line, Panel, Rules
from tests.faults.oracle import CALL, Violation, judge
from tests.faults.record import heads, read_record
from web import frames
from web.hub import Hub
from web.limits import NO_LIMITS, Limits
from web.sockets.agent import AgentLink, AgentRoom
from web.sockets.session import Exchange
from web.sockets.visitor import VisitorFrames, VisitorLink, VisitorRoom

LIGHTHOUSE = WORLDS / "lighthouse"
START = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
DESKS, STEPS, ROUNDS = 2, 100, 40
CASTS = (
    (("ann-1", "ann-2"), ("ben-1",)),
    (("ann-1",), ("ben-1", "eva-1")),
    (("ann-1", "ida-1"), ("ben-1", "ben-2")),
)
"""Who is there: the tabs of visitors and of agents. The first three letters are the person."""
TEMPERS = (0.3, 1, 3)
TROUBLES = (0.0, 0.0, 0.05, 0.4)
"""How likely it is that what a frame asks for cannot be stored just then."""
TELL = "tell"
"""The kind of the job that tells somebody outside of a message."""


class PowerCut(BaseException):
    """A process dies here and now. No exception of the product: nobody may catch it."""


@dataclass(frozen=True)
class Mutant:
    """A rule of ours that is switched off: one of the clients', or one of the server's by changing a new desk."""

    name: str
    rules: Rules = ALL_RULES
    spoil: Callable[["Node"], None] = lambda node: None
    schema: tuple[str, ...] = ()
    """Statements that take something away from the tables."""
    cast: int | None = None
    """Who must be there for the rule to matter; anybody, if left out."""
    shown_by: int = 0
    """The seed of a schedule that showed it, to be played first; any other may show it too."""


NOTHING = Mutant("nothing")


class World:
    """What outlives schedules because nothing in it remembers any: the database file, and the site that is served."""

    def __init__(self, folder: Path, schema: tuple[str, ...] = ()):
        self.now = START
        self.database = Database(f"sqlite:///{folder}/simulated.db")
        event.listen(self.database.engine, "connect", _without_waiting_for_the_disk)
        self.database.migrate()
        with self.database.writing() as connection:
            for statement in schema:
                connection.exec_driver_sql(statement)
        self.sites = SiteVersions(self.database, now=lambda: self.now)
        loaded = world(LIGHTHOUSE)
        assert loaded.site is not None
        self.sites.switch(loaded.site, loaded.files)

    def begin(self, agents: dict[str, str]) -> None:
        """Empties the record and hires these agents (id → name)."""
        self.now = START
        hired = [{"id": each, "name": name, "role": "agent", "created_at": START} for each, name in agents.items()]
        with self.database.writing() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in _KEPT:
                    connection.execute(table.delete())
            connection.execute(insert(table_of(AgentRow)), [{**each, "intent": "online"} for each in hired])
            places = [{"agent_id": each, "department": "keepers"} for each in agents]
            connection.execute(insert(table_of(Membership)), places)

    def lists(self, agent_id: str) -> Frame:
        """Returns what a panel's lists say, in the few columns that a client goes by."""
        with self.database.reading() as connection:
            rows = connection.exec_driver_sql(_LISTS).all()
        return {
            "op": "queue",
            "waiting": [
                {"id": id, "offered": offered == agent_id} for id, holder, *_, offered in rows if holder == "queue"
            ],
            "mine": [{"id": id, "token": token} for id, holder, owner, token, _ in rows if owner == agent_id],
        }

    def heads(self, actor: str) -> dict[str, int]:
        """Returns how far each conversation stands in this participant's counting."""
        return heads(self.database, actor)

    def open_of(self, actor: str) -> str | None:
        """Returns the conversation a visitor has open; None of an agent."""
        with self.database.reading() as connection:
            found: str | None = connection.exec_driver_sql(_OPEN, (actor.removeprefix("visitor:"),)).scalar()
        return found

    def close(self) -> None:
        self.database.close()


_LISTS = "SELECT id, holder, owner, owner_seq, offered_to FROM conversation WHERE open ORDER BY id"
_OPEN = "SELECT id FROM conversation WHERE open AND visitor_id = ?"
_KEPT = {"alembic_version", "bundle", "setting"}
"""Tables that hold nothing of what anybody did."""


def _without_waiting_for_the_disk(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA synchronous=OFF")


class Present(Connections):
    """Whoever is hired is in: who is here is known to every desk alike."""

    def is_connected(self, agent_id: str) -> bool:
        return True

    def look(self, connection: Any) -> None:
        """Knows already."""

    def _write_down(self, agent_ids: Any) -> None:
        """Need not."""


class Wire:
    """Both directions of one open line, in order; and the desk's side of it, as `Connection` is."""

    def __init__(self) -> None:
        self.up: deque[Frame] = deque()
        self.down: deque[Frame] = deque()
        self.is_open = True

    def hand_over(self) -> str:
        """Returns the next frame for the desk."""
        return json.dumps(self.up.popleft())

    def send(self, *messages: str) -> None:
        if self.is_open:
            self.down.extend(json.loads(message) for message in messages)

    def ping(self) -> None:
        """Nobody is silent here."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.is_open = False

    def ask_back(self) -> None:
        self.close()


class Somewhere:
    """Visitors are on one page, and have been for a while."""

    def remembers(self, visitor_id: str) -> bool:
        return True

    def whereabouts(self, visitor_id: str) -> Whereabouts:
        return Whereabouts("en", facts={"page": "/", "page.path": "/"})


class Node:
    """One desk with all it keeps in memory, from its start to its crash."""

    def __init__(self, schedule: "Schedule", number: int):
        world, now = schedule.world, lambda: schedule.world.now
        self.number = number
        self.schedule = schedule
        self.crashes: str | None = None
        """Where the next change kills this process."""
        self.trouble: str | None = None
        """Whether what is written cannot be, or can and one does not hear of it: "before", "after"."""
        self.journal = Journal(world.database)
        self.live = LiveConversations(world.database)
        self.jobs = Jobs(world.database, now=now, chance=schedule.dice.random)
        present = Present(world.database, worker=f"{number}", now=now)
        self.agents = Agents(world.database, world.sites, present, now=now)
        announcements = Announcements()
        parts = Parts(
            journal=self.journal,
            jobs=self.jobs,
            live=self.live,
            queue=Queue(world.database),
            agents=self.agents,
            connections=present,
            bot=Bot(world.sites, self.agents, Actions().roster),
            announcements=announcements,
            now=now,
            new_id=lambda: f"conversation-{next(schedule.numbers)}",
            actions=Actions(),
            errands=(_tell_outside,),
        )
        self.desk = Desk(parts)
        self.hub = Hub(later=lambda _, send: schedule.later.append((self, send)))
        announcements.subscribe(self.hub.on_news)
        elsewhere = Elsewhere(self.live, self.journal, announcements)
        self.relay = Relay(
            world.database,
            self.live,
            self.agents,
            announcements,
            elsewhere,
            (self.hub,),
            lambda hint: schedule.hint(self, hint),
        )
        announcements.subscribe(self.relay.on_news)
        self.handlers = {**self.desk.job_handlers(), TELL: self._tell}
        readings = Readings(world.database)
        common: dict[str, Any] = {"desk": self.desk, "hub": self.hub, "journal": self.journal, "readings": readings}
        self.visitors = VisitorRoom(
            **common,
            greeting=Somewhere(),  # type: ignore[arg-type]
            epoch=Epoch(world.database),
            limits=Limits(NO_LIMITS),
            status=lambda conversation: {"id": conversation.id},
        )
        self.panels = AgentRoom(
            **common,
            agents=self.agents,
            epoch=Epoch(world.database),
            lists=lambda agent: world.lists(agent.id),
            surroundings=lambda _: {},
        )
        self.commit = self.journal.commit
        self.journal.commit = self._commit  # type: ignore[method-assign]
        schedule.mutant.spoil(self)

    def _commit(self, change: Change) -> None:
        if self.trouble:
            if self.trouble == "after":
                self.commit(change)
            raise Unavailable
        if self.crashes == "before":
            raise PowerCut
        self.commit(change)
        if self.crashes == "after":
            raise PowerCut

    def _tell(self, job: Job) -> None:
        payload = json.dumps(job.payload, sort_keys=True)
        number = job.payload["seq"]
        self.schedule.history.note(Effect(job.key, job.conversation_id or "", number, payload))
        if self.crashes == "job":
            raise PowerCut

    def exchange(self, link: Any, read: Callable[[str], Any]) -> Exchange:
        """Returns this side's end of a line."""
        return Exchange(link, read, lambda: self.schedule.world.now.timestamp())

    def end(self) -> None:
        """Forgets everything; what was written stays."""
        if self.journal._connection is not None:
            self.journal._connection.close()


def _tell_outside(draft: Draft) -> None:
    for each in draft.events:
        if each.kind == "message":
            payload = {"seq": each.seq, "text": each.body["text"]}
            draft.job(TELL, f"tell:{draft.state.id}:{each.seq}", run_at=draft.now, payload=payload)


@dataclass
class Posted:
    """Frames that come by HTTP: answered, and nothing is told besides; a status of 503 ends them."""

    frames: VisitorFrames
    connection: Wire

    def answer(self, frame: Any) -> None:
        try:
            told = self.frames.take(frame)
        except TryAgain:
            self.connection.close()
            raise
        self.connection.send(*(json.dumps(each, default=str) for each in told))


@dataclass
class Client:
    """A tab and the line it has open, if any."""

    line: Line
    wire: Wire | None = None
    node: Node | None = None
    link: Any = None
    """Where the desk tells this tab what happens; None when it only asks."""
    exchange: Exchange | None = None

    @property
    def is_visitor(self) -> bool:
        return not isinstance(self.line, Panel)

    @property
    def by_request(self) -> bool:
        """Says whether it has a line and hears nothing that it does not ask for."""
        return self.exchange is not None and self.link is None


@dataclass
class Schedule:
    """One run from a seed."""

    world: World
    seed: int
    mutant: Mutant = NOTHING
    history: History = field(default_factory=History)
    later: list[tuple[Node, Callable[[], None]]] = field(default_factory=list)
    bus: list[tuple[int, Hint]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.trouble = 0.0
        self.numbers = count(1)
        self.words = count(1)
        people = {"ben": "Ben", "eva": "Eva"}
        self.world.begin(people)
        rules = self.mutant.rules
        cast = self.dice.randrange(len(CASTS))
        visitors, panels = CASTS[cast if self.mutant.cast is None else self.mutant.cast]
        lines = [Line(name, f"visitor:{name[:3]}", self.history, rules=rules) for name in visitors]
        lines += [Panel(name, name[:3], self.history, rules=rules) for name in panels]
        self.clients = [Client(line) for line in lines]
        self.nodes = [Node(self, number) for number in range(DESKS)]

    def run(self) -> list[Violation]:
        """Plays, heals, and returns what the oracle finds."""
        with _cuts_within(self):
            self._open()
            # Each schedule has a temper of its own: what is rare in all of them together happens often in some.
            moves = {move: weight * self.dice.choice(TEMPERS) for move, weight in self._moves().items()}
            eager = [self.dice.choice(TEMPERS) * (1 if client.is_visitor else 3) for client in self.clients]
            self.trouble = self.dice.choice(TROUBLES)
            for _ in range(STEPS):
                self.world.now += timedelta(milliseconds=self.dice.randrange(1, 100))
                client = self.dice.choices(self.clients, eager)[0]
                move = self.dice.choices(list(moves), list(moves.values()))[0]
                if client.wire is None and self.dice.random() < 0.5:
                    self._connect(client)
                else:
                    move(client)
                if self.later and self.dice.random() < 0.3:
                    self._lists()
            self._heal()
        for node in self.nodes:
            node.end()
        record = read_record(self.world.database, now=self.world.now)
        return judge(self.history, record, effects=True)

    def _open(self) -> None:
        """Begins with everybody there, somebody asking for a person, and agents who go for them at once."""
        for client in self.clients:
            self._connect(client)
            if client.is_visitor and self.dice.random() < 0.8:
                client.line.write(CALL)
                self._serve(client)
        for number, hint in self.bus:
            self.nodes[number].relay.take(hint)
        self.bus.clear()
        self._lists()
        for client in self.clients:
            if not client.is_visitor and self.dice.random() < 0.8:
                self._hear_out(client)
                self._act(client)

    def _moves(self) -> dict[Callable[[Client], None], int]:
        return {
            self._act: 24,
            self._serve: 26,
            self._hear: 30,
            self._carry_hint: 8,
            self._cut: 4,
            self._reload: 2,
            self._doom: 4,
            self._work: 4,
            self._beat: 2,
            self._look: 2,
            self._try_again: 2,
        }

    # Moves of people and clients

    def _act(self, client: Client) -> None:
        if isinstance(client.line, Panel):
            self._act_as_agent(client.line)
        elif self.dice.random() < 0.35:
            client.line.write(CALL)
        else:
            client.line.write(f"word {next(self.words)}")

    def _act_as_agent(self, panel: Panel) -> None:
        chance, held = self.dice.random(), list(panel.held)
        if held and chance < 0.6:
            panel.say(self.dice.choice(held), f"answer {next(self.words)}")
        elif held and chance < 0.8:
            panel.give_up(self.dice.choice(["return", "close"]), self.dice.choice(held))
        elif panel.waiting:
            panel.accept(self.dice.choice(panel.waiting))
        else:
            self._lists()

    def _connect(self, client: Client) -> None:
        if client.wire is not None:
            return
        client.wire, client.node = Wire(), self.dice.choice(self.nodes)
        node, actor = client.node, client.line.actor.partition(":")[2]
        wire: Any = client.wire
        if isinstance(client.line, Panel):
            client.link = AgentLink(node.panels, actor, wire, stamp="signed in")
            with self._may_die(node):
                node.desk.arrive(actor)
                node.hub.join_agent(client.link)
                client.link.greet()
            client.exchange = node.exchange(client.link, frames.agent_frame)
        elif self.dice.random() < 0.2:
            posted: Any = Posted(VisitorFrames(node.visitors, actor, address="127.0.0.1"), wire)
            client.exchange = node.exchange(posted, frames.visitor_frame)
        else:
            client.link = VisitorLink(node.visitors, actor, wire, address="127.0.0.1")
            node.hub.join_visitor(client.link)
            client.exchange = node.exchange(client.link, frames.visitor_frame)
        if client.wire is wire:  # It may have died while it was opened.
            client.line.opened(wire.up.append)

    def _hear(self, client: Client) -> None:
        for _ in range(self.dice.randrange(1, 9)):
            if client.wire and client.wire.down:
                client.line.receive(client.wire.down.popleft())

    def _hear_out(self, client: Client) -> None:
        while client.wire and client.wire.down:
            self._hear(client)

    def _cut(self, client: Client) -> None:
        if client.wire is None:
            return
        if client.node and client.link is not None:
            leave = client.node.hub.leave_visitor if client.is_visitor else client.node.hub.leave_agent
            leave(client.link)
        client.wire.is_open = False
        client.wire = client.node = client.link = client.exchange = None
        client.line.lost()

    def _reload(self, client: Client) -> None:
        self._cut(client)
        client.line.reload()

    def _try_again(self, client: Client) -> None:
        client.line.a_moment_later()
        if client.by_request:
            client.line.look()
            client.line.beat()

    # Moves of desks

    def _serve(self, client: Client) -> None:
        for _ in range(self.dice.randrange(1, 4)):
            self._serve_one(client)

    def _serve_one(self, client: Client) -> None:
        if not client.wire or not client.wire.up or client.node is None or client.exchange is None:
            return
        self.world.now += timedelta(milliseconds=1)
        node = client.node
        if self.dice.random() < self.trouble:
            node.trouble = self.dice.choice(["before", "before", "after"])
        with self._may_die(node):
            client.exchange.take(client.wire.hand_over())
        node.trouble = None
        if client.wire is not None and not client.wire.is_open:
            self._cut(client)

    def _work(self, _: Client) -> None:
        node = self.dice.choice(self.nodes)
        with self._may_die(node):
            node.jobs.run_due(node.handlers)

    def _lists(self) -> None:
        later, self.later = self.later, []
        for node, send in later:
            if node in self.nodes:
                send()

    def _beat(self, _: Client) -> None:
        """Tells everybody how far everything stands that they follow or that is theirs, as the database knows it."""
        for client in self.clients:
            if client.wire and not client.by_request:
                heads, current = self.world.heads(client.line.actor), self.world.open_of(client.line.actor)
                told = {each: heads[each] for each in (*client.line.followed, current) if each}
                client.wire.send(json.dumps({"op": "beat", "heads": told}))

    def _doom(self, _: Client) -> None:
        self.dice.choice(self.nodes).crashes = self.dice.choice(["before", "within", "after", "job", "now"])
        for node in [each for each in self.nodes if each.crashes == "now"]:
            self._crash(node)

    @contextmanager
    def _may_die(self, node: Node) -> Iterator[None]:
        self.at_work = node
        try:
            yield
        except PowerCut:
            self._crash(node)

    def _crash(self, node: Node) -> None:
        for client in self.clients:
            if client.node is node:
                self._cut(client)
        node.end()
        self.nodes[node.number] = Node(self, node.number)

    # Hints between desks

    def hint(self, sender: Node, hint: Hint) -> None:
        self.bus += [(node.number, hint) for node in self.nodes if node is not sender]

    def _carry_hint(self, _: Client) -> None:
        if not self.bus:
            return
        number, hint = self.bus.pop(self.dice.randrange(len(self.bus)))
        fate = self.dice.random()
        if fate < 0.15:
            return
        if fate < 0.3:
            self.bus.append((number, hint))
        self.nodes[number].relay.take(hint)

    def _look(self, _: Client) -> None:
        self.dice.choice(self.nodes).relay.look()

    def _look_everywhere(self) -> None:
        for node in self.nodes:
            node.relay.look()
            node.hub.beat(node.hub.links())

    # The end

    def _heal(self) -> None:
        self.trouble = 0.0
        for node in self.nodes:
            node.crashes = None
        self.bus.clear()  # The last hints are lost. Each of two ways must be enough to find what they told.
        by_heads = self.dice.random() < 0.5
        for number in range(ROUNDS):
            for client in self.clients * 2:
                self.world.now += timedelta(seconds=10) / len(self.clients)
                self._connect(client)
                self._hear_out(client)
                self._try_again(client)
                while client.wire and client.wire.up:
                    self._serve(client)
            if number % 2 == 0:  # By then the leases of the dead have run out.
                self.nodes[0].jobs.run_due(self.nodes[0].handlers)
            if by_heads:
                self._beat(client)
            else:
                self._look_everywhere()
            self._lists()
            if not self._hear_everything() and number > 2:
                break
        for client in self.clients:
            actor = client.line.actor
            client.line.caught_up(self.world.heads(actor), current=self.world.open_of(actor))

    def _hear_everything(self) -> bool:
        """Returns whether anything is still under way."""
        for client in self.clients:
            self._hear_out(client)
        return any((client.wire and client.wire.up) or client.line.again for client in self.clients)


@contextmanager
def _cuts_within(schedule: Schedule) -> Iterator[None]:
    """Lets a doomed desk die in the middle of its transaction, with half of it written."""
    apply = bot.journal._apply

    def applied(connection: Any, changes: Any) -> None:
        apply(connection, changes)
        if schedule.at_work.crashes == "within":
            raise PowerCut

    schedule.at_work = schedule.nodes[0]
    bot.journal._apply = applied
    try:
        yield
    finally:
        bot.journal._apply = apply


def play(world: World, seed: int, mutant: Mutant = NOTHING) -> list[Violation]:
    """Plays the schedule of a seed and returns what broke the promise."""
    return Schedule(world, seed, mutant).run()
