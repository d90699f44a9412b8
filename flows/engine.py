"""The state machine flows are compiled to: `transitions`, flat and shared, with the reasons of every decision.

The library's tables, guards and order of things; a step is taken by a short way of our own through them
(`docs/decisions/0010`), and a test goes both ways. One machine serves every conversation of a flow version. A
conversation is never registered with it; the object a turn works on is handed to the event, and nothing of a turn is
kept here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from transitions.core import Condition, Event, EventData, Machine, MachineError, State, Transition

from rules.problems import Place
from rules.texts import Text

if TYPE_CHECKING:
    from flows.flow import Flow
    from flows.question import Question
    from flows.run import Run
    from flows.steps.step import Step

# The library tells every callback it makes; at that level it costs as much as the work itself.
logging.getLogger("transitions").setLevel(logging.WARNING)

START = "__start"
END = "__end"
CANCEL = "__cancel"

StateKind = Literal["pass", "wait", "call", "start", "final"]
Traced = tuple[str, str, str, str, bool | str | None, str, int]
"""What, flow, step, words, outcome, file, line."""
Callback = Callable[[EventData], None]


class Guard:
    """A condition of a transition in a marketer's words; it is passed only when definitely true."""

    __slots__ = ("__name__", "entries", "implies", "test")

    def __init__(
        self,
        test: Callable[[Run], bool | None],
        words: str,
        *,
        at: tuple[str, str, Place],
        implies: frozenset[str] = frozenset(),
    ) -> None:
        flow, step, place = at
        self.test = test
        self.__name__ = words
        self.entries: dict[bool | None, Traced] = {
            outcome: ("guard", flow, step, words, outcome, place.file, place.line) for outcome in (True, False, None)
        }
        self.implies = implies
        """Slots that surely have a value where this holds."""

    def __call__(self, e: EventData) -> bool | None:
        run: Any = e.model
        return self.test(run)


class TracedCondition(Condition):
    """Every outcome of a guard goes to the trace of the turn."""

    def check(self, event_data: EventData) -> bool:
        guard: Any = self.func
        run: Any = event_data.model
        outcome = guard.test(run)
        run.trace.append(guard.entries[outcome])
        return outcome is True


