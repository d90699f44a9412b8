"""Takes a conversation one event further: `turn` is a pure function, and its result is data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from transitions.core import EventData

from flows.answers import Refused
from flows.cursor import MOST_CALLS, MOST_PARKED, Cursor, Frame, Parked, Write
from flows.effects import Effect, FlowEntered, FlowLeft, Say, SlotSet, SlotValue, WantsAgent
from flows.engine import START, FlowMachine, FlowState, Traced
from flows.question import Answer, Question
from flows.sentences import sentence
from flows.settings import Settings
from flows.steps.handoff import LEAVE_MESSAGE, missed_department
from rules.facts import fact_named

MOST_STEPS = 250
"""In one turn. A hundred steps, each perhaps with a gate before it: a flow that needs more never waits for anybody."""

Kind = Literal["start", "input", "timer", "agent_joined", "agent_left", "failed"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a conversation. With an `epoch` it is dropped when the cursor has moved on.

    - `start`: a flow begins; data `{"flow": id, "with": {slot: value}}`
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


@dataclass(frozen=True, slots=True)
class Result:
    """What a turn comes to. `handled` is False when nothing here took the event: no flow runs, or it came too late."""

    cursor: Cursor
    effects: tuple[Effect, ...]
    trace: tuple[Traced, ...]
    handled: bool


Machines = Callable[[str, str | None], FlowMachine]
"""Gives the machine of a flow in a version; without a version, the one that new runs get."""

DEFAULTS = Settings()


class _Lost(Exception):
    """The stored version of a flow has no such step: it was kept by another version of the program."""


class LoopWithoutInput(RuntimeError):
    """A flow went round without waiting for anybody. The checks refuse such flows (F004)."""


def turn(
    machines: Machines,
    cursor: Cursor,
    event: Event,
    facts: Mapping[str, Any],
    now: datetime,
    settings: Settings = DEFAULTS,
) -> Result:
    """Returns where the conversation stands after this event, what is to be done about it, and why."""
    run = Run(machines, cursor.copy(), event, facts, now, settings)
    try:
        run.take_place()
        _note(run, "event", event.kind, None)
        handled = _is_current(run) and _TAKEN_BY[event.kind](run)
    except _Lost:
        handled = run.begin_again()
    run.cursor.state = run.state
    return Result(run.cursor, tuple(run.effects), tuple(run.trace), handled)


class Run:
    """One turn while it is taken: the object the state machine moves."""

    __slots__ = (
        "answer",
        "contact",
        "cursor",
        "effects",
        "event",
        "facts",
        "how",
        "jump",
        "machine",
        "machines",
        "now",
        "refused",
        "settings",
        "state",
        "text",
        "trace",
    )

    def __init__(
        self,
        machines: Machines,
        cursor: Cursor,
        event: Event,
        facts: Mapping[str, Any],
        now: datetime,
        settings: Settings,
    ) -> None:
        self.machines = machines
        self.cursor = cursor
        self.event = event
        self.facts = facts
        self.now = now
        self.settings = settings
        self.state = cursor.state
        self.effects: list[Effect] = []
        self.trace: list[Traced] = []
        self.answer: Answer | None = None
        self.refused: Refused | None = None
        """Why the last typed answer was none."""
        self.text = event.text or ""
        self.jump: Literal["", "back", "restart"] = ""
        self.how: Literal["ended", "cancelled"] = "ended"
        self.contact: dict[str, SlotValue] = {}
        """Contact attributes written in this turn."""

    # --- what is known

    def view(self) -> Mapping[str, Any]:
        """Returns the facts as conditions and texts see them: with the slots among them."""
        return View(self)

    def known(self, slot: str) -> SlotValue:
        """Returns the value a slot has in this run of the flow, or as a contact attribute; None if it has none."""
        value = self.cursor.slots.get(slot)
        return value if value is not None else self.attribute(slot)

    def attribute(self, slot: str) -> SlotValue:
        """Returns what the contact attribute of this name holds, None if there is none."""
        if slot in self.contact:
            return self.contact[slot]
        value: SlotValue = self.facts.get(f"contact.{slot}")
        return value

    def put(self, slot: str, value: SlotValue, step: str, save_to: Literal["conversation", "contact"]) -> None:
        """Writes a slot, so that `back` can undo it."""
        self._remember(slot, save_to)
        self.cursor.slots[slot] = value
        if slot not in self.cursor.filled:
            self.cursor.filled = (*self.cursor.filled, slot)
        if save_to == "contact":
            self.contact[slot] = value
        self.effects.append(SlotSet(slot, value, step, self.machine.id, save_to))

    def take_over(self, slot: str) -> None:
        """Fills a slot with the contact attribute of its name; nobody has to be told what they told us."""
        if self.cursor.slots.get(slot) is None:
            self._remember(slot, "")
            self.cursor.slots[slot] = self.attribute(slot)
        if slot not in self.cursor.filled:
            self.cursor.filled = (*self.cursor.filled, slot)

    def forget(self, slot: str) -> None:
        """Empties a slot that an earlier run of a flow filled."""
        if slot in self.cursor.slots:
            self._remember(slot, "")
            del self.cursor.slots[slot]

    def _remember(self, slot: str, save_to: str) -> None:
        cursor = self.cursor
        if cursor.history:
            old, contact = cursor.slots.get(slot), self.attribute(slot) if save_to == "contact" else None
            cursor.undo = (*cursor.undo, Write(slot, slot in cursor.slots, old, save_to, contact))

    # --- moving

    def take_place(self) -> None:
        """Takes the machine of the running flow, as it was when the conversation came into it."""
        if self.cursor.flow is not None:
            self._stand(self.cursor.flow, self.cursor.version, self.state)

    def begin_again(self) -> bool:
        """Leaves everything, and says so, when a place the conversation should go on at is nowhere to be found."""
        self.drop("cancelled")
        self.effects.append(Say(sentence("begin_again", self.cursor.language), "", ""))
        return True

    def fire(self, event: str) -> None:
        """Makes one transition."""
        self.machine.events[event].trigger(self)

    def settle(self) -> None:
        """Goes on until somebody is waited for or the last flow has ended."""
        for _ in range(MOST_STEPS):
            if self.jump:
                self._jump()
                continue
            state = self.machine.state(self.state)
            if state.kind == "wait":
                return
            if state.kind == "pass":
                self.fire("next")
            elif state.kind == "call":
                self._call(state)
            elif state.kind == "start":
                self._leave_all("ended")
                self._enter(str(state.calls), {})
            elif not self._leave(state):
                return
        raise LoopWithoutInput(f"{self.machine.id}.{self.state}")

    def open_question(self) -> Question | None:
        """Returns the question this conversation waits with, if it does."""
        return self.machine.state(self.state).question if self.cursor.flow is not None else None

    def say(self, key: str, **values: Any) -> None:
        """Says one of the product's own sentences, or nothing where there is none."""
        text = sentence(key, self.cursor.language, **values)
        state = self.machine.state(self.state)
        self.effects.append(Say(text, state.step.id if state.step else "", self.machine.id))

    def begin(self, flow: str, inputs: Mapping[str, SlotValue]) -> None:
        """Begins a flow on top of whatever runs, which goes on afterwards."""
        if self.cursor.flow is not None and flow in (frame[0] for frame in self.cursor.frames()):
            self._leave_all("restarted")
        elif self.cursor.flow is not None:
            self._park()
        self._enter(flow, inputs)
        self.settle()

    def drop(self, how: Literal["ended", "cancelled", "restarted"]) -> None:
        """Leaves every flow, the interrupted ones too."""
        self._leave_all(how)
        for parked in reversed(self.cursor.parked):
            for flow in (parked.flow, *reversed([frame.flow for frame in parked.stack])):
                self.effects.append(FlowLeft(flow, how))
        self.cursor.parked = ()

    def _enter(self, flow: str, inputs: Mapping[str, SlotValue]) -> None:
        cursor = self.cursor
        self.machine = self.machines(flow, None)
        cursor.flow, cursor.version = self.machine.id, self.machine.version
        self.state = START
        self.effects.append(FlowEntered(self.machine.id, self.machine.version))
        for slot in self.machine.collects:
            if slot not in cursor.filled and slot not in inputs:
                self.forget(slot)
        for slot, value in inputs.items():
            if slot in self.machine.flow.inputs:
                self.put(slot, value, START, "conversation")

    def _call(self, state: FlowState) -> None:
        cursor = self.cursor
        if len(cursor.stack) >= MOST_CALLS:
            self.how = "cancelled"
            self.fire("returned")
            return
        flow = str(self.event.data.get("flow") or state.calls) if state.offline else str(state.calls)
        inputs = state.gives(self) if state.gives else {}
        cursor.stack = (*cursor.stack, Frame(str(cursor.flow), cursor.version, self.state, len(cursor.filled)))
        self._enter(flow, inputs)

    def _leave(self, state: FlowState) -> bool:
        """Leaves a flow that has come to an end; returns whether the conversation goes on somewhere."""
        cursor = self.cursor
        if state.leaves_all:
            self.drop("ended")
            return False
        self.how = state.how
        self.effects.append(FlowLeft(self.machine.id, state.how))
        if cursor.stack:
            self._return()
            return True
        if cursor.parked:
            self._unpark()
        else:
            self._nowhere()
        return False

    def _return(self) -> None:
        cursor = self.cursor
        frame = cursor.stack[-1]
        returns = self.machine.flow.returns
        if returns is not None:
            mine = cursor.filled[frame.filled :]
            cursor.filled = (*cursor.filled[: frame.filled], *(slot for slot in mine if slot in returns))
        cursor.stack = cursor.stack[:-1]
        self._stand(frame.flow, frame.version, frame.state)
        self.fire("returned")

    def _stand(self, flow: str, version: str, state: str) -> None:
        self.machine = self.machines(flow, version)
        self.cursor.flow, self.cursor.version, self.state = flow, version, state
        if state not in self.machine.states:
            raise _Lost

    def _leave_all(self, how: Literal["ended", "cancelled", "restarted"]) -> None:
        for flow, _, _ in reversed(self.cursor.frames()):
            self.effects.append(FlowLeft(flow, how))
        self._nowhere()

    def _nowhere(self) -> None:
        cursor = self.cursor
        cursor.flow, cursor.version, self.state = None, "", ""
        cursor.stack, cursor.filled, cursor.history, cursor.undo = (), (), (), ()
        cursor.open, cursor.tries = None, 0
        cursor.epoch += 1

    # --- interruptions

    def _park(self) -> None:
        cursor = self.cursor
        if self.open_question() is None:
            self._leave_all("cancelled")
            return
        parked = Parked(
            str(cursor.flow),
            cursor.version,
            self.state,
            cursor.stack,
            cursor.filled,
            cursor.history,
            cursor.undo,
            cursor.tries,
            cursor.open,
        )
        for forgotten in cursor.parked[: max(0, len(cursor.parked) + 1 - MOST_PARKED)]:
            self.effects.append(FlowLeft(forgotten.flow, "cancelled"))
        cursor.parked = (*cursor.parked, parked)[-MOST_PARKED:]
        self._nowhere()

    def _unpark(self) -> None:
        """Takes up the flow that was interrupted last, and its question."""
        cursor = self.cursor
        parked = cursor.parked[-1]
        cursor.parked = cursor.parked[:-1]
        cursor.stack, cursor.filled = parked.stack, parked.filled
        cursor.history, cursor.undo = parked.history, parked.undo
        cursor.tries, cursor.open = parked.tries, parked.open
        cursor.epoch += 1
        self._stand(parked.flow, parked.version, parked.state)
        question = self.open_question()
        if question is not None:
            question.repeat(self, before=sentence("back_to_flow", cursor.language))

    def _jump(self) -> None:
        jump, self.jump = self.jump, ""
        if jump == "restart":
            self._restart()
        else:
            self._back()

    def _restart(self) -> None:
        cursor = self.cursor
        base = cursor.parked[0] if cursor.parked else None
        flow = next((frame[0] for frame in cursor.frames()), "")
        if base is not None:
            flow = base.stack[0].flow if base.stack else base.flow
        self.say("restarted")
        self.drop("restarted")
        machine = self.machines(flow, None)
        self._clear(keep=machine.flow.inputs)
        self._enter(flow, {slot: cursor.slots[slot] for slot in machine.flow.inputs if slot in cursor.slots})

    def _clear(self, keep: Mapping[str, str]) -> None:
        for slot in [slot for slot in self.cursor.slots if slot not in keep]:
            if self.attribute(slot) is None:
                self.effects.append(SlotSet(slot, None, START, self.machine.id))
            del self.cursor.slots[slot]

    def _back(self) -> None:
        """Goes to the question before the one that is open; from a later step, to the last one that was put."""
        cursor = self.cursor
        question = self.open_question()
        place = len(cursor.history) - (1 if question is None else 2)
        if place < 0:
            if question is not None:
                question.repeat(self, before=sentence("back_nothing", cursor.language))
            return
        asked = cursor.history[place]
        left = cursor.frames()
        self._undo(asked.undo, step=asked.state)
        cursor.history, cursor.stack = cursor.history[:place], asked.stack
        self._stand(asked.flow, asked.version, asked.state)
        self._tell_flows(left, cursor.frames())
        self.machine.state(self.state).enter(EventData(None, None, self.machine, self, args=(), kwargs={}))

    def _undo(self, length: int, *, step: str) -> None:
        cursor = self.cursor
        for write in reversed(cursor.undo[length:]):
            if write.had:
                cursor.slots[write.slot] = write.old
            else:
                cursor.slots.pop(write.slot, None)
                cursor.filled = tuple(slot for slot in cursor.filled if slot != write.slot)
            if write.save_to == "contact":
                self.contact[write.slot] = write.contact
                self.effects.append(SlotSet(write.slot, write.contact, step, self.machine.id, "contact"))
            elif write.save_to:
                self.effects.append(SlotSet(write.slot, cursor.slots.get(write.slot), step, self.machine.id))
        cursor.undo = cursor.undo[:length]

    def _tell_flows(self, left: tuple[tuple[str, str, str], ...], now: tuple[tuple[str, str, str], ...]) -> None:
        same = 0
        while same < min(len(left), len(now)) and left[same][:2] == now[same][:2]:
            same += 1
        for flow, _, _ in reversed(left[same:]):
            self.effects.append(FlowLeft(flow, "cancelled"))
        for flow, version, _ in now[same:]:
            self.effects.append(FlowEntered(flow, version))


