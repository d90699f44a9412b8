"""Which actions there are, and what is wrong with their server: what turns, `/health` and `check` ask about."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from bot.actions.client import LIST_TAKES, Address, Client, Failed

LOOK_EVERY = 1.0
ASK_EVERY = 15.0
"""Seconds between looks at a file, and between questions to a server elsewhere."""
STARTS_WITHIN = 15.0
"""Seconds that are waited for the action server at the start; what it has is known later, if it takes longer."""

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
    """Writes the file by which the process that keeps the action server tells the others; raises OSError.

    What stood there before stays where this cannot be written, and nothing is left beside it.
    """
    problems = [[each.file, each.line, each.words] for each in status.problems]
    content = {"state": status.state, "actions": {k: list(v) for k, v in status.actions.items()}, "problems": problems}
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps(content), encoding="utf-8")
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def read_status(path: Path) -> Status:
    """Returns what was written last; without a file there is no action server."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Status.reported(content, content["state"])
    except (OSError, ValueError, KeyError, TypeError):
        return Status("none")


@dataclass(frozen=True, slots=True)
class Served:
    """Where actions are served, and the file that tells of the server if it is our own."""

    address: Address
    status: Path | None = None


class Roster:
    """The actions that can be called now. `look` finds out; asking in between costs nothing.

    Without a client there are none.
    """

    def __init__(self, client: Client | None = None, file: Path | None = None):
        self.status = read_status(file) if file else Status("none")
        self.look_every = LOOK_EVERY if file or client is None else ASK_EVERY
        self._client = client
        self._file = file

    @property
    def is_there(self) -> bool:
        """Returns whether there is an action server to be called, be it well or not."""
        return self._client is not None and (self._file is None or self.status.state != "none")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.status.actions)

    def look(self) -> None:
        """Finds out again."""
        if self._file is not None:
            self.status = read_status(self._file)
        elif self._client is not None:
            self._ask(self._client)

    def wait(self) -> None:
        """Finds out for the first time: a server that is being started is given the time to say what it has."""
        if self._file is not None:
            self.look()
        if self._client is not None and (self._file is None or self.status.state == "starting"):
            self._ask(self._client, within=STARTS_WITHIN if self._client.address.secret else LIST_TAKES)

    def _ask(self, client: Client, **within: float) -> None:
        try:
            names = client.names(**within)
        except Failed as failed:
            if self.status.state != "down":
                log.warning("actions.unreachable", at=client.address.authority, why=failed.words)
            # What it had is still what it has, as far as anybody knows.
            self.status = Status("down", self.status.actions)
        else:
            self.status = Status("running", dict.fromkeys(names, ("", 0)))
