"""Takes conversations along when a flow gets a new version: to the same step, if it is there and means the same."""

from __future__ import annotations

from collections.abc import Iterable

from flows.cursor import Asked, Cursor, Frame, Parked
from flows.engine import FlowMachine, FlowState
from flows.run import Machines
from flows.steps.buttons import ButtonsStep
from flows.steps.step import Step


def caught_up(cursor: Cursor, machines: Machines) -> Cursor:
    """Returns the cursor with every flow it stands in moved to the current version, as far as that can be done.

    Flows that cannot move, or are not there any more, stay as they are, and the conversation finishes on their stored
    version.
    """
    for flow, version in cursor.versions():
        try:
            new = machines(flow, None)
            if new.version != version:
                cursor = move(cursor, machines(flow, version), new) or cursor
        except LookupError:
            continue
    return cursor


def move(cursor: Cursor, old: FlowMachine, new: FlowMachine) -> Cursor | None:
    """Returns the cursor with all its places in one version of a flow moved to another, or None if one of them is gone.

    A place is kept if a step with its id (or with that id as its `was`) is there, of the same kind, asking for the same
    type of slot; no slot that is filled may have changed its type; and what the new version has filled on every way to
    the place, and uses from there on, must be filled. A number as an id says nothing, for a step that
    is written above takes it: such a step is kept if it says the same, too.
    """
    try:
        return _moved(cursor, old, new)
    except _Stays:
        return None


def obstacle(cursor: Cursor, old: FlowMachine, new: FlowMachine) -> str | None:
    """Returns what keeps the cursor from being moved, in words such as `step 'size' is gone`; None if nothing does."""
    try:
        _moved(cursor, old, new)
    except _Stays as reason:
        return str(reason)
    return None


_NONE: frozenset[str] = frozenset()


class _Stays(Exception):
    """The cursor cannot be moved; the text says why."""


def _moved(cursor: Cursor, old: FlowMachine, new: FlowMachine) -> Cursor:
    for slot in cursor.slots:
        if slot in old.types and slot in new.types and old.types[slot] != new.types[slot]:
            raise _Stays(f"slot '{slot}' is of another type")
    moving = _Moving(old, new, frozenset(slot for slot, value in cursor.slots.items() if value is not None))
    moved = cursor.copy()
    if cursor.flow is not None:
        moved.flow, moved.version, moved.state = moving.place(cursor.flow, cursor.version, cursor.state)
    moved.stack = moving.stack(cursor.stack)
    moved.parked = tuple(moving.parked(parked) for parked in cursor.parked)
    moved.history = moving.history(cursor.history)
    return moved


class _Moving:
    def __init__(self, old: FlowMachine, new: FlowMachine, filled: frozenset[str]) -> None:
        self.old = old
        self.new = new
        self.filled = filled
        self._renamed = {step.was: step.id for step in new.flow.every_step() if step.was}

    def place(self, flow: str, version: str, state: str) -> tuple[str, str, str]:
        if (flow, version) != (self.old.id, self.old.version):
            return flow, version, state
        return flow, self.new.version, self._state(state)

    def stack(self, frames: Iterable[Frame]) -> tuple[Frame, ...]:
        return tuple(Frame(*self.place(frame.flow, frame.version, frame.state), frame.filled) for frame in frames)

    def parked(self, parked: Parked) -> Parked:
        flow, version, state = self.place(parked.flow, parked.version, parked.state)
        return parked._replace(
            flow=flow,
            version=version,
            state=state,
            stack=self.stack(parked.stack),
            history=self.history(parked.history),
        )

    def history(self, history: Iterable[Asked]) -> tuple[Asked, ...]:
        """Returns the questions that are still there; `back` goes past the others."""
        kept: list[Asked] = []
        for asked in history:
            try:
                flow, version, state = self.place(asked.flow, asked.version, asked.state)
                kept.append(asked._replace(flow=flow, version=version, state=state, stack=self.stack(asked.stack)))
            except _Stays:
                if kept:
                    kept[-1] = kept[-1].followed_by(*asked.writes)
        return tuple(kept)

    def _state(self, name: str) -> str:
        step, mark, rest = name.partition(">")
        new_name = f"{self._renamed.get(step, step)}{mark}{rest}"
        if new_name not in self.new.states:
            raise _Stays(f"step '{step.rstrip('?')}' is gone")
        if not _alike(self.old.state(name), self.new.state(new_name)):
            raise _Stays(f"step '{step.rstrip('?')}' is another one now")
        # What the old version was sure of as well may be known in another way, such as from the contact.
        needed = self.new.sure.get(new_name, _NONE) & self.new.uses.get(new_name, _NONE)
        empty = needed - self.old.sure.get(name, _NONE) - self.filled
        if empty:
            raise _Stays(f"slot '{min(empty)}' is filled before step '{step.rstrip('?')}' now")
        return new_name


def _alike(old: FlowState, new: FlowState) -> bool:
    if old.kind != new.kind or old.step is None or new.step is None or old.step.kind != new.step.kind:
        return False
    if sorted(old.step.writes().values()) != sorted(new.step.writes().values()):
        return False
    return not _is_numbered(new.step) or _says(old) == _says(new)


def _is_numbered(step: Step) -> bool:
    return step.id.removeprefix(f"{step.kind}_").isdecimal()


def _says(state: FlowState) -> tuple[object, ...]:
    """Returns by what people would know a step again: its texts, its buttons, the flow that it calls."""
    step = state.step
    options = tuple(option.label for option in step.options) if isinstance(step, ButtonsStep) else ()
    return (step.wordings() if step is not None else (), options, state.calls)
