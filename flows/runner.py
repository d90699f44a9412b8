"""Takes a conversation one event further: `turn` is a pure function, and its result is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from flows import validating
from flows.cursor import Cursor, Pending
from flows.effects import Effect, WantsAgent
from flows.engine import Traced
from flows.event import Event
from flows.filling import FormQuestion
from flows.question import Question
from flows.run import Lost, Machines, Run
from flows.settings import Settings
from flows.steps.handoff import LEAVE_MESSAGE, missed_department
from rules.rulebook import Reading

DEFAULTS = Settings()
_BREAKS_SILENCE = ("start", "input", "repeat", "agent_left")
"""What comes because somebody is there; the rest the clock and programs do."""


class Result(NamedTuple):
    """What a turn comes to. `handled` is False when nothing here took the event: no flow runs, or it came too late."""

    cursor: Cursor
    effects: tuple[Effect, ...]
    trace: tuple[Traced, ...]
    handled: bool


def turn(
    machines: Machines,
    cursor: Cursor,
    event: Event,
    facts: Mapping[str, Any],
    now: datetime,
    settings: Settings = DEFAULTS,
) -> Result:
    """Returns where the conversation stands after this event, what is to be done about it, and why."""
    run = Run(machines, cursor, event, facts, now, settings)
    if event.kind in _BREAKS_SILENCE:
        run.cursor.silent = ()
    try:
        run.take_place()
        _note(run, "event", event.kind, None)
        if event.kind == "timer":
            _note(run, "timer", str(event.data.get("n")), None)
        handled = _is_current(run) and _TAKEN_BY[event.kind](run)
    except Lost:
        handled = run.begin_again()
    if not handled:
        run.cursor.silent = cursor.silent
    run.cursor.state = run.state
    return Result(run.cursor, tuple(run.effects), tuple(run.trace), handled)


def reading_of(
    machines: Machines,
    cursor: Cursor,
    text: str,
    facts: Mapping[str, Any],
    now: datetime,
    settings: Settings = DEFAULTS,
) -> Reading:
    """Returns what a typed text would be taken for, without taking it: for whoever else may answer it."""
    run = Run(machines, cursor, Event("input", text=text), facts, now, settings)
    if cursor.flow is None:
        return "human" if _phrase(run, None) == "human" else "none"
    try:
        run.take_place()
    except Lost:
        return "none"
    # While a validator looks at an answer, nothing is another one.
    question = None if validating.is_waiting(run) else run.open_question()
    phrase = _phrase(run, question)
    understood = run.machine.takes(f"interrupt.{phrase}", run.state)
    if phrase == "human" and understood:
        return "human"
    if question is not None and question.labelled(run, text) is not None:
        return "label"
    if phrase is not None and understood:
        return "phrase"
    if question is None or question.understood(run, text) is None:
        return "none"
    return "free_answer" if question.takes_any_text(run) else "answer"


def filled_in(
    machines: Machines,
    cursor: Cursor,
    form: Mapping[str, Any],
    facts: Mapping[str, Any],
    now: datetime,
    settings: Settings = DEFAULTS,
) -> tuple[str, Mapping[str, Any]] | None:
    """Returns what was filled into a form, in words and by its fields alone; None if it is not the one that is open."""
    run = Run(machines, cursor, Event("input", form=form), facts, now, settings)
    try:
        run.take_place()
    except Lost:
        return None
    question = run.open_question()
    if not isinstance(question, FormQuestion) or form.get("step") != f"{question.flow}.{question.step}":
        return None
    values = question.of_its_fields(form.get("values") or {})
    return question.as_written(run, values), values


def may_be_left(machines: Machines, cursor: Cursor) -> bool:
    """Says whether another flow, or a person, may come in between here: at an open question that allows it."""
    if cursor.flow is None:
        return True
    machine = machines(cursor.flow, cursor.version)
    if cursor.state not in machine.states:
        return False
    state = machine.state(cursor.state)
    return state.question is not None and state.interruptible


def _is_current(run: Run) -> bool:
    if run.event.epoch is None or run.event.epoch == run.cursor.epoch:
        return True
    return _note(run, "refused", "came too late", False)


def _started(run: Run) -> bool:
    flow = str(run.event.data["flow"])
    if not run.cursor.running:
        run.cursor.first_flow = flow
    if run.event.data.get("instead"):
        run.drop("cancelled")
    run.begin(flow, run.event.data.get("with") or {})
    return True


def _was_input(run: Run) -> bool:
    if run.cursor.flow is None:
        return _input_nowhere(run)
    if validating.is_waiting(run):
        return _said_meanwhile(run)
    question = run.open_question()
    if run.event.button is not None:
        return _pressed(run, run.event.button, question)
    if run.event.form is not None:
        return _filled(run, run.event.form, question)
    if _interrupted(run, question) or question is None:
        run.settle()
    elif not validating.answers_validator(run):
        run.answer = run.answer or question.understood(run, run.text)
        _answered(run, question)
    return True


def _said_meanwhile(run: Run) -> bool:
    """Takes a message while a validator looks at the answer before it: global phrases count, nothing else does."""
    if run.event.button is None and run.event.form is None and _interrupted(run, None):
        run.settle()
    else:
        _note(run, "refused", "an answer is being looked at", False)
    return True


def _answered(run: Run, question: Question) -> None:
    """Goes on with what the visitor answered, unless a validator has to look at it first."""
    if run.answer is not None:
        if validating.is_held_back(run, question):
            return
        if run.verdict is not None:
            validating.keep_others(run, question.candidates(run))
            question.take_verdict(run)
    run.fire("input")
    run.settle()


def _interrupted(run: Run, question: Question | None) -> bool:
    """Takes a global phrase, if this is one: `human` before everything, the others after the labels of buttons."""
    phrase = _phrase(run, question)
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


def _phrase(run: Run, question: Question | None) -> str | None:
    """Returns the global phrase a text is, where this question is open."""
    may_answer = question is not None and question.may_name(run, run.text)
    return run.settings.phrases.match(run.text, run.cursor.language, may_answer=may_answer)


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
    _answered(run, question)
    return True


def _filled(run: Run, form: Mapping[str, Any], question: Question | None) -> bool:
    """Takes a form that was filled in. That of any other step, or a forged one, moves nothing."""
    if question is not None and form.get("step") == f"{question.flow}.{question.step}":
        run.answer = question.submitted(run, form.get("values") or {})
    if question is None or run.answer is None:
        _note(run, "refused", "a form that is not open", False)
        if question is not None:
            question.repeat(run)
        return True
    _answered(run, question)
    return True


def _input_nowhere(run: Run) -> bool:
    typed = run.event.button is None and run.event.form is None
    phrase = _phrase(run, None) if typed else None
    if phrase == "human":
        run.effects.append(WantsAgent(reason="phrase"))
        return _note(run, "phrase", "human", True)
    return _note(run, "refused", "no flow is running", False)


def _strayed(run: Run) -> bool:
    """Takes a phrase where no flow is running: there is nothing to leave or go back to, but somewhere to begin."""
    phrase = _phrase(run, None)
    if phrase is None or run.cursor.running:
        return _note(run, "refused", "no phrase to be answered here", False)
    _note(run, "phrase", phrase, True)
    start = run.settings.start
    if phrase == "restart" and start is not None:
        run.cursor.first_flow = start
        run.start_over(start)
        run.settle()
    else:
        ways = ("restart", "human") if start is not None else ("human",)
        words = (run.settings.phrases.first(name, run.cursor.language) for name in ways)
        run.say("nothing_open", words=", ".join(each for each in words if each))
    return True


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
    run.fire("resumed")
    run.settle()
    return True


def _action_failed(run: Run) -> bool:
    if validating.could_not_ask(run, partial(_read_again, run)):
        return True
    return _fired(run, "action_failed") or _note(run, "refused", "nothing waits for this action", False)


def _nobody_came(run: Run) -> bool:
    for_good = bool(run.event.data.get("for_good"))
    if not for_good and _fired(run, "nobody_came"):
        return True
    if for_good:
        run.drop("cancelled")
    flow = str(run.event.data.get("flow") or LEAVE_MESSAGE)
    question = run.open_question()
    if question is not None and flow in (frame[0] for frame in run.cursor.frames()):
        question.repeat(run)
        return True
    run.begin(flow, missed_department(run))
    return True


def _repeated(run: Run) -> bool:
    question = None if validating.is_waiting(run) else run.open_question()
    if question is None:
        return _note(run, "refused", "no question is open", False)
    question.repeat(run)
    return True


def _timer(run: Run) -> bool:
    return _fired(run, "timer") or _note(run, "refused", "nothing waits for this timer", False)


def _fired(run: Run, event: str) -> bool:
    """Lets an event happen to the step that waits for it; returns whether one does."""
    if run.cursor.flow is None or not run.machine.takes(event, run.state):
        return False
    run.fire(event)
    run.settle()
    return True


def _validated(run: Run) -> bool:
    if run.cursor.flow is None or not validating.take_verdict(run, partial(_read_again, run)):
        return _note(run, "refused", "nothing waits for this validator", False)
    return True


def _read_again(run: Run, waiting: Pending) -> None:
    """Takes the message that waited for its validator as if it came in now."""
    run.event = Event("input", text=waiting.text, button=waiting.button, form=waiting.form)
    run.text = waiting.text
    _was_input(run)


def _done(run: Run) -> bool:
    return _fired(run, "done") or _note(run, "refused", "nothing waits for this action", False)


def _updated(run: Run) -> bool:
    if run.cursor.flow is None:
        return _note(run, "refused", "no flow is running", False)
    run.renew()
    return True


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
    "stray": _strayed,
    "repeat": _repeated,
    "timer": _timer,
    "done": _done,
    "validated": _validated,
    "agent_joined": _agent_joined,
    "agent_left": _agent_left,
    "action_failed": _action_failed,
    "nobody_came": _nobody_came,
    "updated": _updated,
}
