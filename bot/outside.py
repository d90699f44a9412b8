"""Calls to addresses that somebody typed: out into the open internet, and never into our own network.

A name is resolved once, every address it has must be public, and the connection goes to one that was looked at: a name
that changes between the look and the call changes nothing. No redirect is followed, no proxy asked, an answer is read
up to a limit, and all of it together has one deadline.
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread, Timer
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

LONGEST_URL = 2000
DEADLINE = 10.0
"""Seconds a call may take, from the name to the last byte."""

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9.])?|[0-9a-f:.]+", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}
_TOO_SLOW = "no answer in time"
_OPEN = IPv6Network("2000::/3")
"""All that has been given out of IPv6 to speak with everybody."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 write them."""

Found = tuple[Any, ...]
"""What `socket.getaddrinfo` tells of one address."""
Resolve = Callable[..., Sequence[Found]]


class NotAllowed(Exception):
    """An address that is not called; the text tells whoever typed it what to write."""


class NoAnswer(Exception):
    """Nothing that could be read came back; the text says why in a few words, and nothing of what was answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. A redirect is an answer like any other."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    """An address, taken apart."""

    secure: bool
    host: str
    port: int
    path: str
    name: str
    """Host and port as they are said to the other side."""


class Outside:
    """Calls addresses, after looking where they lead."""

    def __init__(
        self,
        *,
        name: str,
        may_be_local: bool = False,
        may_be_anywhere: bool = False,
        resolve: Resolve = socket.getaddrinfo,
        trusted: ssl.SSLContext | None = None,
    ):
        """`name` is what we call ourselves; `may_be_local` allows this computer too, also without HTTPS.

        `may_be_anywhere` is for addresses that the operator gave, and nobody else can.
        """
        self._name = name
        self._may_be_local = may_be_local
        self._may_be_anywhere = may_be_anywhere
        self._resolve = resolve
        self._trusted = trusted

    def check(self, url: str) -> None:
        """Raises NotAllowed for an address that would not be called today."""
        try:
            self._look(_place_of(url), monotonic() + DEADLINE)
        except NoAnswer:
            raise NotAllowed("Nobody says where that name leads: its name server does not answer. Try again.") from None

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, within: float = DEADLINE, most: int = 0
    ) -> Answer:
        """Sends the body and returns the answer, with at most so many bytes of it; raises NotAllowed or NoAnswer."""
        place = _place_of(url)
        ends = monotonic() + within
        line = _connected(self._look(place, ends), ends)
        with closing(line), _cut_off(line, ends) as was_cut_off:
            try:
                answer = self._exchange(place, line, body, headers, most)
            except (OSError, HTTPException, ValueError) as problem:
                raise NoAnswer(_TOO_SLOW if was_cut_off() else _in_words(problem)) from None
            if was_cut_off():  # What had come until then may even read like an answer.
                raise NoAnswer(_TOO_SLOW)
            return answer

    def _look(self, place: _Place, ends: float) -> Sequence[Found]:
        """Returns where the name leads, if that is where we may go."""
        found = self._found(place, ends)
        if not found:
            raise NotAllowed(f"The name {place.host} cannot be found. Is it spelled right?")
        addresses = [_plain(str(each[4][0])) for each in found]
        if self._may_be_anywhere:
            return found
        if self._may_be_local and all(each.is_loopback for each in addresses):
            return found
        if not all(_is_public(each) for each in addresses):
            raise NotAllowed(f"{place.host} leads to this computer or into a private network. Take a public address.")
        if not place.secure:
            raise NotAllowed("On an http:// address others can read along. Take an https:// address.")
        return found

    def _found(self, place: _Place, ends: float) -> Sequence[Found]:
        """Returns all that a name leads to; raises NoAnswer at the deadline, which no look-up knows of."""
        found: list[Found] = []

        def ask() -> None:
            with suppress(OSError, UnicodeError):
                found.extend(self._resolve(place.host, place.port, type=socket.SOCK_STREAM))

        asking = Thread(target=ask, daemon=True)
        asking.start()
        asking.join(max(0.0, ends - monotonic()))
        if asking.is_alive():
            raise NoAnswer(_TOO_SLOW)
        return found

    def _exchange(
        self, place: _Place, line: socket.socket, body: bytes, headers: Mapping[str, str], most: int
    ) -> Answer:
        if place.secure:
            line = (self._trusted or _everybody_trusts()).wrap_socket(line, server_hostname=place.host)
        with closing(HTTPConnection(place.host, place.port)) as connection:
            connection.sock = line
            said = {"Host": place.name, "User-Agent": self._name, "Connection": "close", **headers}
            connection.request("POST", place.path, body, said)
            with connection.getresponse() as answer:
                read = answer.read(most + 1) if most else b""
        if len(read) > most:
            raise NoAnswer(f"the answer is longer than {most:,} bytes")
        return Answer(answer.status, read)


def _place_of(url: str) -> _Place:
    """Takes an address apart; raises NotAllowed for what is none, or says more than where to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    in_full = "Write the address in full, such as https://hooks.shop.example/parlour"
    if not url.strip():
        raise NotAllowed(f"The address is missing. {in_full}")
    if "@" in parts.netloc:
        raise NotAllowed("Leave name and password out of the address: whoever sees it would know them.")
    if len(url) > LONGEST_URL:
        raise NotAllowed(f"An address has at most {LONGEST_URL:,} characters.")
    if not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}') or not _HOST.fullmatch(host):
        raise NotAllowed(f"This is not an address. {in_full}")
    if parts.scheme not in _PORTS:
        raise NotAllowed(f"Only https:// addresses are called. {in_full}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = parts.netloc.lower()
    return _Place(parts.scheme == "https", host, port or _PORTS[parts.scheme], path, name)


def _plain(written: str) -> IPv4Address | IPv6Address:
    """Returns the address, and the IPv4 address where one is only written as IPv6."""
    address = ip_address(written.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    # An IPv4 address inside of an old tunnel's says nothing of where it comes out.
    return address in _OPEN and address.is_global and not (address.sixtofour or address.teredo)


def _connected(found: Sequence[Found], ends: float) -> socket.socket:
    """Returns a connection to the first of the addresses that takes one."""
    problem: OSError | None = None
    for family, kind, protocol, _, address in found:
        line = socket.socket(family, kind, protocol)
        line.settimeout(max(0.001, ends - monotonic()))
        try:
            line.connect(address)
        except OSError as refused:
            line.close()
            problem = refused
        else:
            return line
    raise NoAnswer(_in_words(problem))


@contextmanager
def _cut_off(line: socket.socket, ends: float) -> Iterator[Callable[[], bool]]:
    """Ends the connection at the deadline, however slowly bytes trickle in; yields whether it had to."""
    cut = False
    # The same connection under a second number: TLS takes the first one over.
    handle = line.dup()

    def end() -> None:
        nonlocal cut
        cut = True
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(0.001, ends - monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: cut
    finally:
        timer.cancel()
        handle.close()


@cache
def _everybody_trusts() -> ssl.SSLContext:
    return ssl.create_default_context()


def _in_words(problem: Exception | None) -> str:
    """Says what went wrong without a word of what the other side sent."""
    match problem:
        case ssl.SSLCertVerificationError():
            return "the certificate is not good"
        case ssl.SSLError():
            return "no secure connection"
        case TimeoutError():
            return _TOO_SLOW
        case ConnectionRefusedError():
            return "nobody listens there"
        case OSError():
            return "the connection broke"
        case _:
            return "the answer is not HTTP"
