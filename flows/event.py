"""What can happen to a conversation in a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "start",
    "input",
    "stray",
    "repeat",
    "timer",
    "done",
    "validated",
    "action_failed",
    "nobody_came",
    "agent_joined",
    "agent_left",
    "updated",
]


class Event(NamedTuple):
    """Something that happened to a conversation. With an `epoch` it is dropped when the cursor has moved on.

    - `start`: a flow begins; data `{"flow": id, "with": {slot: value}, "instead": whether the running
      one is left}`, `text` what the visitor wrote for it
    - `input`: the visitor wrote `text`, or pressed `button`: `{"step": "flow.step", "value": …}`, or filled a `form`:
      `{"step": "flow.step", "values": {slot: text or yes/no}}`
    - `stray`: the visitor wrote `text`, no flow is running and none began with it: a phrase gets its answer
    - `repeat`: the open question is put once more
    - `timer`: the one an effect asked for; data `{"n": …, "late": seconds}`
    - `done`: an action was carried out; data `{"slots": {slot: value}, "result": value, "followup": flow or action}`
    - `validated`: a validator has looked at an answer; data `{"slots": {slot: value}, "told": what it said,
      "asks": slot that no step asks for, "prompt": how}`; a slot of the answer that is None is to be answered again
    - `action_failed`: an action was not; data `{"reason": "timeout" | "refused" | "error" | "missing" | "rejected"}`
    - `nobody_came`: no agent takes it; data `{"reason": "closed" | "nobody", "department": id, "flow": offline flow,
      "for_good": whether no other way is tried}`
    - `agent_joined`, `agent_left`: data `{"how": "returned" | "closed"}`
    - `updated`: the flow has a new version, and begins again in that
    """

    kind: Kind
    text: str | None = None
    button: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = {}
    epoch: int | None = None