class View(Mapping[str, Any]):
    """The facts of a turn with the slots among them. What costs something to know is asked for only when it is used."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        run = self._run
        head, _, rest = name.partition(".")
        if not rest:
            # A slot that nothing has filled is known to be empty; only of facts it can be unknown what they are.
            return run.facts[name] if name not in run.cursor.slots and fact_named(name) else run.known(name)
        if head == "slot":
            return run.known(rest)
        if head == "contact" and rest in run.contact:
            return run.contact[rest]
        return run.facts[name]

    def __contains__(self, name: object) -> bool:
        try:
            self[name]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        run = self._run
        return iter({**run.facts, **{f"contact.{name}": None for name in run.contact}, **run.cursor.slots})

    def __len__(self) -> int:
        return sum(1 for _ in self)


# --- events


def _is_current(run: Run) -> bool:
    if run.event.epoch is None or run.event.epoch == run.cursor.epoch:
        return True
    return _note(run, "refused", "came too late", False)


def _started(run: Run) -> bool:
    run.begin(str(run.event.data["flow"]), run.event.data.get("with") or {})
    return True


def _was_input(run: Run) -> bool:
    if run.cursor.flow is None:
        return _input_nowhere(run)
    question = run.open_question()
    if run.event.button is not None:
        return _pressed(run, run.event.button, question)
    if not _interrupted(run, question) and question is not None:
        run.answer = run.answer or question.understood(run, run.text)
        run.fire("input")
    run.settle()
    return True


def _interrupted(run: Run, question: Question | None) -> bool:
    """Takes a global phrase, if this is one: `human` before everything, the others after the labels of buttons."""
    phrase = run.settings.phrases.match(run.text, run.cursor.language)
    allowed = run.machine.state(run.state).interruptible
    if phrase != "human" or not allowed:
        run.answer = question.labelled(run, run.text) if question is not None else None
        if run.answer is not None:
            return False
    event = f"interrupt.{phrase}"
    if phrase is None or not run.machine.takes(event, run.state):
        return False
    _note(run, "phrase", phrase, True)
    run.fire(event)
    return True


def _pressed(run: Run, button: Mapping[str, Any], question: Question | None) -> bool:
    """Takes a press of a button of the open question. A button of any other step, or a forged one, moves nothing."""
    if question is not None and button.get("step") == f"{question.flow}.{question.step}":
        run.answer = question.pressed(run, button.get("value"))
    if question is None or run.answer is None:
        _note(run, "refused", "a button that is not open", False)
        if question is not None:
            question.repeat(run)
        return True
    run.text = str(button.get("label") or button.get("value"))
    run.fire("input")
    run.settle()
    return True


def _input_nowhere(run: Run) -> bool:
    phrase = run.settings.phrases.match(run.text, run.cursor.language) if run.event.button is None else None
    if phrase == "human":
        run.effects.append(WantsAgent(None, None, "normal", None, "", "", "phrase"))
        return _note(run, "phrase", "human", True)
    return _note(run, "refused", "no flow is running", False)


def _agent_joined(run: Run) -> bool:
    if run.cursor.flow is not None and run.machine.takes("agent_joined", run.state):
        run.fire("agent_joined")
    return True


def _agent_left(run: Run) -> bool:
    cursor = run.cursor
    if run.event.data.get("how") == "closed":
        run.drop("ended")
        return True
    if cursor.flow is None:
        return False
    # What was settled with a person is not taken back by a later "back".
    cursor.forget_past()
    question = run.open_question()
    if question is not None:
        question.repeat(run)
        return True
    run.fire("agent_left")
    run.settle()
    return True


def _failed(run: Run) -> bool:
    if run.cursor.flow is not None and run.machine.takes("failed", run.state):
        run.fire("failed")
        run.settle()
        return True
    flow = str(run.event.data.get("flow") or LEAVE_MESSAGE)
    question = run.open_question()
    if question is not None and flow in (frame[0] for frame in run.cursor.frames()):
        question.repeat(run)
        return True
    run.begin(flow, missed_department(run))
    return True


def _timer(run: Run) -> bool:
    return _note(run, "refused", "nothing waits for this timer", False)


def _note(run: Run, what: str, words: str, outcome: bool | None) -> bool:
    state = run.machine.state(run.state) if run.cursor.flow is not None else None
    step = state.step if state is not None else None
    place = step.place if step is not None else None
    run.trace.append(
        (
            what,
            run.cursor.flow or "",
            step.id if step is not None else "",
            words,
            outcome,
            place.file if place else "",
            place.line if place else 0,
        )
    )
    return bool(outcome)


_TAKEN_BY: Mapping[str, Callable[[Run], bool]] = {
    "start": _started,
    "input": _was_input,
    "timer": _timer,
    "agent_joined": _agent_joined,
    "agent_left": _agent_left,
    "failed": _failed,
}
