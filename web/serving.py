"""Runs the application: gunicorn with gevent workers, and an orderly end. What goes on beside is `background.py`.

`parlour serve` patches the process for gevent before anything else is imported, so nothing here may be imported first.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from threading import Event as Signal
from time import monotonic
from typing import Any, NoReturn

import gevent
import structlog
from flask import Flask
from gevent.hub import Hub
from gevent.server import StreamServer
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

from bot.actions.files import mentions
from bot.actions.server import ActionServer
from bot.database import Database
from bot.ids import new_id
from bot.logs import tell_unforeseen
from flows.validating import VALIDATES
from web import unread
from web.app import create_app
from web.background import leave_numbers, say_goodbye, start_background
from web.errors import Refusal
from web.limits import counted_as
from web.parts import Options, Parlour
from web.places import InTime, Places
from web.sockets.open import MOST, most_requests
from web.tracing import tracing
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
LAST_WORDS_TAKE = 1.0
COLLECT_AFTER = 10_000
"""Objects made and not given back before cycles are looked for: a batch of turns on its way makes thousands."""

log = structlog.get_logger()

ACCEPTED_AT_ONCE = 3
"""New connections that are taken before the open ones have their turn again, lest a crowd that comes back keeps them
waiting: it is back later, and nobody waits for two seconds."""


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
        self._places = self._make_places()
        servers = [self._server(each) for each in self.sockets]
        while self.alive and not told.wait(1.0):
            self.notify()
        self.alive = False
        parlour = getattr(self.app, "parlour", None)
        if parlour is not None:
            parlour.stopping.set()
        for server in servers:
            server.close()
        if parlour is not None:
            say_goodbye(parlour)
        self._end(parlour, servers)

    def _make_places(self) -> Places:
        most = min(self.worker_connections, most_requests())
        # Behind proxies all connections come from them, and they do not let bodies trickle in.
        places = Places(most, most_of_address=None if self.app.is_behind_proxies else most * 3 // 4)
        if self.app.parlour is not None:
            self.app.parlour.sockets.step_aside = places.aside
        return places

    def _server(self, listening: Any) -> StreamServer:
        listening.setblocking(1)
        server = StreamServer(listening, handle=partial(self.handle, listening), spawn=self._places.pool)
        server.max_accept = 1 if self.cfg.workers > 1 else ACCEPTED_AT_ONCE
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
            if parlour.others is not None:
                parlour.others.stop()  # Last: until now something may have been committed.

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Answers a connection, unless its address has most of the places."""
        answer = partial(super().handle, listener, client, addr)
        self._places.serve(
            counted_as(addr[0]), answer, partial(_refuse, client, HTTPStatus.TOO_MANY_REQUESTS, Retry_After="2")
        )

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Counts what is being answered, and waits for its body only so long."""
        req.body.reader = InTime(req.body.reader)
        if self._places.are_scarce:
            req.force_close()
        self._answering += 1
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            self._answering -= 1

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Tells what is wrong with what no request can be made of, in the way all our answers do."""
        if isinstance(exc, Refusal):
            return  # What is left of a body cannot be read: its request has been answered already.
        status = unread.status_of(exc)
        if status >= 500:
            self.log.exception("request.failed", exc_info=exc)
        else:
            self.log.warning("request.malformed")
        _refuse(client, status)


def _refuse(client: Any, status: HTTPStatus, **head: str) -> None:
    with suppress(OSError):
        write_nonblock(client, unread.answer(status, **head))


class ServerLog(Logger):
    """Gunicorn's words as lines of our log, and without the addresses asked for: they may hold what people wrote."""

    def setup(self, cfg: Any) -> None:
        """Leaves writing to the log of us all."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Leaves out what was asked for."""
        super().exception(str(msg).partition(" %")[0], **kwargs)


class Master(Arbiter):
    """The process that outlives its workers; so it also keeps the action server."""

    app: "Server"

    def manage_workers(self) -> None:
        """Comes about every second."""
        super().manage_workers()
        if self.app.actions is not None:
            try:
                self.app.actions.look()
            except Exception:  # Whoever it serves goes on without it.
                log.exception("background.failed")

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
        workers: int = 1,
        actions: ActionServer | None = None,
        ready: Callable[[], None] = lambda: None,
    ):
        self.parlour: Parlour | None = None
        self.pollers: list[gevent.Greenlet] = []
        """What ends by itself once it is told to stop."""
        self.actions = actions
        self._options = options
        self._workers = workers
        self._address = f"{host}:{port}" if ":" not in host else f"[{host}]:{port}"
        self._ready = ready
        self._send_last_spans: Callable[[], None] = lambda: None
        super().__init__()

    def load_config(self) -> None:
        """Says how gunicorn runs."""
        settings: dict[str, Any] = {
            "bind": self._address,
            "worker_class": "web.serving.Worker",
            "workers": self._workers,
            "worker_connections": MOST,
            "graceful_timeout": GOODBYE_TAKES,
            "control_socket_disable": True,
            # Whom to believe about where a request comes from, `--trusted-proxies` says alone (`web/limits.py`).
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "secure_scheme_headers": {},
            "limit_request_line": 8190,
            "logger_class": "web.serving.ServerLog",
            "loglevel": "warning",
            "post_worker_init": lambda worker: self._ready() if worker.age == 1 else None,
            "worker_exit": lambda _, __: self._say_last_words(),
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

    @property
    def is_behind_proxies(self) -> bool:
        """Returns whether connections come from proxies that are trusted to say where from they are."""
        return self._options.proxies > 0

    def load(self) -> Flask:
        """Makes the application and starts what runs beside it."""
        Hub.print_exception = lambda _, __, *problem: tell_unforeseen(*problem)
        workshop = gevent_workshop(writes_block=Database(self._options.database).is_sqlite)
        worker = new_id()
        spans, self._send_last_spans = tracing(os.environ, worker=worker)
        app = create_app(self._options, workshop=workshop, spans=spans, worker=worker)
        self.parlour = app.extensions["parlour"]
        self._find_out_about_actions(self.parlour)
        self.pollers = start_background(self.parlour)
        if self.cfg.workers > 1:
            gevent.spawn(leave_numbers, self.parlour)
        _keep_for_good()
        return app

    def _say_last_words(self) -> None:
        with gevent.Timeout(LAST_WORDS_TAKE, False):  # Whoever takes spans may be away.
            self._send_last_spans()

    def _find_out_about_actions(self, parlour: Parlour) -> None:
        """Waits for the action server only where an answer would otherwise miss its validator."""
        served = self._options.actions
        if served is not None and (served.status is None or mentions(self._options.site, VALIDATES)):
            parlour.actions.roster.wait()


def _leave(ended: SystemExit) -> NoReturn:
    """Ends the process without taking everything in it apart first, which takes longer than all that was left to do."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # A full disk, or a reader who is gone.
            stream.flush()
    os._exit(ended.code if isinstance(ended.code, int) else int(ended.code is not None))


def _keep_for_good() -> None:
    """Spares the collector of cycles what lives as long as the process, and what only lives until the next commit."""
    gc.freeze()  # What is garbage by now is kept as well: looking for it takes longer than it is worth.
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    gc.enable()
