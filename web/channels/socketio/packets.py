"""How Engine.IO 4 and Socket.IO 5 write what they say: a digit for the kind, then JSON.

0{"sid":…}          Engine.IO: open; 1 close, 2 ping, 3 pong, 4 message, 5 upgrade, 6 nothing
40  41  42[…]       Socket.IO inside a message: connect, disconnect, event; 43 acknowledges one
"""

import re
from dataclasses import dataclass, field
from typing import Any

from rules.compact import compact_json
from web.bodies import json_of
from web.errors import Malformed

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOTHING = "0123456"
PROBE = "probe"
BETWEEN = "\x1e"
"""Stands between the packets of one polling body."""

_CONNECT, _DISCONNECT, _EVENT, _ACKNOWLEDGED = "0123"
_PACKET = re.compile(r"(?P<kind>[0-3])(?:(?P<namespace>/[^,]*),?)?(?P<id>\d{0,9})(?P<data>.*)", re.S)


@dataclass(frozen=True, slots=True)
class Connect:
    """The client greets a namespace; the one that is spoken here has no name."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The client takes its leave."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event of the client; with an `ack` it wants to know that it came."""

    name: str
    arguments: list[Any] = field(default_factory=list)
    ack: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The client got an event of ours, which we never ask."""


Heard = Connect | Disconnect | Emitted | Acknowledged


def heard(message: str) -> Heard:
    """Returns what the inside of a message packet says; raises Malformed."""
    found = _PACKET.fullmatch(message)
    if found is None:
        raise Malformed("This is no packet of Socket.IO that is understood here.")
    if found["kind"] == _CONNECT:
        return Connect(found["namespace"] or "/")
    if found["kind"] == _DISCONNECT:
        return Disconnect()
    if found["kind"] == _ACKNOWLEDGED:
        return Acknowledged()
    said = json_of(found["data"])
    if not isinstance(said, list) or not said or not isinstance(said[0], str):
        raise Malformed("An event must be a list that begins with its name.")
    return Emitted(said[0], said[1:], found["id"] or None)


def opened(sid: str, *, upgrades: list[str], ping_every: int, ping_takes: int, most: int) -> str:
    """Returns the first packet of a connection; times in seconds, `most` in bytes."""
    terms = {"pingInterval": ping_every * 1000, "pingTimeout": ping_takes * 1000, "maxPayload": most}
    return OPEN + compact_json({"sid": sid, "upgrades": upgrades, **terms})


def connected(sid: str) -> str:
    """Returns the answer to a greeting."""
    return MESSAGE + _CONNECT + compact_json({"sid": sid})


def not_here(namespace: str) -> str:
    """Returns the answer to a greeting of a namespace that is not spoken here."""
    return f"{MESSAGE}4{namespace}," + compact_json({"message": "Invalid namespace"})


def event(name: str, argument: Any) -> str:
    """Returns an event of ours."""
    return MESSAGE + _EVENT + compact_json([name, argument])


def acknowledgement(ack: str) -> str:
    """Returns that an event of the client came."""
    return f"{MESSAGE}{_ACKNOWLEDGED}{ack}[]"
