"""The proxy does to a link what it is told, and nothing else."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.proxy import FaultProxy
from tests.server import wait_for

SENT = bytes(range(256)) * 20


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says back what it hears, and ends when the other side does."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(side: socket.socket) -> None:
        with side, suppress(OSError):
            while data := side.recv(65536):
                side.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[FaultProxy]:
    with FaultProxy(echo) as proxy:
        yield proxy


def heard(proxy: FaultProxy, sent: bytes = SENT, *, timeout: float = 30) -> tuple[bytes, str]:
    """Sends, and returns what came back and how it ended."""
    got = b""
    try:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout) as side:
            side.sendall(sent)
            while len(got) < len(sent):
                data = side.recv(65536)
                if not data:
                    return got, "ended"
                got += data
    except ConnectionResetError:
        return got, "reset"
    except TimeoutError:
        return got, "silence"
    return got, "whole"


def test_everything_passes_and_is_counted(proxy: FaultProxy):
    assert heard(proxy) == (SENT, "whole")
    wait_for(lambda: not proxy.links, 30)
    assert proxy.links == 0
    assert (proxy.accepted, proxy.bytes_up, proxy.bytes_down) == (1, len(SENT), len(SENT))


@pytest.mark.parametrize("after", [0, 1, 137, len(SENT) - 1])
def test_a_link_is_cut_after_exactly_so_many_bytes_down(proxy: FaultProxy, after: int):
    proxy.cut_down = after
    assert heard(proxy) == (SENT[:after], "reset")


@pytest.mark.parametrize("after", [0, 1, 137])
def test_a_link_is_cut_after_exactly_so_many_bytes_up(proxy: FaultProxy, after: int):
    proxy.cut_up = after
    got, ended = heard(proxy)
    assert SENT.startswith(got) and len(got) <= after
    assert ended == "reset"


def test_what_a_black_hole_took_comes_out_when_it_closes(proxy: FaultProxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.2) as side:
        proxy.mode = "blackhole"
        side.sendall(b"kept")
        with pytest.raises(TimeoutError):
            side.recv(4)
        proxy.mode = "pass"
        side.settimeout(30)
        assert side.recv(4) == b"kept"


def test_a_black_hole_tells_nobody_of_an_end(proxy: FaultProxy):
    side = socket.create_connection(("127.0.0.1", proxy.port), timeout=30)
    side.sendall(b"a")
    assert side.recv(1) == b"a"
    proxy.mode = "blackhole"
    side.close()
    assert heard(proxy, b"b", timeout=0.2) == (b"", "silence")
    wait_for(lambda: proxy.links == 2, 30)
    assert proxy.links == 2
    proxy.mode = "pass"
    wait_for(lambda: not proxy.links, 30)
    assert proxy.links == 0


def test_whoever_comes_is_refused_and_who_is_here_stays(proxy: FaultProxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as side:
        side.sendall(b"a")
        assert side.recv(1) == b"a"
        proxy.mode = "refuse"
        assert heard(proxy)[1] == "reset"
        side.sendall(b"b")
        assert side.recv(1) == b"b"


@pytest.mark.parametrize(("reset", "ended"), [(True, "reset"), (False, "ended")])
def test_every_link_is_ended_at_once(proxy: FaultProxy, reset: bool, ended: str):
    sides = [socket.create_connection(("127.0.0.1", proxy.port), timeout=30) for _ in range(3)]
    for side in sides:
        side.sendall(b"a")
        assert side.recv(1) == b"a"
    assert proxy.drop_all(reset=reset) == 3
    for side in sides:
        with side:
            if ended == "reset":
                with pytest.raises(ConnectionResetError):
                    side.recv(1)
            else:
                assert side.recv(1) == b""


def test_a_link_is_no_quicker_than_told(proxy: FaultProxy):
    proxy.rate, proxy.delay = 10_000, 0.1
    began = time.monotonic()
    assert heard(proxy) == (SENT, "whole")
    assert time.monotonic() - began > 0.2 + len(SENT) / 10_000 * 0.9


def test_nobody_listening_behind_it_is_a_cut_link(echo: int):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with FaultProxy(port) as proxy:
        assert heard(proxy)[1] == "reset"
