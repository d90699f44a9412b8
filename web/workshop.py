"""The tools of the server loop: beside, blocking, later. Gevent's under `parlour serve`, plain ones in tests."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot import blocking


@dataclass(frozen=True, slots=True)
class Workshop:
    """How work is done besides answering a request."""

    spawn: Callable[..., Any] | None
    """Runs a function beside the others; None: there is no loop, everything is done at once."""
    run_blocking: Callable[..., Any]
    """Runs a function that would hold up the loop, and returns its result."""
    run_writing: Callable[..., Any]
    """The same, always on the one thread that writes the record."""
    later: Callable[[float, Callable[[], None]], Any]
    """Runs a function after some seconds."""


def at_once() -> Workshop:
    """Returns a workshop without a loop: for tests and for commands."""
    return Workshop(
        spawn=None,
        run_blocking=blocking.at_once,
        run_writing=blocking.at_once,
        later=lambda _, function: function(),
    )


def gevent_workshop(*, writes_block: bool) -> Workshop:
    """Returns the workshop of a gevent worker; `writes_block`: the database's driver holds up the loop (SQLite)."""
    import gevent
    from gevent.threadpool import ThreadPool

    reading, writing = ThreadPool(4), ThreadPool(1)
    return Workshop(
        spawn=gevent.spawn,
        run_blocking=partial(_in_thread, reading),
        run_writing=partial(_in_thread, writing) if writes_block else blocking.at_once,
        later=gevent.spawn_later,
    )


def _in_thread(pool: Any, function: Callable[..., Any], *args: Any) -> Any:
    result, problem = pool.apply(_result_of, (function, args))
    if problem is not None:
        raise problem
    return result


def _result_of(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    # What is raised in a thread of gevent's it prints, with all that was to be stored; whoever waits decides about it.
    try:
        return function(*args), None
    except BaseException as problem:
        return None, problem
