"""A throw-away Valkey or Redis server for the tests: its own port, nothing kept, gone at the end."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import valkey

from tests.server import wait_for

STARTS_WITHIN = 30


def program() -> str | None:
    """Returns the server program, or None without any."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yields the address of a running server."""
    server, port = program(), port or free_port()
    assert server is not None
    command = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"redis://127.0.0.1:{port}"
        with valkey.from_url(address) as client:
            wait_for(lambda: _answers(client), STARTS_WITHIN)
            assert _answers(client), f"{server} did not start within {STARTS_WITHIN} seconds"
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(client: valkey.Valkey) -> bool:
    try:
        return bool(client.ping())
    except valkey.ConnectionError:
        return False
