"""How often anybody may ask, and how much they may hold: per visitor, address and site; and whose address it is."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from ipaddress import IPv6Address, ip_address

from flask import Flask, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.middleware.proxy_fix import ProxyFix

from web.errors import TooMany


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each thing may happen, several rates separated by `;`, and how much may be open; None for no limit.

    Addresses may stand for a whole office, so they get more than a visitor.
    """

    page: str | None = "600/minute"
    """Any request, per address."""
    view: str | None = "120/minute"
    """Page views, showings and the like, per visitor."""
    view_site: str | None = "30000/minute"
    """The same, for everybody together."""
    send: str | None = "60/minute;20/10seconds"
    """Messages, per visitor."""
    send_address: str | None = "600/minute"
    """Messages, per address."""
    socket: str | None = "600/minute"
    """Sockets opened, per address."""
    sockets_of_address: int | None = 500
    """Sockets open at once, per address …"""
    sockets_of_visitor: int | None = 20
    """… and per visitor."""
    sign_in: str | None = "30/10minutes;100/hour"
    """Sign-ins tried, per address."""
    sign_in_pair: str | None = "6/5minutes"
    """Sign-ins that failed, per name and address together."""
    sign_in_name: str | None = "10/5minutes"
    """Sign-ins that failed, per name from anywhere: beyond it they are slowed, never refused."""

    webhook: str | None = "30/minute"
    """Changes and tests of webhooks, per admin."""
    record: str | None = "30/minute"
    """Records of people looked at, exported or erased, per admin."""


FEW = 1000
"""Allowances that are kept without looking whether they still matter."""

NO_LIMITS = Rates(**{field.name: None for field in fields(Rates)})

_WITH_PORT = re.compile(r"(\d+(?:\.\d+){3}|\[[^\]]+\]):\d+\Z")


class Limits:
    """Counts what happens and says when it is too much; the counts live in this process."""

    def __init__(self, rates: Rates | None = None):
        rates = rates or Rates()
        texts = {field.name: getattr(rates, field.name) for field in fields(Rates)}
        self._items = {name: _items(text) for name, text in texts.items() if not isinstance(text, int)}
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    def take(self, kind: str, *who: str) -> None:
        """Counts one more of this kind by this one; raises TooMany when it is one too many."""
        for item in self._items[kind]:
            if not self._counts.hit(item, kind, *who):
                raise TooMany(self._wait(item, kind, *who))

    def count(self, kind: str, *who: str) -> None:
        """Counts one more without refusing."""
        for item in self._items[kind]:
            self._counts.hit(item, kind, *who)

    def give_back(self, kind: str, *who: str) -> None:
        """Counts one less: it was not what is limited."""
        for item in self._items[kind]:
            self._counts.hit(item, kind, *who, cost=-1)

    def is_over(self, kind: str, *who: str) -> bool:
        """Says whether the next one of this kind would be too many, without counting one."""
        return any(not self._counts.test(item, kind, *who) for item in self._items[kind])

    def _wait(self, item: RateLimitItem, kind: str, *who: str) -> int:
        return math.ceil(self._counts.get_window_stats(item, kind, *who).reset_time - time.time())


class AtOnce:
    """What each holds at the same time, up to a bound; None for no bound."""

    def __init__(self, most: int | None):
        self._most = most
        self._held: Counter[str] = Counter()

    def is_full(self, who: str) -> bool:
        """Says whether one more would be too many."""
        return self._most is not None and self._held[who] >= self._most

    def take(self, who: str) -> None:
        """Counts one more."""
        self._held[who] += 1

    def give_back(self, who: str) -> None:
        """Counts one less, and forgets who holds nothing."""
        self._held[who] -= 1
        if not self._held[who]:
            del self._held[who]


class Allowance:
    """What somebody may still send: `burst` at once, refilled at `per_second`; costs next to nothing a frame."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, burst: int, per_second: float, now: float):
        self._burst, self._per_second = burst, per_second
        self._left, self._at = float(burst), now

    def take(self, now: float) -> bool:
        """Says whether one more may be sent now (monotonic seconds), and counts it."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_whole(self, now: float) -> bool:
        """Says whether nothing of it is spent any more."""
        return self._left + (now - self._at) * self._per_second >= self._burst


class Allowances:
    """What each visitor or agent may still send, over all their sockets and requests together."""

    def __init__(self, burst: int, per_second: float, *, clock: Callable[[], float] = time.monotonic):
        self._burst, self._per_second = burst, per_second
        self._clock = clock
        self._of: dict[str, Allowance] = {}
        self._look_at = FEW

    def take(self, who: str) -> bool:
        """Says whether they may send one more frame now, and counts it."""
        now = self._clock()
        allowance = self._of.get(who)
        if allowance is None:
            self._forget_whole(now)
            allowance = self._of[who] = Allowance(self._burst, self._per_second, now)
        return allowance.take(now)

    def spend(self, who: str) -> None:
        """Counts one more frame; raises TooMany when it is one too many."""
        if not self.take(who):
            raise TooMany(math.ceil(1 / self._per_second))

    def __len__(self) -> int:
        return len(self._of)

    def _forget_whole(self, now: float) -> None:
        """One that is whole again is as good as a new one; looked for seldom, so that nobody pays for all others."""
        if len(self._of) >= self._look_at:
            self._of = {who: allowance for who, allowance in self._of.items() if not allowance.is_whole(now)}
            self._look_at = max(FEW, 2 * len(self._of))


def trust_proxies(app: Flask, hops: int) -> None:
    """Believes the X-Forwarded headers of this many proxies in front of us, counted from ours, and of none beyond."""
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def address_of(request: Request) -> str:
    """Returns the address that limits count a request by."""
    return counted_as(request.remote_addr or "")


def counted_as(given: str) -> str:
    """Returns what limits count an address by: itself, or the /64 network an IPv6 address belongs to.

    Some proxies write the port as well; whatever is no address counts as one.
    """
    bare = _WITH_PORT.sub(r"\1", given).strip("[]").partition("%")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def _items(rate: str | None) -> list[RateLimitItem]:
    return [parse(part.strip()) for part in rate.split(";")] if rate else []
