"""Who is here. Intent is what an agent says and is a row; connection is an open panel and goes stale by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

INTENTS = ("online", "away", "draining", "offline")
STALE_AFTER = timedelta(seconds=60)
"""A panel that has not beaten its heart for this long is not there, whatever its socket says."""


class Connections:
    """Which agents have a panel open in this process, and when each was last heard of."""

    def __init__(self, now: Callable[[], datetime]):
        self._now = now
        self._panels: dict[str, int] = {}
        self._heard_at: dict[str, datetime] = {}

    def arrived(self, agent_id: str) -> bool:
        """Counts one more panel; returns whether it is the agent's first."""
        self._panels[agent_id] = self._panels.get(agent_id, 0) + 1
        self._heard_at[agent_id] = self._now()
        return self._panels[agent_id] == 1

    def left(self, agent_id: str) -> bool:
        """Counts one panel less; returns whether it was the agent's last."""
        left = self._panels.get(agent_id, 0) - 1
        if left > 0:
            self._panels[agent_id] = left
            return False
        self._panels.pop(agent_id, None)
        return True

    def heard(self, agent_id: str) -> None:
        """Notes a sign of life."""
        self._heard_at[agent_id] = self._now()

    def is_connected(self, agent_id: str) -> bool:
        """Returns whether the agent has a panel open that was heard of lately."""
        heard_at = self._heard_at.get(agent_id)
        return agent_id in self._panels and heard_at is not None and self._now() - heard_at < STALE_AFTER
