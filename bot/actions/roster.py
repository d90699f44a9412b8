"""Which actions there are, and what is wrong with their server: what turns, `/health` and `check` ask about."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from bot.actions.client import Client, Failed

State = Literal["none", "starting", "running", "down"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a file's actions from being used."""

    file: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the action server. `actions` are by name, each with the file and line it stands in."""

    state: State
    actions: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @classmethod
    def reported(cls, report: Mapping[str, Any], state: State = "running") -> "Status":
        """Returns what `bot.actions.program` reports."""
        actions = {str(name): (str(file), int(line)) for name, (file, line) in report["actions"].items()}
        return cls(
            state, actions, tuple(Problem(str(f), int(line), str(words)) for f, line, words in report["problems"])
        )

    @property
    def problem(self) -> str | None:
        """Returns that something is wrong, without the words of an error: those are in the log, and this is public."""
        if self.state == "down":
            return "the action server does not answer; the log says why"
        if not self.problems:
            return None
        places = ", ".join(f"{each.file}:{each.line}" for each in self.problems)
        return f"{places} cannot be used; the log and `parlour check` say why"


def write_status(path: Path, status: Status) -> None:
    """Writes the file by which the process that keeps the action server tells the others."""
    problems = [[each.file, each.line, each.words] for each in status.problems]
    content = {"state": status.state, "actions": {k: list(v) for k, v in status.actions.items()}, "problems": problems}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content), encoding="utf-8")
    os.replace(fresh, path)


def read_status(path: Path) -> Status:
    """Returns what was written last; without a file there is no action server."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Status.reported(content, content["state"])
    except (OSError, ValueError, KeyError, TypeError):
        return Status("none")


class Roster:
    """The actions that can be called now. `look` finds out; asking in between costs nothing."""

    def __init__(self, find_out: Callable[[], Status] = lambda: Status("none")):
        self._find_out = find_out
        self.status = Status("none")

    def look(self) -> None:
        """Finds out again."""
        self.status = self._find_out()

    def __contains__(self, action: object) -> bool:
        return action in self.status.actions

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.status.actions)


def asked_of(client: Client) -> Callable[[], Status]:
    """Returns what finds out from a server elsewhere; what it said last holds while it cannot be asked."""
    known: dict[str, tuple[str, int]] = {}
    state: State = "starting"

    def find_out() -> Status:
        nonlocal known, state
        try:
            known = dict.fromkeys(client.names(), ("", 0))
            state = "running"
        except Failed as failed:
            if state != "down":
                log.warning("actions.unreachable", at=client.address.authority, why=failed.words)
            state = "down"
            return Status("down", known)
        return Status("running", known)

    return find_out
