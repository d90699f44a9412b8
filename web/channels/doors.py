"""Which doors an operator has opened beside the widget, and who somebody is who comes through one."""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args
from urllib.parse import urlsplit

from rules.problems import did_you_mean
from web.strength import WeakToken, strong

Door = Literal["rest", "callback", "socketio"]
DOORS: tuple[Door, ...] = get_args(Door)


class CannotOpenDoor(Exception):
    """The doors are not written as they must be; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What stands open; by default nothing."""

    rest: bool = False
    socketio: bool = False
    callback: str | None = None
    """The address to which what is said is posted."""
    token: str | None = field(default=None, repr=False)
    """Opens the tracker and control API; without one its addresses do not exist."""

    def open_ones(self) -> tuple[Door, ...]:
        """Returns the doors that stand open, those first that reach a visitor who does not ask."""
        reaching: tuple[Door, ...] = ("callback", "socketio", "rest")
        return tuple(door for door in reaching if getattr(self, door))


def doors_of(written: Iterable[str], token: str | None) -> Doors:
    """Returns what `--door rest --door callback=https://…` and `--api-token` open; raises CannotOpenDoor."""
    doors = Doors(token=_strong(token))
    for each in written:
        name, _, address = each.partition("=")
        if name not in DOORS:
            meant = did_you_mean(name, DOORS)
            hint = f"Did you mean {meant}?" if meant else f"Doors are {', '.join(DOORS)}."
            raise CannotOpenDoor(f"There is no door '{name}'. {hint}")
        if name == "callback":
            doors = replace(doors, callback=_address(address))
        elif address:
            raise CannotOpenDoor(f"The door {name} takes no address. Write:  --door {name}")
        elif name == "rest":
            doors = replace(doors, rest=True)
        else:
            doors = replace(doors, socketio=True)
    return doors


def _address(written: str) -> str:
    parts = urlsplit(written)
    if parts.scheme in ("http", "https") and parts.hostname:
        return written
    found = f"found '{written}'" if written else "found none"
    raise CannotOpenDoor(
        f"The door callback needs the address to post to, {found}. Write:  --door callback=https://bot.example/answers"
    )


def _strong(token: str | None) -> str | None:
    try:
        return None if token is None else strong(token, "The API's token")
    except WeakToken as problem:
        raise CannotOpenDoor(str(problem)) from problem


class Senders:
    """Makes a visitor of its own out of a door and the name somebody has there.

    A name from outside is only a name: no door leads to a visitor of the widget or of another door, and without the
    installation's key nobody can work out whose a visitor's id is.
    """

    def __init__(self, key: bytes):
        self._key = key

    def visitor_of(self, door: Door, sender: str) -> str:
        """Returns the visitor's id: the same for the same name at the same door."""
        mark = hmac.digest(self._key, f"door\0{door}\0{sender}".encode(), "sha256")
        return base64.urlsafe_b64encode(mark[:16]).rstrip(b"=").decode()
