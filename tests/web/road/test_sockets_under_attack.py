"""What reaches a socket from no client of ours: closed with the right number, and nobody else is hurt."""

import base64
import json
import os
import shutil
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.server import Server, VisitorLine, rates, running, wait_for
from tests.web.road.conftest import HARBOUR

pytestmark = pytest.mark.fault("F7")

GUESSES = ["0", '"0"', "[]", "true", "1e0", "null", "1.5", '{"a":1}']


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("attacked")
    site = folder / "site"
    shutil.copytree(HARBOUR, site)
    tuned = rates(send="20/hour")  # However long one is about it.
    yield from running(Server(site, f"sqlite:///{folder}/parlour.db", tuned=tuned))


class Raw:
    """A socket after the handshake, without any help."""

    def __init__(
        self,
        server: Server,
        path: str = "/widget/socket",
        *,
        token: str | None = None,
        comes_from: str = "127.0.0.1",
        **headers: str,
    ):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(comes_from, 0))
        offered = f"chat.v1, tok.{token}" if token else "chat.v1"
        lines = {
            "Host": f"127.0.0.1:{server.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": offered,
            "Origin": server.address,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            got = self.socket.recv(4096)
            assert got, "closed during the handshake"
            self.buffer += got
        head_bytes, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.status = int(head_bytes.split(b" ")[1])
        self.head = head_bytes.decode("latin-1")

    def frame(self, opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, rsv: int = 0) -> None:
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        length = len(payload)
        mask = 0x80 if masked else 0
        if length < 126:
            head = struct.pack("!BB", first, mask | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, mask | 126, length)
        else:
            head = struct.pack("!BBQ", first, mask | 127, length)
        key = b"\x01\x02\x03\x04"
        body = bytes(byte ^ key[n % 4] for n, byte in enumerate(payload)) if masked else payload
        try:
            self.socket.sendall(head + (key if masked else b"") + body)
        except OSError:
            return  # The server has closed already, which is what the test asks next.

    def close_code(self) -> int | None:
        """Reads until the close frame, or until the line ends."""
        data = self.buffer
        while True:
            while len(data) >= 2:
                length, start = data[1] & 0x7F, 2
                if length == 126:
                    length, start = struct.unpack("!H", data[2:4])[0], 4
                if len(data) < start + length:
                    break
                if data[0] & 0x0F == 8:
                    return struct.unpack("!H", data[start : start + 2])[0] if length >= 2 else None
                data = data[start + length :]
            try:
                got = self.socket.recv(65536)
            except OSError:
                return None
            if not got:
                return None
            data += got


@pytest.fixture
def line(server: Server) -> Iterator[Raw]:
    raw = Raw(server, token=server.view()["token"])
    assert raw.status == 101
    yield raw
    raw.socket.close()


@pytest.fixture(scope="module")
def bystander(server: Server) -> Iterator[VisitorLine]:
    """Somebody who talks with us all the while."""
    line = server.visitor()
    line.says("Hello")
    yield line
    line.close()


@pytest.fixture(autouse=True)
def _others_are_unhurt(server: Server, bystander: VisitorLine) -> Iterator[None]:
    yield
    frame = {"op": "resume", "conversation": bystander.conversation, "after": 0}
    answer = server.post("/widget/op", frame, Origin=server.address, Authorization=f"Bearer {bystander.token}")
    assert [event["seq"] for event in answer.json()["frames"][1]["events"]] == [1, 2, 3]


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return str(server.view()["token"])


def test_compression_is_never_agreed_to(server: Server):
    offered = "permessage-deflate; client_max_window_bits"
    raw = Raw(server, token=server.view()["token"], Sec_WebSocket_Extensions=offered)
    assert raw.status == 101
    assert "deflate" not in raw.head


def test_a_frame_that_claims_a_gigabyte_is_refused_before_it_comes(line: Raw):
    line.socket.sendall(struct.pack("!BBQ", 0x81, 0x80 | 127, 1 << 30) + b"\0\0\0\0" + b"x" * 100_000)
    assert line.close_code() in (1002, 1009)


def test_a_message_in_endless_pieces_is_too_big(line: Raw):
    line.frame(1, b"x" * 1000, fin=False)
    for _ in range(200):
        line.frame(0, b"x" * 1000, fin=False)
    assert line.close_code() == 1009


@pytest.mark.parametrize(
    ("opcode", "payload", "options", "code"),
    [
        (1, b"\xff\xfe\xfd", {}, 1007),
        (1, b"{}", {"masked": False}, 1002),
        (1, b"{}", {"rsv": 4}, 1002),
        (3, b"{}", {}, 1002),
        (0, b"{}", {}, 1002),
        (2, b"{}", {}, 1003),
        (9, b"x" * 200, {}, 1002),
    ],
    ids=["not utf-8", "unmasked", "compressed", "unknown kind", "piece of nothing", "binary", "long ping"],
)
def test_frames_against_the_protocol_close_with_their_number(line: Raw, opcode, payload, options, code):
    line.frame(opcode, payload, **options)
    assert line.close_code() == code


def test_a_thousand_pings_are_survived(line: Raw):
    for _ in range(1000):
        line.frame(9, b"")
    line.frame(8, struct.pack("!H", 1000))
    assert line.close_code() == 1000


@pytest.mark.parametrize("kind", ["pings", "pongs", "empty pieces", "small pieces"])
def test_frames_that_never_say_anything_are_closed(line: Raw, kind: str):
    frames = {"pings": (9, b"x", True), "pongs": (10, b"", True), "empty pieces": (0, b"", False)}
    opcode, payload, fin = frames.get(kind, (0, b"x", False))
    if not fin:
        line.frame(1, b"x", fin=False)
    for _ in range(3000):
        line.frame(opcode, payload, fin=fin)
    assert line.close_code() == 1008


def test_whoever_goes_on_after_the_goodbye_is_let_go_of(server: Server, line: Raw):
    before = server.open_sockets
    line.frame(2, b"bytes")
    assert line.close_code() == 1003
    with pytest.raises(OSError):
        while True:
            line.socket.sendall(b"\x81\x85\x00\x00\x00\x00hello" * 1000)
    wait_for(lambda: server.open_sockets < before, 10)
    assert server.open_sockets < before


def test_floods_that_are_never_read_take_no_memory_and_leave_nothing_behind(server: Server, bystander: VisitorLine):
    wait_for(lambda: server.open_sockets == 2, 10)
    before, memory = server.open_sockets, server.memory
    floods = [Raw(server, token=server.view()["token"]) for _ in range(20)]
    for raw in floods:
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for _ in range(400):
            raw.frame(1, b'{"op":"beat","heads":"%s"}' % (b"x" * 900))
            raw.frame(9, b"x" * 125)
    assert bystander.hears("Hello")
    assert server.memory - memory < 20_000_000
    for raw in floods:
        raw.socket.close()
    wait_for(lambda: server.open_sockets == before, 10)
    assert server.open_sockets == before


def test_a_flood_of_frames_is_closed(line: Raw):
    for _ in range(400):
        line.frame(1, b'{"op":"beat"}')
    assert line.close_code() == 1008


def test_too_many_messages_are_refused_with_the_time_to_wait_and_none_is_lost(server: Server):
    ann = server.visitor()
    for number in range(40):
        ann.say(f"message {number}")
    ann.until(lambda: len(ann.acked) + sum(frame["op"] == "refused" for frame in ann.frames) == 40)
    refused = [frame for frame in ann.frames if frame["op"] == "refused"]
    assert len(ann.acked) == 20
    assert {frame["error"]["code"] for frame in refused} == {"too_many"}
    assert {frame["client_id"] for frame in refused} == ann.outbox.keys()
    ann.close()


def test_nonsense_is_answered_then_closed(line: Raw):
    for _ in range(30):
        line.frame(1, b"{" * 50)
    assert line.close_code() == 1008


@pytest.mark.parametrize("guess", GUESSES)
def test_ids_of_the_wrong_kind_are_refused_not_converted(server: Server, guess: str):
    ann = server.visitor()
    ann.socket.send(
        f'{{"op":"resume","conversation":{guess},"after":0}}' if guess != "null" else '{"op":"resume","after":[]}'
    )
    ann.until(lambda: any(frame["op"] == "refused" for frame in ann.frames))
    ann.close()


def test_what_only_the_server_decides_cannot_be_sent(server: Server):
    ann = server.visitor()
    for extra in ("role", "owner", "seq", "at", "verified", "internal_note"):
        ann.tell(op="send", conversation=None, client_id=f"{extra}-id-1", body={"text": "Hello"}, **{extra: True})
    ann.until(lambda: sum(frame["op"] == "refused" for frame in ann.frames) == 6)
    assert ann.events == {}
    ann.close()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://harbour.example.evil.com", "https://evil-harbour.example"]
)
def test_pages_that_are_not_the_sites_get_no_socket(server: Server, origin: str):
    assert Raw(server, token=server.view()["token"], Origin=origin).status == 403


