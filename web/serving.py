"""Runs the application: gunicorn with one gevent worker, its background work, and an orderly end.

`parlour serve` patches the process for gevent before anything else is imported, so nothing here may be imported first.
"""

import gc
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.ggevent import GeventWorker
from sqlalchemy.exc import DBAPIError

from bot.actions.files import mentions
from bot.actions.server import ActionServer
from bot.database import Database
from bot.trouble import is_trouble
from flows.validating import VALIDATES
from web.app import Options, Parlour, create_app
from web.content import LOOK_EVERY
from web.hub import BEAT
from web.workshop import gevent_workshop

MOST_CONNECTIONS = 20_000
GOODBYE_TAKES = 8
"""Seconds a worker has to finish what it is doing."""
SPREAD = 5.0
"""Seconds over which clients come back after a restart."""
CHECK_SIGN_INS_EVERY = 2.0
FORGET_CALLS_EVERY = 3600.0
LOOK_AT_LINES_EVERY = 1.0
LOOK_AT_DATABASE_EVERY = 1.0
COLLECT_AFTER = 10_000
"""Objects made and not given back before cycles are looked for: a batch of turns on its way makes thousands."""

log = structlog.get_logger()


class Worker(GeventWorker):
    """A gevent worker that tells its sockets to come back later when it is asked to stop."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        parlour = getattr(self.app, "parlour", None)
        if parlour is not None:
            gevent.spawn(_say_goodbye, parlour)
        super().handle_exit(sig, frame)


class Master(Arbiter):
    """The process that outlives its workers; so it also keeps the action server."""

    app: "Server"

    def manage_workers(self) -> None:
        """Comes about every second."""
        super().manage_workers()
        if self.app.actions is not None:
            self.app.actions.look()


class Server(BaseApplication):
    """Gunicorn with our settings; the application is made in the worker."""

    def __init__(
        self,
        options: Options,
        *,
        host: str,
        port: int,
        actions: ActionServer | None = None,
        ready: Callable[[], None] = lambda: None,
    ):
        self.parlour: Parlour | None = None
        self.actions = actions
        self._options = options
        self._address = f"{host}:{port}" if ":" not in host else f"[{host}]:{port}"
        self._ready = ready
        super().__init__()

    def load_config(self) -> None:
        """Says how gunicorn runs."""
        settings: dict[str, Any] = {
            "bind": self._address,
            "worker_class": "web.serving.Worker",
            "workers": 1,
            "worker_connections": MOST_CONNECTIONS,
            "graceful_timeout": GOODBYE_TAKES,
            "control_socket_disable": True,
            "limit_request_line": 8190,
            "loglevel": "warning",
            "post_worker_init": lambda _: self._ready(),
        }
        if self.actions is not None:
            settings["post_fork"] = lambda _, __: self.actions.let_go()
            settings["on_exit"] = lambda _: self.actions.stop()
        for name, value in settings.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serves until told to stop."""
        Master(self).run()

    def load(self) -> Flask:
        """Makes the application and starts what runs beside it."""
        workshop = gevent_workshop(writes_block=Database(self._options.database).is_sqlite)
        app = create_app(self._options, workshop=workshop)
        self.parlour = app.extensions["parlour"]
        self._find_out_about_actions(self.parlour)
        start_background(self.parlour)
        _keep_for_good()
        return app

    def _find_out_about_actions(self, parlour: Parlour) -> None:
        """Waits for the action server only where an answer would otherwise miss its validator."""
        served = self._options.actions
        if served is not None and (served.status is None or mentions(self._options.site, VALIDATES)):
            parlour.actions.roster.wait()


def _keep_for_good() -> None:
    """Spares the collector of cycles what lives as long as the process, and what only lives until the next commit."""
    gc.freeze()  # What is garbage by now is kept as well: looking for it takes longer than it is worth.
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    gc.enable()


def start_background(parlour: Parlour) -> None:
    """Starts the pollers of jobs and calls, the looks at files, database and sign-ins, and the heartbeats."""
    gevent.spawn(parlour.jobs.run, parlour.desk.job_handlers())
    gevent.spawn(parlour.calls.run, parlour.call_handlers)
    gevent.spawn(_every, FORGET_CALLS_EVERY, lambda: parlour.workshop.run_blocking(parlour.calls.forget_old))
    if parlour.options.doors.socketio:
        gevent.spawn(_every, LOOK_AT_LINES_EVERY, parlour.lines.beat)
    gevent.spawn(_every, LOOK_EVERY, lambda: parlour.content.look_again(monotonic()))
    gevent.spawn(_every, LOOK_AT_DATABASE_EVERY, lambda: _look_at_database(parlour))
    gevent.spawn(_beat_forever, parlour)
    gevent.spawn(_every, parlour.actions.roster.look_every, parlour.actions.roster.look)
    gevent.spawn(_every, CHECK_SIGN_INS_EVERY, lambda: parlour.hub.close_signed_out(parlour.accounts.valid_among))
    parlour.accounts.on_revoked(parlour.hub.close_revoked)


def _beat_forever(parlour: Parlour) -> None:
    """Beats for a slice of the connections each second, so that the load is even."""
    while True:
        links = parlour.hub.links()
        for slice_ in range(BEAT):
            parlour.hub.beat(links[slice_::BEAT])
            gevent.sleep(1)


def _look_at_database(parlour: Parlour) -> None:
    """Finds out whether trouble is over, and whether this is another record: then everybody is to load it anew."""
    parlour.workshop.run_blocking(parlour.wellbeing.look_again)
    if parlour.workshop.run_blocking(parlour.epoch.has_changed):
        log.warning("record.replaced")
        parlour.desk.forget_all()
        parlour.visits.forget_all()
        parlour.hub.restart(spread=SPREAD)
        parlour.lines.restart()


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        gevent.sleep(seconds)
        try:
            work()
        except Exception as problem:
            if not (isinstance(problem, DBAPIError) and is_trouble(problem)):  # Of trouble the database itself tells.
                log.exception("background.failed")


def _say_goodbye(parlour: Parlour) -> None:
    parlour.hub.restart(spread=SPREAD)
    parlour.lines.restart()
    parlour.jobs.stop()
    parlour.calls.stop()