class FlowTransition(Transition):
    """A transition that also tells the checks which slots it fills, and which surely have a value where it is taken.

    `at_once` says that it may come as soon as its state is entered, though that waits: nobody has to do anything.
    """

    condition_cls = TracedCondition

    def __init__(
        self,
        *args: Any,
        writes: Iterable[str] = (),
        implies: Iterable[str] = (),
        at_once: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.at_once = at_once
        self.writes = tuple(writes)
        self.implies = frozenset(implies).union(*(guard.implies for guard in self.guards))

    def execute(self, event_data: EventData) -> bool:
        """Makes the transition if every guard is passed: guards, then `before`, then the entry of the next state."""
        for condition in self.conditions:
            if not condition.check(event_data):
                return False
        for function in self.before:
            function(event_data)  # type: ignore[operator]
        if self.dest:
            run: Any = event_data.model
            run.state = self.dest
            event_data.machine.states[self.dest].enter(event_data)
        return True

    @property
    def guards(self) -> tuple[Guard, ...]:
        return tuple(condition.func for condition in self.conditions if isinstance(condition.func, Guard))


class Fired(EventData):
    """What callbacks get: whose turn it is. The library's holds more than they look at, and takes longer to be made."""

    def __init__(self, machine: Machine, model: Any) -> None:
        self.machine = machine
        self.model = model

    def __repr__(self) -> str:
        return f"Fired({self.model!r})"


class FlowEvent(Event):
    """Something that happens to a conversation, and the transitions it may make in each state."""

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        """Makes the first transition of the model's state that can be made; raises MachineError if there is none."""
        if model.state not in self.transitions:
            raise MachineError(f"nothing happens on '{self.name}' in '{model.state}'")
        fired = Fired(self.machine, model)
        for transition in self.transitions[model.state]:  # noqa: SIM110 - in every turn, several times
            if transition.execute(fired):
                return True
        return False


class FlowState(State):
    """A step as a state, or a place between steps: a gate before one, an end, a jump."""

    def __init__(
        self,
        name: str,
        *,
        kind: StateKind,
        step: Step | None = None,
        enter: Callback | None = None,
        entered: Traced | None = None,
        calls: str | None = None,
        gives: Callable[[Run], dict[str, Any]] | None = None,
        question: Question | None = None,
        interruptible: bool = False,
        how: Literal["ended", "cancelled"] = "ended",
        leaves_all: bool = False,
        offline: bool = False,
        follows: str = "",
        restarts: bool = False,
        resumes: bool = False,
    ) -> None:
        super().__init__(name, on_enter=[enter] if enter else None, final=kind == "final")
        self.kind = kind
        self.step = step
        self.entered = entered
        self.calls = calls
        """The flow that is called or started from here."""
        self.gives = gives
        """The inputs handed to that flow."""
        self.question = question
        self.interruptible = interruptible
        self.how = how
        self.leaves_all = leaves_all
        """A final state that ends the callers of its flow too."""
        self.offline = offline
        """A call that is the department's own rule for when nobody is there."""
        self.follows = follows
        """A call that the event may send to another flow: the key of its data that names it."""
        self.restarts = restarts
        """A place from which the whole conversation begins again."""
        self.resumes = resumes
        """It waits without a question, and may be left for another flow and taken up again."""

    def enter(self, event_data: EventData) -> None:
        if self.entered is not None:
            run: Any = event_data.model
            run.trace.append(self.entered)
        for function in self.on_enter:
            function(event_data)  # type: ignore[operator]


def _labels_in(states: Iterable[FlowState]) -> Iterator[tuple[tuple[str, str], Text]]:
    for state in states:
        for slot, offer in state.question.kept_choices() if state.question is not None else ():
            if isinstance(offer.stored, str) and offer.stored in offer.labels.values():
                yield (slot, offer.stored), offer.labels


class FlowMachine(Machine):
    """One version of one flow, ready to run; built by `flows.compiler`."""

    state_cls = FlowState
    transition_cls = FlowTransition
    event_cls = FlowEvent

    def __init__(self, flow: Flow, states: list[FlowState], moves: Iterable[Mapping[str, Any]]) -> None:
        super().__init__(
            model=None,
            states=states,
            transitions=[dict(move) for move in moves],
            initial=START,
            auto_transitions=False,
            send_event=True,
            queued=False,
        )
        self.flow = flow
        self.id = flow.id
        self.version = flow.version
        self.types = flow.types()
        """Every slot the flow knows, with its type."""
        self.collects = frozenset(slot for step in flow.every_step() for slot in step.writes())
        """Slots its own steps may fill."""
        self.labels: Mapping[tuple[str, str], Text] = dict(_labels_in(states))
        """Slot and value of every answer that is kept by its label → the label in each language. When a site is read as
        a whole, those of its other flows are added."""
        self.sure: Mapping[str, frozenset[str]] = {}
        """State → the slots that have a value on every way to it; noted when a site is checked as a whole."""
        self.uses: Mapping[str, frozenset[str]] = {}
        """State → the slots that are said or asked about there or later; noted then, too."""

    def state(self, name: str) -> FlowState:
        """Returns a state by its name."""
        state: FlowState = self.states[name]  # type: ignore[assignment]
        return state

    def takes(self, event: str, state: str) -> bool:
        """Says whether an event has any transition in this state."""
        return event in self.events and state in self.events[event].transitions

    def moves(self) -> Iterable[tuple[str, FlowTransition]]:
        """Yields every transition with the event that makes it, in the order they are tried."""
        for name, event in self.events.items():
            for transitions in event.transitions.values():
                for transition in transitions:
                    if isinstance(transition, FlowTransition):
                        yield name, transition