@pytest.mark.parametrize("origin", ["https://harbour.example", "http://localhost:3000"])
def test_the_sites_own_pages_and_this_computer_do(server: Server, origin: str):
    assert Raw(server, token=server.view()["token"], Origin=origin).status == 101


def test_a_token_in_the_address_opens_nothing(server: Server):
    token = server.view()["token"]
    raw = Raw(server, f"/widget/socket?token={token}")
    assert raw.status != 101 or raw.close_code() == 4401


@pytest.mark.parametrize("origin", ["https://harbour.example", "https://evil.example", "null", None])
def test_the_agents_socket_opens_to_nobody_without_session_and_ticket(server: Server, origin: str | None):
    raw = Raw(server, "/panel/socket", Origin=origin)
    assert raw.status == 403 or raw.close_code() == 4401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 3000,
        b'{"op":1e400}',
        b'{"op":"\\ud800"}',
        b'{"op":"\\u0000"}',
        b"\xff",
        b"9" * 6000,
        b"x" * 70_000,
    ],
    ids=["empty", "cut", "deep", "huge number", "surrogate", "nul", "not utf-8", "endless number", "too big"],
)
@pytest.mark.parametrize("path", ["/widget/view", "/widget/show", "/widget/seen", "/widget/op"])
def test_bodies_nobody_could_read_get_a_code_never_a_fault(server: Server, token: str, path: str, body: bytes):
    answer = server.post(path, raw=body, Origin=server.address, Authorization=f"Bearer {token}")
    assert answer.status in (400, 413, 415), answer.body
    error = answer.json()["error"]
    assert error["code"] and error["message"]
    assert b"Traceback" not in answer.body and b"/web/" not in answer.body


def test_every_answer_carries_the_policy_errors_included(server: Server):
    for path in ("/health", "/nowhere", "/panel/login", "/demo/", "/widget.js"):
        headers = server.get(path).headers
        assert "unsafe-inline" not in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_guessing_ids_gives_the_same_answer_as_none(server: Server):
    ann, ben = server.visitor(), server.visitor()
    ann.says("a secret")
    headers = {"Origin": server.address, "Authorization": f"Bearer {ben.token}"}
    answers = [
        server.post("/widget/op", {"op": "read", "conversation": guess, "seq": 1}, **headers)
        for guess in (ann.conversation, "AAAAAAAAAAAAAAAAAAAAAA")
    ]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body
    assert json.dumps(ben.frames).find("a secret") == -1
