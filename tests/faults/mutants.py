"""Rules of ours, each switched off: what the simulation must notice if it is worth anything."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from bot.change import Change, Guard
from bot.models import ConversationRow, EventRow, JobRow
from handoff.models import AgentRow
from tests.faults.line import ALL_RULES, RULES
from tests.faults.simulation import TELL, Mutant, Node, PowerCut
from web.sockets.session import Exchange, Order

WITHOUT_CLIENT_IDS = ("DROP INDEX uq_event_client",)
WITHOUT_NUMBERS = (
    "CREATE TABLE kept AS SELECT * FROM event",
    "DROP TABLE event",
    "ALTER TABLE kept RENAME TO event",
    "CREATE UNIQUE INDEX uq_event_client ON event (client_id, actor) WHERE client_id IS NOT NULL",
)

TWO_TABS = 2
"""The cast in which one agent takes conversations in two tabs at once."""
BEST_SEEN = {"hears_what_began_without_it": 0}
"""Rule of a client → the cast in which it matters most: one visitor in two tabs, each of which misses what happens."""
SHOWN_BY = {
    "asks_for_gaps": 3,
    "believes_heads": 8,
    "hears_what_began_without_it": 62,
    "keeps_the_outbox": 2,
    "sends_oldest_first": 2,
    "keeps_place_with_what_is_shown": 3,
}
"""Rule of a client → a schedule that shows what it is for, where the first does not."""


def acknowledged_before_commit(node: Node) -> None:
    """What is to be written waits until the disk has time; everybody is told at once."""
    commit, waiting = node.journal.commit, []

    def later(change: Change) -> None:
        waiting.append(change)
        if len(waiting) == 2:
            while waiting:
                commit(waiting.pop(0))

    node.journal.commit = later  # type: ignore[method-assign]


def nobody_looks_for_repetitions(node: Node) -> None:
    node.desk._refuse_repetition = lambda *_: None  # type: ignore[method-assign]


def guards_always_hold(node: Node, *models: type) -> None:
    """A row is written over, whatever it has become since it was read."""
    commit = node.journal.commit

    def unguarded(change: Change) -> None:
        change.guards = [_as_it_is(node, guard) if guard.model in models else guard for guard in change.guards]
        commit(change)

    node.journal.commit = unguarded  # type: ignore[method-assign]


def _as_it_is(node: Node, guard: Guard) -> Guard:
    column = "last_seq" if guard.model is ConversationRow else "revision"
    table = guard.model.__tablename__
    with node.schedule.world.database.reading() as connection:
        found = connection.exec_driver_sql(f"SELECT {column} FROM {table} WHERE id = ?", (guard.key,)).scalar()
    return guard._replace(expected=found or guard.expected)


def in_two_commits(node: Node, *models: type) -> None:
    """Rows of these tables follow in a commit of their own."""
    commit = node.journal.commit

    def apart(change: Change) -> None:
        later = [row for row in change.rows if row.model in models and not _comes_first(row.values)]
        change.rows = [row for row in change.rows if row not in later]
        commit(change)
        if node.crashes:
            raise PowerCut
        if later:
            node.commit(Change(rows=later))

    node.journal.commit = apart  # type: ignore[method-assign]


def _comes_first(values: object) -> bool:
    return isinstance(values, dict) and values.get("actor") not in (None, "bot")


def done_before_it_is_done(node: Node) -> None:
    """A job's row says that it is done before its effect is there."""
    claim, mark = node.jobs._claim, node.jobs._mark

    def claimed(handlers):  # type: ignore[no-untyped-def]
        jobs = claim(handlers)
        for job in jobs:
            mark(job, {"state": "done", "lease_until": None})
        return jobs

    node.jobs._claim = claimed  # type: ignore[method-assign]


def a_key_for_each_try(node: Node) -> None:
    tell = node.handlers[TELL]
    node.handlers[TELL] = lambda job: tell(replace(job, key=str(UUID(int=node.schedule.dice.getrandbits(128)))))


def forgets_who_waited(node: Node) -> None:
    """What waited for another message is not waited for itself."""
    begin = node.exchange

    def begun(link: Any, read: Callable[[str], Any]) -> Exchange:
        exchange = begin(link, read)
        exchange._order = _OnlyTheFirst(exchange._order._clock)
        return exchange

    node.exchange = begun  # type: ignore[method-assign]


class _OnlyTheFirst(Order):
    def wait_for(self, raw: str) -> None:
        if not self._awaited:
            super().wait_for(raw)


def never_looks(node: Node) -> None:
    node.relay.look = lambda: None  # type: ignore[method-assign]


def anybody_speaks(node: Node) -> None:
    """The number of the accept is not looked at."""
    node.desk._owner = lambda draft, agent_id, token: node.desk.agent(agent_id)  # type: ignore[method-assign]


MUTANTS = [
    *(
        Mutant(
            f"a client {name.replace('_', ' ')}: not",
            rules=replace(ALL_RULES, **{name: False}),
            cast=BEST_SEEN.get(name),
            shown_by=SHOWN_BY.get(name, 0),
        )
        for name in RULES
    ),
    Mutant("acknowledged before commit", spoil=acknowledged_before_commit),
    Mutant("no unique client id", spoil=nobody_looks_for_repetitions, schema=WITHOUT_CLIENT_IDS),
    Mutant(
        "numbers kept in memory",
        spoil=lambda node: guards_always_hold(node, ConversationRow),
        schema=WITHOUT_NUMBERS,
        shown_by=5,
    ),
    Mutant(
        "an agent's row without a revision",
        spoil=lambda node: guards_always_hold(node, AgentRow),
        cast=TWO_TABS,
        shown_by=75,
    ),
    Mutant("replies in a commit of their own", spoil=lambda node: in_two_commits(node, EventRow), shown_by=4),
    Mutant("jobs in a commit of their own", spoil=lambda node: in_two_commits(node, JobRow), shown_by=1),
    Mutant("only the first refused is waited for", spoil=forgets_who_waited, shown_by=139),
    Mutant("a job is marked before it is done", spoil=done_before_it_is_done, shown_by=20),
    Mutant("a key for each try", spoil=a_key_for_each_try, shown_by=15),
    Mutant("a desk does not look for what no hint told of", spoil=never_looks, shown_by=28),
    Mutant("the number of the accept is not looked at", spoil=anybody_speaks, shown_by=1),
]
