"""What can happen to a conversation in a flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["start", "input", "timer", "agent_joined", "agent_left", "failed", "repeat"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a conversation. With an `epoch` it is dropped when the cursor has moved on.

    - `start`: a flow begins; data `{"flow": id, "with": {slot: value}, "instead": whether the running one is left}`
    - `repeat`: the open question is put again, uncounted: something else was said in between
    - `input`: the visitor wrote `text`, or pressed `button`: `{"step": "flow.step", "value": …}`
    - `agent_joined`, `agent_left`: data `{"how": "returned" | "closed"}`
    - `failed`: nobody could be asked; data `{"reason": "closed" | "nobody", "department": id, "flow": offline flow}`
    - `timer`: the one an effect asked for
    """

    kind: Kind
    text: str | None = None
    button: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    epoch: int | None = None
