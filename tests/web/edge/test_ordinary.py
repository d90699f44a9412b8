"""The ordinary frame goes past the codec: what is heard and said stays what it is with the codec alone."""

import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wsproto.connection import Connection as Codec
from wsproto.connection import ConnectionType
from wsproto.events import TextMessage

import web.connection
from web.connection import Closed, Connection
from web.ordinary import OrdinaryFrames, frame_of

KEY = b"\x80\xa1\xff\x17"
"""With this key, a frame of one letter less its first byte looks like a whole frame."""


def a_frame(
    opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, rsv: int = 0, wide: int = 0
) -> bytes:
    """Returns a frame; `wide` bytes of length at least, which is right only for long ones."""
    length, mask = len(payload), 0x80 if masked else 0
    head = bytes(((0x80 if fin else 0) | rsv << 4 | opcode,))
    if wide == 8 or length >= 1 << 16:
        head += struct.pack("!BQ", mask | 127, length)
    elif wide == 2 or length > 125:
        head += struct.pack("!BH", mask | 126, length)
    else:
        head += bytes((mask | length,))
    if not masked:
        return head + payload
    return head + KEY + masked_by_key(payload)


def masked_by_key(payload: bytes) -> bytes:
    return bytes(byte ^ KEY[at % 4] for at, byte in enumerate(payload))


LARGEST = 200
WORDS = st.text(max_size=20).map(str.encode)
LONG = st.integers(120, LARGEST + 10).map(lambda length: b"x" * length)
TEXTS = st.builds(a_frame, st.just(1), WORDS | LONG)
CONTROLS = st.builds(a_frame, st.sampled_from([9, 10]), st.binary(max_size=10))
ODD = st.builds(
    a_frame,
    st.sampled_from([0, 0, 1, 1, 2, 3, 8, 9]),
    WORDS | LONG | st.sampled_from([b"\xff", b"\xe2\x82", b"\xac", b"\x03\xe8bye"]),
    fin=st.booleans(),
    masked=st.sampled_from([True, True, True, False]),
    rsv=st.sampled_from([0, 0, 0, 4]),
    wide=st.sampled_from([0, 0, 2, 8]),
)
PARTS = st.tuples(
    st.builds(a_frame, st.just(1), WORDS, fin=st.just(False)),
    CONTROLS | st.just(b""),
    st.builds(a_frame, st.just(0), WORDS),
).map(b"".join)
STREAMS = st.lists(TEXTS | CONTROLS | PARTS | ODD, min_size=1, max_size=6)


class Wire:
    """Stands for a handshaken socket: hands out chunks and keeps what is written."""

    def __init__(self, chunks: list[bytes]):
        self.ws = SimpleNamespace(connection=Codec(ConnectionType.SERVER))
        self.sock = self
        self.connected = True
        self._chunks = iter(chunks)
        self._out, self._in = os.pipe()

    def fileno(self) -> int:
        return self._in

    def recv(self, _: int) -> bytes:
        return next(self._chunks, b"")

    def shutdown(self, _: int) -> None:
        """Nothing to end."""

    def written(self) -> bytes:
        os.close(self._in)
        with os.fdopen(self._out, "rb") as out:
            return out.read()


class CodecAlone(OrdinaryFrames):
    def text_of(self, data: bytes) -> str | None:
        return None


def conversation(chunks: list[bytes], reading: type[OrdinaryFrames]) -> tuple[list[str], bytes]:
    """Returns what was heard, and every byte that was answered."""
    wire = Wire(chunks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web.connection, "OrdinaryFrames", reading)
        patch.setattr(Connection, "longest", LARGEST)
        connection = Connection(wire, spawn=lambda drain: None)
        heard: list[str] = []
        try:
            while True:
                heard.append(connection.receive())
        except Closed:
            return heard, wire.written()


def chunks_of(frames: list[bytes], cuts: list[float]) -> list[bytes]:
    """Returns the frames one by one when nothing is cut, else all of them as one stream cut at these places."""
    if not cuts:
        return frames
    stream = b"".join(frames)
    places = sorted({0, *(int(cut * len(stream)) for cut in cuts), len(stream)})
    return [stream[begin:end] for begin, end in pairwise(places)]


@given(STREAMS, st.lists(st.floats(0, 1, allow_nan=False), max_size=6))
@example([a_frame(1, b"a"), a_frame(1, b"a"), a_frame(1, b"a")], [0.4])
@example([a_frame(1, b"a")], [0.2])
@example([a_frame(1, masked_by_key(a_frame(1, b"a")))], [0.47])
@example([a_frame(1, b"a", wide=2)], [])
@example([a_frame(1, b"half", fin=False), a_frame(1, b"another")], [])
@example([a_frame(1, "Grüße".encode()), a_frame(1, b"\xed\xa0\x80")], [])
def test_what_is_heard_and_said_is_the_same_with_the_codec_alone(frames: list[bytes], cuts: list[float]) -> None:
    chunks = chunks_of(frames, cuts)
    assert conversation(chunks, OrdinaryFrames) == conversation(chunks, CodecAlone)


def every_cut(stream: bytes) -> Iterator[list[bytes]]:
    for cut in range(1, len(stream)):
        yield [stream[:cut], stream[cut:]]


def test_a_text_is_heard_wherever_the_stream_is_cut() -> None:
    texts = ["first", "x" * LARGEST, "", "zweite Grüße"]
    stream = b"".join(a_frame(1, text.encode()) for text in texts)
    for chunks in every_cut(stream):
        assert conversation([*chunks, a_frame(1, b"last")], OrdinaryFrames)[0] == [*texts, "last"]


def test_a_ping_after_our_goodbye_is_not_answered() -> None:
    chunks = [a_frame(2, b"bytes"), a_frame(9, b"ping"), a_frame(8, b"\x03\xe8")]
    heard, written = conversation(chunks, OrdinaryFrames)
    assert heard == []
    assert written == b"\x88\x0b\x03\xebtext only"


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_text_is_said_as_the_codec_says_it(length: int) -> None:
    text = "é" + "x" * (length - 2) if length > 1 else "x" * length
    assert frame_of(text) == Codec(ConnectionType.SERVER).send(TextMessage(text))
