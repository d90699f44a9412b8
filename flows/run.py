"""One turn while it is taken: what is known, where the conversation stands, what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from flows.answers import Refused
from flows.cursor import MOST_CALLS, MOST_HISTORY, MOST_PARKED, Asked, Cursor, Frame, Parked, Write
from flows.effects import Effect, FlowEntered, FlowLeft, Say, SlotSet, SlotValue, WantsAgent
from flows.engine import CANCEL, START, Fired, FlowMachine, FlowState, Traced
from flows.event import Event
from flows.question import Answer, Question
from flows.sentences import sentence
from flows.settings import Settings
from flows.view import View

MOST_STEPS = 20_000
"""In one turn. All the steps a site may have, each with its gates: whatever needs more never waits for anybody."""
MOST_TOLD = 250
"""Decisions that are kept of a turn that was broken off."""

Machines = Callable[[str, str | None], FlowMachine]
"""Gives the machine of a flow in a version; without a version, the one that new runs get."""


class Lost(Exception):
    """There is nowhere to go on: the stored version of a flow has no such step, or no flow of the past is there."""


class Run:
    """One turn while it is taken: the object the state machine moves."""

    __slots__ = (
        "answer",
        "contact",
        "cursor",
        "effects",
        "event",
        "facts",
        "given",
        "how",
        "jump",
        "machine",
        "machines",
        "now",
        "refused",
        "returning",
        "settings",
        "state",
        "text",
        "told",
        "trace",
        "verdict",
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
        self.given = cursor
        """Where the conversation stood before; it is left as it is."""
        self.cursor = cursor.copy()
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
        self.jump: Literal["", "back", "restart", "start_over", "cancel"] = ""
        self.returning: Asked | None = None
        """The question that a step back leads to, while it is put again."""
        self.verdict: Mapping[str, SlotValue] | None = None
        """What a validator says about the answer that is read again."""
        self.told = ""
        """What the validator has said to the visitor about it."""
        self.how: Literal["ended", "cancelled"] = "ended"
        self.contact: dict[str, SlotValue] = {}
        """Contact attributes written in this turn."""

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
            *earlier, last = cursor.history
            old, contact = cursor.slots.get(slot), self.attribute(slot) if save_to == "contact" else None
            write = Write(slot, slot in cursor.slots, old, save_to, contact)
            cursor.history = (*earlier, last.followed_by(write))

    def remember_question(self) -> None:
        """Keeps the place as a question that is asked, so that `back` comes to it from the next one."""
        cursor = self.cursor
        asked = Asked(str(cursor.flow), cursor.version, self.state, cursor.stack, (), cursor.done, cursor.filled)
        cursor.history = (*cursor.history, asked)[-MOST_HISTORY:]

    def take_place(self) -> None:
        """Takes the machine of the running flow, as it was when the conversation came into it."""
        if self.cursor.flow is not None:
            self._stand(self.cursor.flow, self.cursor.version, self.state)

    def begin_again(self) -> bool:
        """Leaves everything, and says so, when a place the conversation should go on at is nowhere to be found."""
        self.drop("cancelled")
        self.effects.append(Say(sentence("begin_again", self.cursor.language), "", ""))
        return True

    def renew(self) -> None:
        """Begins the running flow again, as it is now, after saying so; of called ones, that which called first."""
        cursor = self.cursor
        flow = cursor.frames()[0][0]
        self.effects.append(Say(sentence("flow_updated", cursor.language), "", ""))
        self._leave_all("restarted")
        inputs = self.machines(flow, None).flow.inputs
        self._enter(flow, {slot: cursor.slots[slot] for slot in inputs if slot in cursor.slots})
        self.settle()

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
                self._begin_instead(str(state.calls))
            elif not self._leave(state):
                return
        self._break_off()

    def _begin_instead(self, flow: str) -> None:
        """Ends the running flow and begins another; `back` still leads to the questions before."""
        past = self.cursor.history
        self._leave_all("ended")
        self.cursor.history = past
        self._enter(flow, {})

    def _break_off(self) -> None:
        """Leaves a flow that goes round by itself, with nothing of what it did, and asks for a person.

        The checks refuse such flows (F004); what came in is kept nevertheless.
        """
        said = sentence("begin_again", self.cursor.language)
        flow, step = self.machine.id, self.machine.state(self.state).step
        self.effects.clear()
        self.cursor.slots = dict(self.given.slots)
        self.contact.clear()
        del self.trace[MOST_TOLD:]
        self.drop("cancelled")
        self.effects += [
            Say(said, "", ""),
            WantsAgent(reason="give_up", step=step.id if step is not None else "", flow=flow),
        ]

    def open_question(self) -> Question | None:
        """Returns the question this conversation waits with, if it does."""
        return self.machine.state(self.state).question if self.cursor.flow is not None else None

    def say(self, key: str, **values: Any) -> None:
        """Says one of the product's own sentences; raises KeyError for one we do not have."""
        text = sentence(key, self.cursor.language, **values)
        step = self.machine.state(self.state).step if self.cursor.flow is not None else None
        self.effects.append(Say(text, step.id if step else "", self.cursor.flow or ""))

    def begin(self, flow: str, inputs: Mapping[str, SlotValue]) -> None:
        """Begins a flow on top of whatever runs, which goes on afterwards."""
        if self.cursor.flow is not None and flow in (frame[0] for frame in self.cursor.frames()):
            self._leave_all("restarted")
        elif self.cursor.flow is not None:
            self._park()
        self._enter(flow, inputs)
        self.settle()

    def start_over(self, flow: str) -> None:
        """Leaves everything, forgets the conversation's slots, and begins a flow with the inputs it had."""
        cursor = self.cursor
        left = cursor.flow or flow
        self.say("restarted")
        self.drop("restarted")
        inputs = self.machines(flow, None).flow.inputs
        self._clear(left, keep=inputs)
        self._enter(flow, {slot: cursor.slots[slot] for slot in inputs if slot in cursor.slots})

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
        for forgotten in cursor.stack[: max(0, len(cursor.stack) + 1 - MOST_CALLS)]:
            self.effects.append(FlowLeft(forgotten.flow, "cancelled"))
        flow = str(self._wished(state) or state.calls)
        inputs = state.gives(self) if state.gives else {}
        frame = Frame(str(cursor.flow), cursor.version, self.state, len(cursor.filled))
        cursor.stack = (*cursor.stack, frame)[-MOST_CALLS:]
        self._enter(flow, inputs)

    def _wished(self, state: FlowState) -> str | None:
        """Returns the flow that the event names for this state, unless it is what led here: nobody hears it twice."""
        wished: str | None = self.event.data.get(state.follows) if state.follows else None
        return None if wished in [frame[0] for frame in self.cursor.frames()] else wished

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
            return self._unpark()
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
            raise Lost

    def _leave_all(self, how: Literal["ended", "cancelled", "restarted"]) -> None:
        for flow, _, _ in reversed(self.cursor.frames()):
            self.effects.append(FlowLeft(flow, how))
        self._nowhere()

    def _nowhere(self) -> None:
        cursor = self.cursor
        cursor.flow, cursor.version, self.state = None, "", ""
        cursor.stack, cursor.filled, cursor.history = (), (), ()
        cursor.open, cursor.tries = None, 0
        cursor.done, cursor.held = (), ()
        cursor.epoch += 1

    def _park(self) -> None:
        cursor = self.cursor
        if self.open_question() is None and not self.machine.state(self.state).resumes:
            self._leave_all("cancelled")
            return
        parked = Parked(
            str(cursor.flow),
            cursor.version,
            self.state,
            cursor.stack,
            cursor.filled,
            cursor.history,
            cursor.tries,
            cursor.open,
            cursor.done,
            cursor.held,
        )
        for forgotten in cursor.parked[: max(0, len(cursor.parked) + 1 - MOST_PARKED)]:
            self.effects.append(FlowLeft(forgotten.flow, "cancelled"))
        cursor.parked = (*cursor.parked, parked)[-MOST_PARKED:]
        self._nowhere()

    def _unpark(self) -> bool:
        """Takes up the flow that was interrupted last, and its question; returns whether it goes on without one."""
        cursor = self.cursor
        parked = cursor.parked[-1]
        cursor.parked = cursor.parked[:-1]
        lost = set(parked.filled) - cursor.slots.keys()  # The same flow ran meanwhile, and began with nothing.
        cursor.stack, cursor.filled = parked.stack, _without(lost, parked.filled)
        cursor.history = parked.history
        cursor.tries, cursor.open = parked.tries, parked.open
        cursor.done, cursor.held = _without(lost, parked.done), parked.held
        cursor.epoch += 1
        self._stand(parked.flow, parked.version, parked.state)
        question = self.open_question()
        if question is not None:
            question.repeat(self, before=sentence("back_to_flow", cursor.language))
            return False
        self.fire("resumed")
        return True

    def _jump(self) -> None:
        jump, self.jump = self.jump, ""
        if jump == "restart":
            self.start_over(self._still_there(self._outermost(), self.settings.start))
        elif jump == "start_over":
            first = self._still_there(self.cursor.first_flow, self._outermost(), self.settings.start)
            self.cursor.first_flow = first
            self.start_over(first)
        elif jump == "cancel":
            self.say("cancelled")
            self.state = CANCEL
        else:
            self._back()

    def _still_there(self, *flows: str | None) -> str:
        """Returns the first of these flows that the site still has; raises Lost where it has none of them."""
        for flow in filter(None, flows):
            with suppress(LookupError):
                return self.machines(flow, None).id
        raise Lost

    def _outermost(self) -> str:
        """Returns the flow that was interrupted first, else the running one; of called ones, the first caller."""
        cursor = self.cursor
        base = cursor.parked[0] if cursor.parked else None
        if base is not None:
            return base.stack[0].flow if base.stack else base.flow
        return cursor.frames()[0][0]

    def _clear(self, flow: str, keep: Mapping[str, str]) -> None:
        for slot in [slot for slot in self.cursor.slots if slot not in keep]:
            if self.attribute(slot) is None:
                self.effects.append(SlotSet(slot, None, START, flow))
            del self.cursor.slots[slot]

    def _back(self) -> None:
        """Goes to the question before the one that is open; from a later step, to the last one that was put."""
        cursor = self.cursor
        question = self.open_question()
        # Whoever is asked whether a value is right goes back to the question they gave it to.
        place = len(cursor.history) - (1 if question is None or cursor.held else 2)
        if place < 0:
            if question is not None:
                question.repeat(self, before=sentence("back_nothing", cursor.language))
            return
        asked = cursor.history[place]
        left = cursor.frames()
        self._undo(cursor.history[place:], step=asked.state)
        cursor.history, cursor.stack = cursor.history[:place], asked.stack
        if asked.filled is not None:
            cursor.filled = tuple(slot for slot in asked.filled if slot in cursor.slots)
        self._stand(asked.flow, asked.version, asked.state)
        self._tell_flows(left, cursor.frames())
        self.returning = asked
        self.machine.state(self.state).enter(Fired(self.machine, self))

    def _undo(self, history: tuple[Asked, ...], *, step: str) -> None:
        cursor = self.cursor
        for write in reversed([write for asked in history for write in asked.writes]):
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

    def _tell_flows(self, left: tuple[tuple[str, str, str], ...], now: tuple[tuple[str, str, str], ...]) -> None:
        same = 0
        while same < min(len(left), len(now)) and left[same][:2] == now[same][:2]:
            same += 1
        for flow, _, _ in reversed(left[same:]):
            self.effects.append(FlowLeft(flow, "cancelled"))
        for flow, version, _ in now[same:]:
            self.effects.append(FlowEntered(flow, version))


def _without(lost: Collection[str], slots: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(slot for slot in slots if slot not in lost)
