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

    in_one_of, in_the_one = partial(_in_thread, ThreadPool(4)), partial(_in_thread, ThreadPool(1))
    return Workshop(
        spawn=gevent.spawn,
        run_blocking=partial(in_one_of, gevent.sleep),
        run_writing=partial(in_the_one, gevent.sleep) if writes_block else blocking.at_once,
        later=gevent.spawn_later,
    )


def _in_thread(pool: Any, let_go: Callable[[], Any], function: Callable[..., Any], *args: Any) -> Any:
    result, problem = pool.apply(_result_of, (let_go, function, args))
    if problem is not None:
        raise problem
    return result


def _result_of(
    let_go: Callable[[], Any], function: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[Any, BaseException | None]:
    # What is raised in a thread of gevent's it prints, with all that was to be stored; whoever waits decides about it.
    try:
        return function(*args), None
    except BaseException as problem:
        return None, problem
    finally:
        # Who waits elsewhere for a lock that was let go here is told by this thread's loop, which runs only now.
        let_go()
