"""What goes on beside the requests: jobs and calls, looks at files, database and sign-ins, heartbeats, goodbyes."""

from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from time import monotonic

import gevent
import structlog
from sqlalchemy.exc import DBAPIError

from bot.leases import RENEW_EVERY
from bot.trouble import is_trouble
from handoff.presence import TOLD_EVERY
from handoff.relay import LOOK_EVERY as RELAY_LOOKS_EVERY
from web.content import LOOK_AT_POINTER_EVERY, LOOK_EVERY
from web.hub import BEAT
from web.measures import of_worker
from web.metrics import LEFT_EVERY, left_by
from web.parts import Parlour
from web.retaining import LOOK_EVERY as LOOK_FOR_OLD_EVERY
from web.retaining import sweep_when_due

SPREAD = 5.0
"""Seconds over which clients come back after a restart."""
CHECK_SIGN_INS_EVERY = 2.0
FORGET_VERSIONS_EVERY = 24 * 3600.0
LOOK_AT_LINES_EVERY = 1.0
LOOK_AT_LAG_EVERY = 0.5
RECLAIM_EVERY = 5.0
LOOK_AT_DATABASE_EVERY = 1.0
LOOK_AT_WAITING_EVERY = 1.0

log = structlog.get_logger()


def start_background(parlour: Parlour) -> list[gevent.Greenlet]:
    """Starts the pollers of jobs and calls, the looks at files, database and sign-ins, and the heartbeats.

    Returns the pollers.
    """
    pollers = [
        gevent.spawn(parlour.jobs.run, parlour.desk.job_handlers()),
        gevent.spawn(parlour.calls.run, parlour.call_handlers),
    ]
    gevent.spawn(_every, RENEW_EVERY, parlour.jobs.renew)
    gevent.spawn(_every, RENEW_EVERY, parlour.calls.renew)
    gevent.spawn(_every, LOOK_FOR_OLD_EVERY, lambda: sweep_when_due(parlour.retention, parlour.workshop.run_blocking))
    if parlour.options.doors.socketio:
        gevent.spawn(_every, LOOK_AT_LINES_EVERY, parlour.lines.beat)
    gevent.spawn(_every, LOOK_EVERY, lambda: parlour.content.look_again(monotonic()))
    gevent.spawn(_every, LOOK_AT_POINTER_EVERY, parlour.content.look_at_pointer)
    gevent.spawn(_every, FORGET_VERSIONS_EVERY, lambda: parlour.workshop.run_blocking(parlour.sites.forget_unused))
    gevent.spawn(_every, LOOK_AT_DATABASE_EVERY, lambda: _look_at_database(parlour))
    gevent.spawn(_every, LOOK_AT_WAITING_EVERY, parlour.journal.give_up)
    gevent.spawn(_beat_forever, parlour)
    gevent.spawn(_measure_lag, parlour)
    gevent.spawn(_every, TOLD_EVERY.total_seconds(), parlour.connections.tell)
    gevent.spawn(_every, RECLAIM_EVERY, parlour.desk.reclaim)
    if parlour.others is not None:
        parlour.others.meet(gevent.spawn)
        gevent.spawn(_every, RELAY_LOOKS_EVERY, parlour.others.look)
    gevent.spawn(_every, parlour.actions.roster.look_every, parlour.actions.roster.look)
    gevent.spawn(_every, CHECK_SIGN_INS_EVERY, lambda: parlour.hub.close_signed_out(parlour.accounts.valid_among))
    parlour.accounts.on_revoked(parlour.hub.close_revoked)
    return pollers


def leave_numbers(parlour: Parlour) -> None:
    """Leaves this worker's numbers for the others to tell, until it stops."""
    left = left_by(parlour)
    while not parlour.stopping.is_set():
        with suppress(OSError):  # A full disk is told by whoever needs it more.
            left.leave(of_worker(parlour))
        parlour.stopping.wait(LEFT_EVERY)
    left.take_away()


def say_goodbye(parlour: Parlour) -> None:
    """Lets nothing new begin, and tells clients to come back."""
    parlour.jobs.stop()
    parlour.calls.stop()
    parlour.sockets.restart(spread=SPREAD)
    parlour.lines.restart()


def _beat_forever(parlour: Parlour) -> None:
    """Beats for some of the connections each second, so that the load is even, and always for the same."""
    for turn in cycle(range(BEAT)):
        try:
            parlour.hub.beat([link for link in parlour.hub.links() if link.connection.number % BEAT == turn])
        except Exception:
            log.exception("background.failed")
        gevent.sleep(1)


def _measure_lag(parlour: Parlour) -> None:
    while True:
        began = monotonic()
        gevent.sleep(LOOK_AT_LAG_EVERY)
        parlour.lag.add(monotonic() - began - LOOK_AT_LAG_EVERY)


def _look_at_database(parlour: Parlour) -> None:
    """Finds out whether trouble is over, and whether this is another record: then everybody is to load it anew."""
    parlour.workshop.run_blocking(parlour.wellbeing.look_again)
    another = parlour.workshop.run_blocking(parlour.epoch.another)
    if another is not None:
        # In one go: nobody is to be told of the new record what is remembered of the old one.
        parlour.desk.forget_all()
        parlour.visits.forget_all()
        parlour.epoch.current = another
        log.warning("record.replaced")
        parlour.sockets.ask_back(spread=SPREAD)
        parlour.lines.restart()
        parlour.database.begin_anew()  # Last: until now nobody could write to a server that took over.


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        gevent.sleep(seconds)
        try:
            work()
        except Exception as problem:
            if not (isinstance(problem, DBAPIError) and is_trouble(problem)):
                log.exception("background.failed")
