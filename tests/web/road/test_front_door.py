"""What is believed and told before anything is a request of the application (S44, S48, S51)."""

import json
import shutil
import socket
from collections.abc import Iterator

import pytest

from tests.server import Server, running
from tests.web.road.conftest import HARBOUR


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("door")
    shutil.copytree(HARBOUR, folder / "site")
    yield from running(Server(folder / "site", f"sqlite:///{folder}/parlour.db"))


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("proxied")
    shutil.copytree(HARBOUR, folder / "site")
    yield from running(Server(folder / "site", f"sqlite:///{folder}/parlour.db", options=("--trusted-proxies", "1")))


def said_to(server: Server, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Sends these bytes and returns status, head and body of what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return int(status.split(" ")[1]), dict(each.split(": ", 1) for each in lines), body


OUTSIDE = {"Host": "chat.shop.example", "X-Forwarded-For": "198.51.100.7"}


@pytest.mark.parametrize(
    "claim", [{"X-Forwarded-Proto": "https"}, {"X-Forwarded-Protocol": "ssl"}, {"X-Forwarded-Ssl": "on"}]
)
def test_without_trusted_proxies_nobody_is_believed_to_have_come_over_https(server: Server, claim: dict[str, str]):
    answer = server.get("/panel/login", **OUTSIDE, **claim)
    assert answer.status == 403
    assert b"--trusted-proxies 1" in answer.body


def test_a_trusted_proxy_is(behind_a_proxy: Server):
    assert behind_a_proxy.get("/panel/login", **OUTSIDE, X_Forwarded_Proto="http").status == 403
    answer = behind_a_proxy.get("/panel/login", **OUTSIDE, X_Forwarded_Proto="https")
    assert answer.status == 200
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"SCRIPT-NAME"])
@pytest.mark.parametrize("claimed", [b"/public", b"/elsewhere"])
def test_nobody_can_say_under_which_path_we_are_served(server: Server, name: bytes, claimed: bytes):
    asked = b"GET /public/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s: %s\r\n\r\n" % (name, claimed)
    status, _, body = said_to(server, asked)
    assert status == 404
    assert claimed not in body


def test_nobody_can_say_another_path_than_the_one_they_ask_for(server: Server):
    asked = b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nPATH_INFO: /health\r\n\r\n"
    assert said_to(server, asked)[0] == 404


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense<script>\r\n\r\n", 400, "malformed"),
        (b"GET /<script> HTTP/9.9\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nno colon<script>\r\n\r\n", 400, "malformed"),
        (b"GET /<script>" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "too_large"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431, "too_large"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: <script>\r\n\r\n", 417, "refused"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: <script>\r\n\r\n", 501, "internal"),
    ],
    ids=["no request", "version", "header", "long address", "many headers", "expectation", "coding"],
)
def test_what_is_no_request_is_answered_like_everything_else(server: Server, sent: bytes, status: int, code: str):
    told, head, body = said_to(server, sent)
    assert told == status
    assert json.loads(body)["error"]["code"] == code
    assert b"<script>" not in body
    assert head["Content-Security-Policy"].startswith("default-src 'none'")
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Cache-Control"] == "no-store"


def opened(server: Server, host: bytes) -> bytes:
    """Asks for a visitor's socket under this name and returns the status of what comes back."""
    lines = [
        b"GET /widget/socket HTTP/1.1",
        b"Host: " + host,
        b"Origin: http://localhost",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Protocol: chat.v1, tok." + server.view()["token"].encode(),
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(b"\r\n".join([*lines, b"", b""]))
        return line.recv(65536).split(b" ", 2)[1]


@pytest.mark.parametrize("host", [b"xn--strae-oqa.example", b"xn--a", b"chat.example:8443", b"[::1]"])
def test_a_socket_opens_under_every_name_the_server_may_have(server: Server, host: bytes):
    """Also under `straße.example`, which is a name of its own only since IDNA 2008."""
    assert opened(server, host) == b"101"


@pytest.mark.parametrize("host", ["straße.example".encode(), b"\xff", "１２７.0.0.1".encode()], ids=ascii)
def test_a_socket_is_refused_under_what_is_no_name(server: Server, host: bytes):
    assert opened(server, host) == b"400"
