"""What a server of a fault test does otherwise: it never says "too often", waits less, and dies where told to.

`tests/prepared.py` calls `prepare` in the child, before the command runs; nothing of this is in the product.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

POINTS = (
    "before insert",
    "before commit",
    "after commit",
    "after announcement",
    "after acknowledgement",
    "after effect",
)
"""Where a worker can be told to die."""


LEASE = timedelta(seconds=3)
"""How long a job of the dead stays theirs."""

NAP = 0.05
"""Seconds between looks for calls to make; the real ones grow with the time a look takes."""

GRACE = timedelta(hours=1)
"""How long an agent may be gone: what becomes of those who stay away has tests of its own."""
RECLAIMS_EVERY = 0.5
"""Seconds between looks at who is gone, where they may not be gone for long."""


def prepare(*, crash_at: str | None = None, passes: int = 1, once: str = "", grace: float | None = None) -> None:
    """Takes away limits and waits that a test would run into; kills the worker the n-th time it `passes` a point.

    `once` names a file that is made then: whoever comes after the dead worker lives. `grace` is how many seconds an
    agent may be gone.
    """
    import bot.calls
    import bot.leases
    import handoff.presence
    import web.background
    import web.parts
    from web.limits import NO_LIMITS

    bot.leases.LEASE = LEASE
    bot.calls.LONGEST_NAP = NAP
    handoff.presence.GRACE = GRACE
    if grace is not None:
        handoff.presence.GRACE = timedelta(seconds=grace)
        web.background.RECLAIM_EVERY = RECLAIMS_EVERY

    fields = web.parts.Options.__dataclass_fields__
    defaults = {"rates": NO_LIMITS, "allowance": {"burst": 1_000_000, "per_second": 1_000_000.0}}
    begin: Callable[..., None] = web.parts.Options.__init__

    def begun(self: Any, *args: Any, **named: Any) -> None:
        begin(self, *args, **{**defaults, **named})

    assert defaults.keys() <= fields.keys()
    web.parts.Options.__init__ = begun  # type: ignore[method-assign]
    if crash_at:
        _arm(crash_at, _Fuse(passes, Path(once)))


class _Fuse:
    def __init__(self, passes: int, once: Path):
        self._left = passes
        self._once = once

    def passes(self) -> None:
        self._left -= 1
        if self._left > 0:
            return
        try:
            self._once.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def _arm(point: str, fuse: _Fuse) -> None:
    import bot.journal
    from bot.journal import Journal
    from handoff.announcements import Announcements
    from web.deliveries import Deliveries
    from web.sockets.visitor import VisitorLink

    owner, name, before = {
        "before insert": (bot.journal, "_apply", True),
        "before commit": (bot.journal, "_apply", False),
        "after commit": (Journal, "_write", False),
        "after announcement": (Announcements, "announce", False),
        "after acknowledgement": (VisitorLink, "answer", False),
        "after effect": (Deliveries, "deliver", False),
    }[point]
    act: Callable[..., Any] = getattr(owner, name)

    def mined(*args: Any, **named: Any) -> Any:
        if before:
            fuse.passes()
        done = act(*args, **named)
        if not before:
            fuse.passes()
        return done

    setattr(owner, name, mined)
