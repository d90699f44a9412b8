"""Messages between workers as they travel: several in one packet, after the name of who says them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rules.compact import compact_json

Message = list[Any]


def packed(worker: str, messages: Iterable[str], largest: int) -> Iterator[str]:
    """Yields packets of at most so many bytes with these messages in this order; one too large is left out.

    Each message is JSON already.
    """
    head = compact_json(worker)
    room = largest - len(head.encode()) - len("[,[]]")
    texts: list[str] = []
    size = 0
    for text in messages:
        length = len(text.encode()) + 1
        if length > room:
            continue
        if size + length > room:
            yield f"[{head},[{','.join(texts)}]]"
            texts, size = [], 0
        texts.append(text)
        size += length
    if texts:
        yield f"[{head},[{','.join(texts)}]]"


def unpacked(packet: str) -> tuple[str, list[Message]]:
    """Returns who says it, and the messages."""
    worker, messages = json.loads(packet)
    return worker, messages
