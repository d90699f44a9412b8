"""The append-only record and its one writer.

Whatever is ready is committed together (group commit): one transaction carries the changes of many conversations,
so the cost of making it durable is shared. Replies leave after the commit. A change whose guard no longer holds
leaves the batch and the batch goes on.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from time import perf_counter, sleep
from typing import Any

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InvalidRequestError

from bot.blocking import RunBlocking, at_once
from bot.change import Change, NotStorable, Refused, Unavailable, table_of
from bot.database import Database
from bot.events import Event
from bot.measuring import SIZES, Spread
from bot.models import Base, EventRow
from bot.spans import Spans, no_spans
from bot.statements import EXPECTED, KEY, inserting, updating
from bot.trouble import in_words, is_trouble

LARGEST_BATCH = 256
PAGE = 200
A_MOMENT = 0.001
"""Seconds in which others may come, who would have to wait for the commit of those before them."""
GIVE_UP_AFTER = 30.0
"""Seconds after which a sender is told to try again. It may be written yet: then the repetition is noticed."""
RETRIES = 3
"""How often a batch is tried: again after a serialisation failure, a deadlock, or a connection that was lost."""

log = structlog.get_logger()
_events = table_of(EventRow)

Spawn = Callable[[Callable[[], None]], Any]
Outcome = Exception | None


class _Pending:
    """A change on its way, and the caller who waits for it."""

    __slots__ = ("change", "outcome", "settled", "since")

    def __init__(self, change: Change):
        self.change = change
        self.since = perf_counter()
        self.outcome: Outcome = None
        self.settled = Lock()  # Held until settled. Under gevent a lock is the cheapest thing to wait on.
        self.settled.acquire()

    def settle(self, outcome: Outcome) -> None:
        """Lets the caller go on; once they do, no other outcome is heard."""
        if self.settled.locked():
            self.outcome = outcome
            self.settled.release()


class Journal:
    """Writes changes. With `spawn` a writer runs beside the callers and gathers batches; without, each commits at once.

    `run_blocking(function, *args)` keeps an fsync from stopping the loop; it must always use the same thread.
    """

    def __init__(
        self,
        database: Database,
        *,
        spawn: Spawn | None = None,
        run_blocking: RunBlocking = at_once,
        spans: Spans = no_spans,
    ):
        self._database = database
        self._spans = spans
        self._run_blocking = run_blocking
        self.record = 0
        """Counts the records this process has seen: a change that was computed from an earlier one is refused."""
        self._connection: Connection | None = None
        self._connected_for = self.record
        self._ready: deque[_Pending] = deque()
        self._being_written: Sequence[_Pending] = ()
        self._awake = Lock()
        self._came_last = 0
        """How many were there to be written, the last time."""
        self._grouping = spawn is not None
        self._stopping = False
        self.seconds = Spread()
        """How long transactions took."""
        self.sizes = Spread(SIZES)
        """How many changes they carried."""
        self._committing = False
        if spawn is not None:
            self._awake.acquire()
            spawn(self._write_forever)

    def commit(self, change: Change) -> None:
        """Returns once the change is durable.

        Raises Refused when a guard no longer holds or a row is already there, Unavailable when nothing can be written.
        """
        pending = _Pending(change)
        if self._grouping:
            self._put(pending)
            pending.settled.acquire()  # For how long, `give_up` sees to: a time-out for each would cost more than it.
        else:
            self._settle([pending])
        if pending.outcome is not None:
            raise pending.outcome

    def post(self, change: Change) -> None:
        """Hands over a change nobody waits for (a page view); nothing is raised: what is refused is left out, and
        what cannot be stored is logged."""
        pending = _Pending(change)
        if self._grouping:
            self._put(pending)
        else:
            self._settle([pending])

    def give_up(self, *, after: float = GIVE_UP_AFTER) -> None:
        """Lets everybody go who has waited so many seconds, with Unavailable; to be called every second."""
        until = perf_counter() - after
        for pending in (*self._being_written, *self._ready):
            if pending.since <= until:
                pending.settle(Unavailable("the database did not say whether it was written"))

    def begin_anew(self) -> None:
        """Refuses whatever was computed before: the record is another one now."""
        self.record += 1

    def stop(self) -> None:
        """Lets the writer finish what it has and end."""
        self._stopping = True
        self._wake()

    def events_after(self, conversation_id: str, seq: int, *, limit: int = PAGE) -> list[Event]:
        """Returns the next events of a conversation, oldest first."""
        return self._events(_events.c.conversation_id == conversation_id, _events.c.seq > seq, limit=limit)

    def visitor_events_after(self, conversation_id: str, visitor_seq: int, *, limit: int = PAGE) -> list[Event]:
        """Returns the next events the visitor may see, oldest first."""
        mine = _events.c.conversation_id == conversation_id
        # The visitor's number is never above the event's own, by which they are found without an index of its own.
        later = (_events.c.seq > visitor_seq) & (_events.c.visitor_seq > visitor_seq)
        return self._events(mine, later, limit=limit)

    def visitor_seq_at(self, conversation_id: str, seq: int) -> int:
        """Returns the visitor's number of the last event they may see up to this one; 0 when there is none."""
        if not seq:
            return 0
        upto = (_events.c.conversation_id == conversation_id) & (_events.c.seq <= seq)
        seen = select(_events.c.visitor_seq).where(upto, _events.c.visitor_seq.is_not(None))
        with self._database.reading() as connection:
            return connection.scalar(seen.order_by(_events.c.seq.desc()).limit(1)) or 0

    def seq_at_visitor(self, conversation_id: str, visitor_seq: int) -> int:
        """Returns the number of the event that is this one in the visitor's counting; 0 when there is none."""
        mine = (_events.c.conversation_id == conversation_id) & (_events.c.seq >= visitor_seq)
        same = mine & (_events.c.visitor_seq == visitor_seq)
        with self._database.reading() as connection:
            return connection.scalar(select(_events.c.seq).where(same)) or 0

    def sent(self, actor: str, client_id: str) -> Event | None:
        """Returns the event this actor already sent under this client id, if any."""
        found = self._events(_events.c.actor == actor, _events.c.client_id == client_id, limit=1)
        return found[0] if found else None

    def _events(self, *conditions: Any, limit: int) -> list[Event]:
        query = select(_events).where(*conditions).order_by(_events.c.seq).limit(limit)
        with self._database.reading() as connection:
            return [Event(**row) for row in connection.execute(query).mappings()]

    def _put(self, pending: _Pending) -> None:
        self._ready.append(pending)
        self._wake()

    def _wake(self) -> None:
        if self._awake.locked():
            self._awake.release()

    def _write_forever(self) -> None:
        while not (self._stopping and not self._ready):
            if self._ready:
                self._let_others_in()
                self._settle([self._ready.popleft() for _ in range(min(len(self._ready), LARGEST_BATCH))])
            else:
                self._awake.acquire()

    def _let_others_in(self) -> None:
        """Lets everybody who is ready have their turn as long as more comes to be written, and waits a moment where
        fewer are there than last time: one transaction for all instead of one for the first and one for the rest."""
        there = 0
        while there < len(self._ready) < LARGEST_BATCH:
            there = len(self._ready)
            sleep(0)
        if len(self._ready) < min(self._came_last, LARGEST_BATCH):
            sleep(A_MOMENT)
        self._came_last = len(self._ready)

    def _settle(self, batch: list[_Pending]) -> None:
        self._being_written = batch
        changes = [pending.change for pending in batch]
        began = perf_counter()
        try:
            with self._spans("commit", changes=len(changes)):
                outcomes = self._write(changes)
        except Exception as problem:
            log.exception("journal.failed", changes=len(changes))
            self._abandon()
            outcomes = _all_unavailable(changes, str(problem))
        self.seconds.add(perf_counter() - began)
        self.sizes.add(len(batch))
        for pending, outcome in zip(batch, outcomes, strict=True):
            pending.settle(outcome)
        self._being_written = ()

    def _write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Writes all together; when one stands in the way, each for itself in the same transaction."""
        for _ in range(RETRIES):
            try:
                if self._all_at_once(changes):
                    return [None] * len(changes)
                return self._one_by_one(changes)
            except DBAPIError as problem:
                self._abandon()
                if not _worth_retrying(problem, committing=self._committing):
                    if not is_trouble(problem):
                        log.error("journal.refused", cause=in_words(problem), changes=len(changes))
                    return _all_unavailable(changes, in_words(problem))
        return _all_unavailable(changes, "too many conflicts")

    def _all_at_once(self, changes: Sequence[Change]) -> bool:
        with self._transaction() as connection:
            if any(map(self._is_of_another_record, changes)):
                return False
            try:
                _apply(connection, changes)
            except Exception as problem:
                if not _is_of_one_change(problem):
                    raise
                connection.rollback()
                return False
        return True

    def _one_by_one(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        with self._transaction() as connection:
            for change in changes:
                if self._is_of_another_record(change):
                    outcomes.append(Refused("the record is another one"))
                    continue
                savepoint = connection.begin_nested()
                try:
                    _apply(connection, [change])
                    savepoint.commit()
                    outcomes.append(None)
                except (Refused, IntegrityError) as problem:
                    savepoint.rollback()
                    outcomes.append(Refused(str(problem)))
                except Exception as problem:
                    if not _is_of_one_change(problem):
                        raise
                    savepoint.rollback()
                    cause = in_words(problem) if isinstance(problem, DataError) else type(problem).__name__
                    log.error("journal.not_storable", cause=cause)
                    outcomes.append(NotStorable(cause))
        return outcomes

    def _is_of_another_record(self, change: Change) -> bool:
        return change.record not in (None, self.record)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Yields the writer's connection; what may wait, for the lock at the start and for the disk at the end, is
        handed to `run_blocking`. What lies between takes less time than handing it over, row by row, would."""
        self._committing = False
        connection = self._open()
        transaction = self._run_blocking(connection.begin)
        with transaction:
            yield connection
            if transaction.is_active:
                self._committing = True
                self._run_blocking(transaction.commit)

    def _open(self) -> Connection:
        if self._connected_for != self.record:
            self._abandon()
            self._connected_for = self.record
        if self._connection is None:
            self._connection = self._database.connected().execution_options(immediate=True)
        return self._connection

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _apply(connection: Connection, changes: Iterable[Change]) -> None:
    """Runs all inserts, then all guards, grouped by statement. Raises Refused when some guard did not hold.

    Inserts come first so that a change may make a row and guard on it.
    """
    inserts: dict[tuple[type[Base], tuple[str, ...]], list[Mapping[str, Any]]] = defaultdict(list)
    updates: dict[tuple[type[Base], tuple[str, ...]], list[Mapping[str, Any]]] = defaultdict(list)
    for change in changes:
        for row in change.rows:
            inserts[row.model, tuple(row.values)].append(row.values)
        for guard in change.guards:
            found_by = {KEY: guard.key, EXPECTED: guard.expected}
            updates[guard.model, tuple(guard.values)].append({**guard.values, **found_by})
    for (model, names), rows in inserts.items():
        inserting(model, names, connection.dialect).run(connection, rows)
    for (model, names), rows in updates.items():
        if updating(model, names, connection.dialect).run(connection, rows) != len(rows):
            raise Refused(f"{model.__tablename__} has changed since it was read")


def _all_unavailable(changes: Sequence[Change], cause: str) -> list[Outcome]:
    # Each its own: what is raised in several places at once gathers the trace of them all.
    return [Unavailable(cause) for _ in changes]


def _is_of_one_change(problem: Exception) -> bool:
    """Says whether a change cannot be written for what it holds, whatever the others of its batch hold."""
    # What SQLAlchemy itself refuses to do (`InvalidRequestError`) is about the connection.
    elsewhere = isinstance(problem, DBAPIError | InvalidRequestError)
    return not elsewhere or isinstance(problem, IntegrityError | DataError)


def _worth_retrying(problem: DBAPIError, *, committing: bool) -> bool:
    # A connection that was lost is replaced, but not once we asked it to commit: it may have done so.
    lost = problem.connection_invalidated and not committing
    return lost or getattr(problem.orig, "sqlstate", None) in ("40001", "40P01")
