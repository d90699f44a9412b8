"""Keeps an action server running for a site's `actions/` folder: started, watched, replaced when files change.

    server = ActionServer(site, data / "actions.json", clock=monotonic, sleep=sleep, log=log.warning)
    server.look()     # again and again, from the one process that outlives the others
    server.stop()

It listens on a free port of loopback all the time and hands the socket to whichever process serves, so that a call that
comes while one is replaced waits for the next. A file that cannot be loaded never replaces one that could: as long as
another runs, a process takes no call before it is told to.
"""

import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.actions.client import Address, address_of
from bot.actions.files import action_files, has_actions
from bot.actions.program import SECRET
from bot.actions.roster import Status, write_status
from bot.site.watching import SETTLE_SECONDS, Seen, seen_now

LOADS_WITHIN = 30.0
"""Seconds until a server that has not said what it found is given up."""
ENDS_WITHIN = 5.0
FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 30.0
IS_WELL_AFTER = 60.0
"""Seconds of running after which earlier ends are forgotten."""
_KEPT_FROM_ACTIONS = "PARLOUR_"
"""How variables begin that are meant for Parlour itself: addresses with passwords and tokens, which no action needs."""

Log = Callable[..., Any]


@dataclass
class _Process:
    """One process of ours, from its start to its end."""

    pid: int
    line: int
    """Where it says what it found, and hears that it may serve."""
    started_at: float
    said: bytes = b""
    status: Status | None = None
    """What it found, once it has said so."""
    ends_by: float | None = None
    ended: bool = False


