"""Runs the application: gunicorn with one gevent worker, its background work, and an orderly end.

`parlour serve` patches the process for gevent before anything else is imported, so nothing here may be imported first.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import cycle
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from threading import Event as Signal
from time import monotonic
from typing import Any, NoReturn

import gevent
import structlog
from flask import Flask
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.ggevent import GeventWorker

from bot.actions.files import mentions
from bot.actions.server import ActionServer
from bot.database import Database
from flows.validating import VALIDATES
from web.app import Options, Parlour, create_app
from web.content import LOOK_EVERY
from web.hub import BEAT
from web.sockets.session import MOST, most_requests
from web.workshop import gevent_workshop

GOODBYE_TAKES = 8
"""Seconds a worker has to finish what it is doing."""
REQUESTS_TAKE = GOODBYE_TAKES - 1.0
"""Seconds a worker goes on answering what it was asked before."""
GOODBYES_TAKE = 1.0
"""Seconds it waits for clients to say goodbye too, or to hang up …"""
POLLERS_TAKE = 0.5
"""… and for the jobs in hand."""
LOOKS_AGAIN = 0.02
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
SPREAD = 5.0
"""Seconds over which clients come back after a restart."""
CHECK_SIGN_INS_EVERY = 2.0
FORGET_CALLS_EVERY = 3600.0
LOOK_AT_LINES_EVERY = 1.0
COLLECT_AFTER = 10_000
"""Objects made and not given back before cycles are looked for: a batch of turns on its way makes thousands."""

log = structlog.get_logger()


class Worker(GeventWorker):
    """A gevent worker that answers what it was asked, tells its sockets to come back, and is gone soon."""

    alive: bool
    _answering = 0
    """Requests that are being answered."""

    def run(self) -> None:
        """Serves until told to stop, then ends in good order."""
        told = Signal()
        # The loop's own signals: they wake it at once.
        self._signals = [gevent.signal_handler(number, told.set) for number in ENDING]
        servers = [self._server(each) for each in self.sockets]
        while self.alive and not told.wait(1.0):
            self.notify()
        self.alive = False
        for server in servers:
            server.close()
        parlour = getattr(self.app, "parlour", None)
        if parlour is not None:
            _say_goodbye(parlour)
        self._end(parlour, servers)

    def _server(self, listening: Any) -> StreamServer:
        listening.setblocking(1)
        requests = Pool(min(self.worker_connections, most_requests()))
        server = StreamServer(listening, handle=partial(self.handle, listening), spawn=requests)
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        return server

    def _end(self, parlour: Parlour | None, servers: list[StreamServer]) -> None:
        """Waits for requests to be answered, and a moment for goodbyes to be said back."""
        began = monotonic()

        def lasts() -> bool:
            lasted = monotonic() - began
            if self._answering:
                return lasted < REQUESTS_TAKE
            rest = len(parlour.sockets) if parlour else 0
            return lasted < GOODBYES_TAKE and bool(rest or any(len(server.pool) for server in servers))

        while lasts():
            self.notify()
            gevent.sleep(LOOKS_AGAIN)
        if parlour is not None:
            parlour.sockets.drop()
            gevent.joinall(self.app.pollers, timeout=POLLERS_TAKE)

    def handle_request(self, *asked: Any) -> Any:
        """Counts what is being answered."""
        self._answering += 1
        try:
            return super().handle_request(*asked)
        finally:
            self._answering -= 1


class Master(Arbiter):
    """The process that outlives its workers; so it also keeps the action server."""

    app: "Server"

    def manage_workers(self) -> None:
        """Comes about every second."""
        super().manage_workers()
        if self.app.actions is not None:
            self.app.actions.look()

    def handle_int(self) -> None:
        """Ends as in good order when it is told to from the keyboard."""
        self.handle_term()


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
        self.pollers: list[gevent.Greenlet] = []
        """What ends by itself once it is told to stop."""
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
            "worker_connections": MOST,
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
        _, allowed = getrlimit(RLIMIT_NOFILE)
        setrlimit(RLIMIT_NOFILE, (allowed, allowed))  # Each socket takes a descriptor.
        try:
            Master(self).run()
        except SystemExit as ended:  # Of the master, and in its child of the worker.
            _leave(ended)

    def load(self) -> Flask:
        """Makes the application and starts what runs beside it."""
        workshop = gevent_workshop(writes_block=Database(self._options.database).is_sqlite)
        app = create_app(self._options, workshop=workshop)
        self.parlour = app.extensions["parlour"]
        self._find_out_about_actions(self.parlour)
        self.pollers = start_background(self.parlour)
        _keep_for_good()
        return app

    def _find_out_about_actions(self, parlour: Parlour) -> None:
        """Waits for the action server only where an answer would otherwise miss its validator."""
        served = self._options.actions
        if served is not None and (served.status is None or mentions(self._options.site, VALIDATES)):
            parlour.actions.roster.wait()


def _leave(ended: SystemExit) -> NoReturn:
    """Ends the process without taking everything in it apart first, which takes longer than all that was left to do."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(ended.code if isinstance(ended.code, int) else int(ended.code is not None))


def _keep_for_good() -> None:
    """Spares the collector of cycles what lives as long as the process, and what only lives until the next commit."""
    gc.freeze()  # What is garbage by now is kept as well: looking for it takes longer than it is worth.
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    gc.enable()


def start_background(parlour: Parlour) -> list[gevent.Greenlet]:
    """Starts the pollers of jobs and calls, the look at the site's files, the heartbeats and the check of sign-ins.

    Returns the pollers.
    """
    pollers = [
        gevent.spawn(parlour.jobs.run, parlour.desk.job_handlers()),
        gevent.spawn(parlour.calls.run, parlour.call_handlers),
    ]
    gevent.spawn(_every, FORGET_CALLS_EVERY, lambda: parlour.workshop.run_blocking(parlour.calls.forget_old))
    if parlour.options.doors.socketio:
        gevent.spawn(_every, LOOK_AT_LINES_EVERY, parlour.lines.beat)
    gevent.spawn(_every, LOOK_EVERY, lambda: parlour.content.look_again(monotonic()))
    gevent.spawn(_beat_forever, parlour)
    gevent.spawn(_every, parlour.actions.roster.look_every, parlour.actions.roster.look)
    gevent.spawn(_every, CHECK_SIGN_INS_EVERY, lambda: parlour.hub.close_signed_out(parlour.accounts.valid_among))
    parlour.accounts.on_revoked(parlour.hub.close_revoked)
    return pollers


def _beat_forever(parlour: Parlour) -> None:
    """Beats for some of the connections each second, so that the load is even, and always for the same."""
    for turn in cycle(range(BEAT)):
        parlour.hub.beat([link for link in parlour.hub.links() if link.connection.number % BEAT == turn])
        gevent.sleep(1)


def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        gevent.sleep(seconds)
        try:
            work()
        except Exception:
            log.exception("background.failed")


def _say_goodbye(parlour: Parlour) -> None:
    parlour.stopping.set()
    parlour.jobs.stop()
    parlour.calls.stop()
    parlour.sockets.restart(spread=SPREAD)
    parlour.lines.restart()
