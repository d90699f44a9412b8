"""What clients write down while they are at it: the only witness besides the record that the oracle believes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody pressed Enter. `line` is the tab they did it in, `sender` the actor the record will name."""

    line: str
    sender: str
    client_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    sender: str
    client_id: str
    conversation: str
    number: int
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no: the client shows the text as not sent and leaves it to the person."""

    sender: str
    client_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A window put an event on the screen. A page that is loaded again is another window."""

    window: str
    viewer: str
    conversation: str
    number: int
    client_id: str | None
    text: str | None
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything has healed and the window should show the conversation up to its head."""

    window: str
    conversation: str
    head: int


@dataclass(frozen=True, slots=True)
class Won:
    """An agent was told that the conversation is theirs, with the number that proves it."""

    agent: str
    conversation: str
    number: int
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """An agent was told that somebody else was first, and who."""

    agent: str
    conversation: str
    told: str
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Somebody outside was told of an event."""

    key: str
    conversation: str
    number: int
    payload: str


Entry = Typed | Acknowledged | Refused | Shown | CaughtUp | Won | Lost | Effect


@dataclass
class History:
    """Entries in the order they were written; several threads may write."""

    entries: list[Entry] = field(default_factory=list)
    acknowledged: int = 0
    """How often anything was acknowledged."""
    _lock: Any = field(default_factory=Lock)

    def note(self, entry: Entry) -> None:
        with self._lock:
            self.entries.append(entry)
            self.acknowledged += isinstance(entry, Acknowledged)

    def of(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yields the entries of a kind."""
        return (entry for entry in list(self.entries) if isinstance(entry, kind))
