"""A conversation as a line of the panel's lists."""

from collections.abc import Mapping
from typing import Any

from handoff.agents import Agents
from handoff.queue import LONGEST_LIST, Border, Queue
from handoff.routing import Agent


class Rows:
    """Draws the lists an agent sees."""

    def __init__(self, queue: Queue, agents: Agents):
        self._queue = queue
        self._agents = agents

    def waiting(self, agent: Agent) -> tuple[list[dict[str, Any]], bool]:
        """Returns what waits for this agent, who sits there before what was left, and whether more does."""
        found = self._queue.rows_waiting(agent, limit=LONGEST_LIST + 1)
        return self._draw(agent, found[:LONGEST_LIST]), len(found) > LONGEST_LIST

    def held(self, agent: Agent) -> list[dict[str, Any]]:
        """Returns the agent's own open conversations."""
        return self._draw(agent, self._queue.rows_held(agent))

    def page(self, agent: Agent, *, before: Border | None, limit: int) -> list[dict[str, Any]]:
        """Returns a page of all the agent may see, the latest first; those beyond `before` if given."""
        return self._draw(agent, self._queue.rows_of_all(agent, before=before, limit=limit))

    def _draw(self, agent: Agent, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = {each.id: each.name for each in self._agents.all()}
        return [_row(agent, row, names) for row in found]


def _row(agent: Agent, row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    known = {name: each["value"] for name, each in (row["attributes"] or {}).items()}
    context = row["context"]
    return {
        "id": row["id"],
        "visitor": {
            "name": known.get("name"),
            "email": known.get("email"),
            "page": context.get("page.path"),
            "language": row["language"],
        },
        "department": row["department"],
        "holder": row["holder"],
        "open": row["open"],
        "owner": {"id": row["owner"], "name": names.get(row["owner"], "")} if row["owner"] else None,
        "token": row["owner_seq"] if row["owner"] == agent.id else None,
        "last": _last(row["last_message"], names),
        "said": row["last_message"].get("said"),
        "last_at": row["last_at"].isoformat(),
        "waiting_since": _text(row["waiting_since"]),
        "queued_at": _text(row["queued_at"]),
        "unread": row["unread"],
        "left": row["left"],
        "offered": row["offered_to"] == agent.id,
        "last_seq": row["last_seq"],
        "priority": row["priority"],
        "tags": row["tags"],
    }


def _last(message: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    by = message.get("by")
    shown = {name: message[name] for name in ("text", "from", "at") if name in message}
    return {**shown, "by": {"id": by, "name": names.get(by, "")} if by else None}


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
