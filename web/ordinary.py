"""The ordinary frame, read and written without the codec: one whole, final, masked text frame (RFC 6455, 5.2).

Nearly everything a client says comes as exactly one such frame in one read. Whatever else arrives is the codec's, and
its frames are followed here only by their lengths, to know when the stream stands between two messages again.
"""

TEXT, SHORT, EXTENDED = 0x81, 126, 127
"""First byte of a final text frame; the lengths that say that two or eight bytes of length follow."""


class OrdinaryFrames:
    """One stream of a client's bytes, in the order they are read."""

    __slots__ = ("_header", "_in_message", "_to_come")

    def __init__(self) -> None:
        self._header = b""
        self._to_come = 0
        self._in_message = False

    def text_of(self, data: bytes) -> str | None:
        """Returns the text if these bytes are one ordinary frame; None if the codec must have them."""
        if not self._to_come and not self._header and not self._in_message:
            text = _whole_text(data)
            if text is not None:
                return text
        self._follow(data)
        return None

    def _follow(self, data: bytes) -> None:
        """Passes over frames by their lengths; only the codec says whether they are right."""
        data = self._header + data
        at = self._to_come
        while at < len(data):
            size = _size(data, at)
            if size is None:
                break
            if not data[at] & 0x08:  # Control frames may come in the middle of a message.
                self._in_message = not data[at] & 0x80
            at += size
        self._header = data[at:]
        self._to_come = max(at - len(data), 0)


def frame_of(text: str) -> bytes:
    """Returns the frame in which the server says a text."""
    data = text.encode()
    length = len(data)
    if length < SHORT:
        return bytes((TEXT, length)) + data
    if length < 1 << 16:
        return bytes((TEXT, SHORT)) + length.to_bytes(2) + data
    return bytes((TEXT, EXTENDED)) + length.to_bytes(8) + data


def _whole_text(data: bytes) -> str | None:
    if len(data) < 6 or data[0] != TEXT or data[1] < 0x80:
        return None
    length, start = data[1] & 0x7F, 6
    if length == SHORT:
        length, start = int.from_bytes(data[2:4]), 8
    if length == EXTENDED or len(data) != start + length or (start == 8 and length < SHORT):
        return None
    mask = data[start - 4 : start] * (length // 4 + 1)
    plain = int.from_bytes(data[start:]) ^ int.from_bytes(mask[:length])
    try:
        return plain.to_bytes(length).decode()
    except UnicodeDecodeError:
        return None


def _size(data: bytes, at: int) -> int | None:
    """Returns the size of the frame that begins here, or None while too little of it is there to say."""
    if len(data) < at + 2:
        return None
    length, wide = data[at + 1] & 0x7F, 0
    if length >= SHORT:
        wide = 2 if length == SHORT else 8
        if len(data) < at + 2 + wide:
            return None
        length = int.from_bytes(data[at + 2 : at + 2 + wide])
    return 2 + wide + (4 if data[at + 1] & 0x80 else 0) + length
