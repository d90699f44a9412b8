"""Who may hold a conversation next: bot → queue → agent → nobody, as one state machine."""

from functools import cache

from transitions import Machine, MachineError

_TRANSITIONS = (
    ("request_agent", "bot", "queue"),
    ("accept", "queue", "agent"),
    ("accept", "bot", "agent"),
    ("give_up_waiting", "queue", "bot"),
    ("return_to_bot", "agent", "bot"),
    ("close", "bot", "nobody"),
    ("close", "agent", "nobody"),
)


class NotNow(Exception):
    """The conversation is not where this could happen; `holder` says where it is."""

    def __init__(self, verb: str, holder: str):
        super().__init__(f"'{verb}' cannot happen while '{holder}' holds the conversation")
        self.verb = verb
        self.holder = holder


class _Standing:
    """The model a transition moves: never registered with the machine, which is shared."""

    __slots__ = ("state",)

    def __init__(self, state: str):
        self.state = state


@cache
def _machine() -> Machine:
    states = ["bot", "queue", "agent", "nobody"]
    machine = Machine(model=None, states=states, initial="bot", auto_transitions=False)
    for verb, source, target in _TRANSITIONS:
        machine.add_transition(verb, source, target)
    return machine


def holder_after(verb: str, holder: str) -> str:
    """Returns who holds the conversation after the verb; raises NotNow where it cannot happen."""
    standing = _Standing(holder)
    try:
        _machine().events[verb].trigger(standing)
    except MachineError as problem:
        raise NotNow(verb, holder) from problem
    return standing.state
