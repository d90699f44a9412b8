"""Frames that visitors and agents are told in the same words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.conversation import Conversation
from bot.epoch import Epoch
from bot.events import written
from handoff.refusals import TryAgain
from web.hub import BEAT, Frame

PROTOCOL_VERSION = 1


def welcome(epoch: str, **more: Any) -> Frame:
    """Returns the first frame of a line."""
    return {"op": "welcome", "protocol": PROTOCOL_VERSION, "epoch": epoch, "beat": BEAT, **more}


def answered(epoch: Epoch, frames: Callable[[], list[Frame]]) -> dict[str, list[Frame]]:
    """Returns the answer to a request, all of what this process knows as one record: a socket is closed when it learns
    of another, and tells no more. Raises TryAgain when it learnt of one meanwhile.
    """
    record = epoch.current
    told = frames()
    if epoch.current != record:
        raise TryAgain
    return {"frames": told}


def ack(client_id: str | None, conversation_id: str, seq: int, *, at: datetime | None = None) -> Frame:
    """Returns the frame that says something is stored, as which number, and when if it was a message."""
    told = {"op": "ack", "client_id": client_id, "conversation": conversation_id, "seq": seq}
    return told if at is None else {**told, "at": written(at)}


def page(conversation: Conversation, heard: list[Frame], *, last: int, more: bool, **rest: Any) -> Frame:
    """Returns a page of events, where the conversation's last one is `last` as this recipient counts."""
    return {"op": "events", "conversation": conversation.id, "events": heard, "last": last, "more": more, **rest}