@dataclass
class ActionServer:
    """The one action server of this computer's Parlour; `look` and `stop` belong to the process that made it."""

    site: Path
    status: Path
    """The file that tells other processes what `look` found."""
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    log: Log
    _running: _Process | None = None
    _next: _Process | None = None
    _leaving: list[_Process] = field(default_factory=list)
    _seen: Seen = field(default_factory=dict)
    _seen_at: float = float("-inf")
    _tried: Seen | None = None
    """The files that were loaded last, whether they could be or not."""
    _ends: int = 0
    """How often it ended by itself, in a row."""
    _not_before: float = 0.0
    _untold: Status | None = None
    """What could not be written for the others, a disk being full."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._secret = secrets.token_urlsafe(24)
        self._alive, self._alive_here = os.pipe()
        self._tell(Status("starting" if has_actions(self.site) else "none"))

    @property
    def address(self) -> Address:
        """Returns where its actions are called."""
        port = self._listener.getsockname()[1]
        return replace(address_of(f"http://127.0.0.1:{port}/webhook"), secret=self._secret)

    def look(self) -> None:
        """Does what has become necessary: starts, takes over, replaces, ends. Never waits."""
        if self._untold is not None:
            self._tell(self._untold)
        now = self.clock()
        files = seen_now(action_files(self.site))
        if files != self._seen:
            self._seen, self._seen_at = files, now
        self._see_off(now)
        self._hear(now)
        if not files:
            self._rest(now)
        elif self._next is None and self._is_due(now):
            self._next = self._start(now)
            self._tried = files

    def _is_due(self, now: float) -> bool:
        at_rest = self._tried is None or now - self._seen_at >= SETTLE_SECONDS
        if self._seen != self._tried:
            return at_rest
        return self._running is None and now >= self._not_before

    def stop(self) -> None:
        """Ends everything that was started, and waits for it."""
        for process in self._all():
            _signal(process, signal.SIGTERM)
        deadline = self.clock() + ENDS_WITHIN
        while any(not _has_ended(process) for process in self._all()):
            if self.clock() > deadline:
                for process in self._all():
                    _signal(process, signal.SIGKILL)
                    _wait_for(process)
                break
            self.sleep(0.02)
        self._running, self._next, self._leaving = None, None, []
        self._listener.close()

    def let_go(self) -> None:
        """Closes what a forked process would otherwise keep open for a parent that is gone."""
        os.close(self._alive_here)
        self._listener.close()

    def _all(self) -> list[_Process]:
        return [each for each in (self._running, self._next, *self._leaving) if each is not None]

    def _start(self, now: float) -> _Process:
        line, line_there = (side.detach() for side in socket.socketpair())
        os.set_blocking(line, False)
        os.set_blocking(line_there, True)  # Where the server's loop has patched sockets, neither end blocks.
        listener = self._listener.fileno()
        given = [str(self.site.resolve()), "--report", str(line_there), "--listen", str(listener)]
        given += ["--parent", str(self._alive), "--of", str(os.getpid())]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_FROM_ACTIONS)}
        handed = (line_there, listener, self._alive)
        try:
            for each in handed:
                os.set_inheritable(each, True)
            # Not `subprocess`: the server has replaced it by one whose children only its own loop can look after.
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-m", "bot.actions.program", *given],
                {**environment, SECRET: self._secret},
                setpgroup=0,
            )
        finally:
            for each in handed:
                os.set_inheritable(each, False)
            os.close(line_there)
        process = _Process(pid, line, now)
        if self._running is None:
            _let_serve(process)  # Whatever it finds, it is better than nothing.
        return process

    def _see_off(self, now: float) -> None:
        """Ends for good what was asked to end, and notices what ended by itself."""
        for process in self._leaving:
            if not _has_ended(process) and process.ends_by is not None and now > process.ends_by:
                _signal(process, signal.SIGKILL)
        self._leaving = [process for process in self._leaving if not process.ended]
        if self._running is not None and _has_ended(self._running):
            well = now - self._running.started_at > IS_WELL_AFTER
            self._running = None
            self._ended_by_itself(now, after_well=well)

    def _hear(self, now: float) -> None:
        """Takes over the next process once it has said what it found, or gives it up."""
        process = self._next
        if process is None:
            return
        _read_report(process)
        if process.status is not None:
            self._next = None
            self._take_over(process, process.status, now)
        elif _has_ended(process) or now - process.started_at > LOADS_WITHIN:
            self._next = None
            self._leave(process, now)
            self._ended_by_itself(now, after_well=False)

    def _take_over(self, process: _Process, found: Status, now: float) -> None:
        for problem in found.problems:
            self.log("actions.broken_file", file=problem.file, line=problem.line, problem=problem.words)
        if found.problems and self._running is not None:
            self._leave(process, now)
            self.log("actions.kept", why="the actions that ran before go on running until the files are mended")
            self._tell(Status("running", self._running_actions(), found.problems))
            return
        if self._running is not None:
            self._leave(self._running, now)
        _let_serve(process)
        _close(process)
        self._running = process
        self._tell(found)

    def _running_actions(self) -> Mapping[str, tuple[str, int]]:
        running = self._running
        return running.status.actions if running and running.status else {}

    def _ended_by_itself(self, now: float, *, after_well: bool) -> None:
        self._ends = 1 if after_well else self._ends + 1
        wait = min(FIRST_BACK_OFF * 2 ** (self._ends - 1), LONGEST_BACK_OFF)
        self._not_before = now + wait
        self.log("actions.ended", why="the action server ended by itself", again_in=wait)
        if self._running is None:
            self._tell(Status("down"))

    def _rest(self, now: float) -> None:
        if self._running is None and self._next is None:
            return
        for process in (self._running, self._next):
            if process is not None:
                self._leave(process, now)
        self._running, self._next, self._tried = None, None, None
        self._tell(Status("none"))

    def _tell(self, status: Status) -> None:
        """Tells the others, at the next look if it cannot be written now."""
        try:
            write_status(self.status, status)
        except OSError as problem:
            if self._untold is None:
                self.log("actions.untold", file=str(self.status), why=problem.strerror)
            self._untold = status
        else:
            self._untold = None

    def _leave(self, process: _Process, now: float) -> None:
        _signal(process, signal.SIGTERM)
        _close(process)
        process.ends_by = now + ENDS_WITHIN
        self._leaving.append(process)


def _read_report(process: _Process) -> None:
    with suppress(OSError):  # Up to where there is no more yet.
        while piece := os.read(process.line, 65536):
            process.said += piece
    if process.said.endswith(b"\n"):
        process.status = Status.reported(json.loads(process.said))


def _has_ended(process: _Process) -> bool:
    """Returns whether a process is gone, whoever took note of its end first."""
    if not process.ended:
        try:
            pid, _ = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:
            pid = process.pid
        process.ended = pid == process.pid
        if process.ended:
            _close(process)
    return process.ended


def _wait_for(process: _Process) -> None:
    with suppress(ChildProcessError):
        os.waitpid(process.pid, 0)
    process.ended = True


def _signal(process: _Process, number: int) -> None:
    if process.ended:
        return
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _let_serve(process: _Process) -> None:
    with suppress(OSError):  # It may have ended, or have heard it before.
        os.write(process.line, b"\n")


def _close(process: _Process) -> None:
    if process.line >= 0:
        os.close(process.line)
        process.line = -1
