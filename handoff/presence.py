"""Who is here. Intent is what an agent says and is a row; connection is an open panel and goes stale by itself.

Panels are open at one worker or another: each writes down its own, and reads those of the others.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from bot.blocking import RunBlocking, at_once
from bot.change import table_of
from bot.database import Database
from handoff.models import Panel

INTENTS = ("online", "away", "draining", "offline")
STALE_AFTER = timedelta(seconds=60)
"""A panel that has not beaten its heart for this long is not there, whatever its socket says."""
GRACE = timedelta(seconds=60)
"""An agent who is gone this long has lost what they held."""
RELOADED_WITHIN = timedelta(seconds=10)
"""Whoever only reloads the panel is back by then."""
TOLD_EVERY = timedelta(seconds=10)
"""How often a worker writes down whom it heard of."""
REMEMBERED = timedelta(days=1)
LONGEST_GAP = timedelta(seconds=30)
"""Between two looks at the rows, for want of a database or because a clock was set, there is no telling who is here."""

_panels = table_of(Panel)


class Connections:
    """Which agents have a panel open, and when each was last heard of.

    `worker` names this process, among all that there were.
    """

    def __init__(
        self,
        database: Database,
        *,
        worker: str,
        now: Callable[[], datetime],
        run_blocking: RunBlocking = at_once,
    ):
        self._database = database
        self._worker = worker
        self._now = now
        self._run_blocking = run_blocking
        self._began_at = self._looked_at = now()
        self._open: dict[str, int] = {}
        """Who is here → how many sockets they have open: none, if their panel speaks by request."""
        self._heard_at: dict[str, datetime] = {}
        self._untold: set[str] = set()
        self._open_elsewhere: dict[str, datetime] = {}
        self._seen_at: dict[str, datetime] = {}

    def arrived(self, agent_id: str) -> bool:
        """Counts one more panel; returns whether it is the agent's first, here and elsewhere."""
        was_here = self._is_here(agent_id)
        self._open[agent_id] = self._open.get(agent_id, 0) + 1
        self._note(agent_id)
        self._compare(agent_id)
        return not was_here and not self._is_elsewhere(agent_id)

    def left(self, agent_id: str) -> bool:
        """Counts one panel less; returns whether it was the agent's last, here and elsewhere."""
        left = self._open.get(agent_id, 0) - 1
        if left > 0:
            self._open[agent_id] = left
            return False
        self._open.pop(agent_id, None)
        self._note(agent_id)
        self._compare(agent_id)
        return not self.is_connected(agent_id)

    def heard(self, agent_id: str) -> bool:
        """Notes a sign of life; returns whether the agent comes by it: a panel that can have no socket just speaks."""
        was_here = self._is_here(agent_id)
        self._open.setdefault(agent_id, 0)
        self._note(agent_id)
        if was_here:
            return False
        self._compare(agent_id)
        return not self._is_elsewhere(agent_id)

    def is_connected(self, agent_id: str) -> bool:
        """Returns whether the agent has a panel open, here or elsewhere, that was heard of lately."""
        return self._is_here(agent_id) or self._is_elsewhere(agent_id)

    def has_vanished(self, agent_id: str) -> bool:
        """Returns whether the agent has been gone for longer than one waits for them to come back."""
        return self._gone_for(agent_id) > GRACE

    def may_come_back(self, agent_id: str) -> bool:
        """Returns whether the agent is here, or gone for no longer than it takes to reload the panel."""
        return self._gone_for(agent_id) <= RELOADED_WITHIN

    def look(self, connection: Connection) -> None:
        """Reads what the other workers wrote down. After a time without, and when the clock was set back, everybody has
        to come back first."""
        now = self._now()
        if abs(now - self._looked_at) > LONGEST_GAP:
            self._began_at = now
        self._looked_at = now
        query = select(_panels).where(_panels.c.heard_at.between(now - REMEMBERED, now + STALE_AFTER))
        seen_at: dict[str, datetime] = {}
        open_elsewhere: dict[str, datetime] = {}
        for agent_id, worker, open_, heard_at in connection.execute(query):
            seen_at[agent_id] = max(heard_at, seen_at.get(agent_id, heard_at))
            if open_ and worker != self._worker:
                open_elsewhere[agent_id] = max(heard_at, open_elsewhere.get(agent_id, heard_at))
        self._seen_at, self._open_elsewhere = seen_at, open_elsewhere

    def tell(self) -> None:
        """Writes down who was heard of here, for the other workers."""
        telling, self._untold = self._untold, set()
        if not self._write_down(telling):
            self._untold |= telling

    def _note(self, agent_id: str) -> None:
        self._heard_at[agent_id] = self._now()
        self._untold.add(agent_id)

    def _is_here(self, agent_id: str) -> bool:
        return agent_id in self._open and self._is_fresh(self._heard_at.get(agent_id))

    def _is_elsewhere(self, agent_id: str) -> bool:
        return self._is_fresh(self._open_elsewhere.get(agent_id))

    def _is_fresh(self, heard_at: datetime | None) -> bool:
        return heard_at is not None and self._may_be(heard_at) and self._now() - heard_at < STALE_AFTER

    def _may_be(self, moment: datetime) -> bool:
        # Clocks of two computers differ a little. What lies further ahead was told before ours was set back.
        return moment - self._now() < STALE_AFTER

    def _gone_for(self, agent_id: str) -> timedelta:
        if self.is_connected(agent_id):
            return timedelta()
        # After a start everybody has to come back first.
        known = (self._began_at, self._heard_at.get(agent_id), self._seen_at.get(agent_id))
        gone_for = [self._now() - each for each in known if each is not None and self._may_be(each)]
        return min(gone_for, default=timedelta())

    def _panels_of(self, agent_id: str) -> int:
        sockets = self._open.get(agent_id)
        return 0 if sockets is None else max(sockets, 1)

    def _compare(self, agent_id: str) -> None:
        """Writes down where an agent is or is not any more, then reads what the others wrote: in this order, so that of
        two workers who do it at once one hears of the other."""
        self._write_down([agent_id])
        with suppress(DBAPIError), self._database.reading() as connection:
            self.look(connection)

    def _write_down(self, agent_ids: Collection[str]) -> bool:
        if agent_ids:
            try:
                self._run_blocking(self._write, agent_ids)
            except DBAPIError:
                return False  # The next time comes soon.
        return True

    def _write(self, agent_ids: Collection[str]) -> None:
        with self._database.writing() as connection:
            for agent_id in agent_ids:
                mine = {"agent_id": agent_id, "worker": self._worker}
                told = {"open": self._panels_of(agent_id), "heard_at": self._heard_at.get(agent_id, self._began_at)}
                row = (_panels.c.agent_id == agent_id) & (_panels.c.worker == self._worker)
                if not connection.execute(update(_panels).where(row).values(told)).rowcount:
                    connection.execute(insert(_panels).values(mine | told))
            connection.execute(delete(_panels).where(_panels.c.heard_at < self._now() - REMEMBERED))
