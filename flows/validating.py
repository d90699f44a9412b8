"""An answer that waits for a validator: a program of one's own says whether it is right, and what it is.

The message is kept as it came in. When the validator has spoken it is read again, with the verdict: so a conversation
that waits stands at its question as before, and no question has to know how to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flows.cursor import Pending
from flows.effects import CallValidator, Misunderstood, Say, SlotValue
from flows.sentences import question_for, sentence
from rules.durations import Duration

if TYPE_CHECKING:
    from flows.question import Question
    from flows.run import Run

VALIDATES = "validate_"
"""What the names of validators begin with; the rest is that of the form they belong to."""
TIMEOUT = Duration(10)


def validator_of(run: Run) -> str | None:
    """Returns the validator of the running flow: the one it names, else one of its name that there is."""
    flow = run.machine.flow
    usual = f"{VALIDATES}{flow.id}"
    return flow.validator or (usual if usual in run.settings.actions else None)


def is_held_back(run: Run, question: Question) -> bool:
    """Sends an answer to the validator of the flow, if it has one; returns whether it has to be waited for."""
    validator = validator_of(run) if run.verdict is None else None
    candidates = question.candidates(run) if validator is not None else {}
    if validator is None or not candidates:
        return False
    event = run.event
    _ask(run, Pending(0, run.text, event.button, event.form, (), {}), validator, candidates, question.requested(run))
    return True


def is_waiting(run: Run) -> bool:
    """Returns whether an answer waits for its validator, so that nothing else is taken for one."""
    pending = _pending(run)
    return pending is not None and (pending.asks is None or pending.candidate is not None)


def answers_validator(run: Run) -> bool:
    """Takes a message as the answer to what the validator asked for; returns whether it did ask."""
    pending = _pending(run)
    if pending is None or pending.asks is None or not run.text:
        return False
    validator = validator_of(run)
    if validator is None:
        return False
    _ask(run, pending._replace(candidate=run.text), validator, {pending.asks: run.text}, pending.asks)
    return True


def take_verdict(run: Run, again: Callable[[Pending], None]) -> bool:
    """Takes what the validator says. `again` reads the message that waited, once there is nothing more to ask."""
    pending = _pending(run)
    if pending is None:
        return False
    data = run.event.data
    slots: Mapping[str, SlotValue] = data.get("slots") or {}
    if pending.asks is not None:
        value = slots.get(pending.asks, pending.candidate)
        if value is None:
            return _ask_once_more(run, pending, again)
        slots = {**slots, pending.asks: value}
    pending = pending._replace(slots={**pending.slots, **slots}, candidate=None)
    wanted = data.get("asks")
    if wanted is not None and not _refuses(run, pending):
        words = data.get("prompt") or question_for(wanted, "text", run.cursor.language)
        _put(run, pending._replace(asks=wanted, prompt=words))
        return True
    _end(run, pending, again, pending.slots, str(data.get("told") or ""))
    return True


def could_not_ask(run: Run, again: Callable[[Pending], None]) -> bool:
    """Takes it that the validator could not be asked: nothing is accepted that it has not seen."""
    pending = _pending(run)
    if pending is None:
        return False
    run.effects.append(Say(sentence("cannot_check", run.cursor.language), _step(run), run.machine.id))
    if pending.asks is not None:
        return _ask_once_more(run, pending, again)
    _end(run, pending, again, dict.fromkeys(pending.candidates), sentence("cannot_check", run.cursor.language))
    return True


def keep_others(run: Run, mine: Mapping[str, Any]) -> None:
    """Writes the slots a validator set besides those that were answered."""
    for slot, value in (run.verdict or {}).items():
        if slot in mine:
            continue
        if value is None:
            run.forget(slot)
        else:
            run.put(slot, value, _step(run), "conversation")


def _ask(
    run: Run, pending: Pending, validator: str, candidates: Mapping[str, SlotValue], requested: str | None
) -> None:
    cursor = run.cursor
    cursor.epoch += 1
    first = pending.candidates or tuple(candidates)
    cursor.pending = pending._replace(epoch=cursor.epoch, candidates=first)
    flow = run.machine.flow
    slots = tuple(dict.fromkeys(slot for step in flow.every_step() for slot in step.asks_for()))
    run.effects.append(
        CallValidator(
            validator=validator,
            form=validator.removeprefix(VALIDATES),
            slots=slots,
            requested=requested,
            candidates=dict(candidates),
            given=dict(pending.slots),
            timeout=TIMEOUT,
            step=_step(run),
            flow=flow.id,
            epoch=cursor.epoch,
        )
    )


def _end(
    run: Run, pending: Pending, again: Callable[[Pending], None], verdict: Mapping[str, SlotValue], told: str
) -> None:
    """Waits for no validator any more, whatever the answer is good for, and reads the message that waited."""
    run.cursor.pending = None
    run.cursor.epoch += 1
    run.verdict, run.told = verdict, told
    again(pending)


def _ask_once_more(run: Run, pending: Pending, again: Callable[[Pending], None]) -> bool:
    """Puts the validator's question again, or gives up the one that was open before it, as it says."""
    cursor, question = run.cursor, run.open_question()
    cursor.tries += 1
    run.effects.append(Misunderstood(_step(run), pending.candidate or "", cursor.tries))
    if question is not None and cursor.tries > question.retries:
        _end(run, pending, again, dict.fromkeys(pending.candidates), pending.prompt)
    else:
        _put(run, pending._replace(candidate=None))
    return True


def _put(run: Run, pending: Pending) -> None:
    run.cursor.epoch += 1
    run.cursor.pending = pending._replace(epoch=run.cursor.epoch)
    run.effects.append(Say(pending.prompt, _step(run), run.machine.id, asks=pending.asks))


def _pending(run: Run) -> Pending | None:
    """Returns the answer that waits; one of an earlier moment counts no more."""
    pending = run.cursor.pending
    return pending if pending is not None and pending.epoch == run.cursor.epoch else None


def _refuses(run: Run, pending: Pending) -> bool:
    return any(slot in pending.slots and pending.slots[slot] is None for slot in pending.candidates)


def _step(run: Run) -> str:
    step = run.machine.state(run.state).step
    return step.id if step is not None else ""
