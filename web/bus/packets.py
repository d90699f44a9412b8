"""Messages between workers as they travel: several in one packet, after the name of who says them, under a seal.

Whoever reaches the bus could say anything, in an agent's name too. The seal (HMAC with SHA-256, RFC 2104) takes the key
of the installation, which only its workers know.
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rules.compact import compact_json

Message = list[Any]
_SEAL = 32
"""Characters of the seal: 128 bits."""


class NotOurs(ValueError):
    """A packet that was not sealed with our key."""


def packed(worker: str, messages: Iterable[str], largest: int, key: bytes) -> Iterator[str]:
    """Yields packets of at most so many bytes with these messages in this order; one too large is left out.

    Each message is JSON already.
    """
    head = compact_json(worker)
    room = largest - _SEAL - len(head.encode()) - len("[,[]]")
    texts: list[str] = []
    size = 0
    for text in messages:
        length = len(text.encode()) + 1
        if length > room:
            continue
        if size + length > room:
            yield _sealed(f"[{head},[{','.join(texts)}]]", key)
            texts, size = [], 0
        texts.append(text)
        size += length
    if texts:
        yield _sealed(f"[{head},[{','.join(texts)}]]", key)


def unpacked(packet: str, key: bytes) -> tuple[str, list[Message]]:
    """Returns who says it, and the messages; raises NotOurs when somebody else does."""
    said = packet[_SEAL:]
    if not hmac.compare_digest(packet.encode(), _sealed(said, key).encode()):
        raise NotOurs("a packet that is not of this installation")
    worker, messages = json.loads(said)
    return worker, messages


def _sealed(said: str, key: bytes) -> str:
    return hmac.digest(key, said.encode(), "sha256").hex()[:_SEAL] + said
