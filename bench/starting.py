"""Starts a server that is measured, ends it, and says whether a target was held."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUESTIONS = Path(__file__).parent / "site"
"""A site of one question."""
STARTS_WITHIN = 60.0

Process = subprocess.Popen[bytes]


def started(*arguments: str) -> Process:
    """Starts a Python program that says nothing, in a process group of its own."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, start_new_session=True, **quiet)  # type: ignore[call-overload,no-any-return]


def ended(server: Process) -> None:
    """Ends it and what it started."""
    if server.poll() is not None:
        return
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    """Runs it for as long as the block lasts."""
    server = started(*arguments)
    try:
        yield server
    finally:
        ended(server)


def product(folder: Path, port: int) -> tuple[str, ...]:
    """Returns what starts the product as it is, on the site of one question; what it keeps is in the folder."""
    site = folder / "site"
    if not site.exists():
        shutil.copytree(QUESTIONS, site)
    return "-m", "web.cli", "serve", str(site), "--port", str(port)


def wait_for(port: int, *, listening: bool = False) -> None:
    """Waits until it answers, or where there is nothing to ask, until it listens."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        try:
            if listening:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
            else:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"did not serve within {STARTS_WITHIN:g} s")


def told(says: str, value: float, at_most: float) -> int:
    """Prints what was measured against its target; returns 1 when it is missed, else 0."""
    missed = value > at_most
    print(f"{'MISSED' if missed else 'held  '}  {says}: {value:.2f} (at most {at_most:g})", flush=True)
    return int(missed)
