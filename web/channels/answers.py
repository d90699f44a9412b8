"""What the bot and agents say, as Rasa's clients read it, and what their buttons send back.

An answer is one of `{text}`, `{text, buttons}`, `{image}`, `{attachment}`, `{custom}`, without the name of who gets it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.events import Event
from flows.sentences import sentence
from handoff.audience import VisitorEars, as_heard, may_hear
from handoff.desk import Said
from web.bodies import any_object

Answer = dict[str, Any]

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_PAYLOAD = re.compile(r"/(?P<step>[^\s{]+)(?P<rest>\{.*\})", re.S)


def answers_of(events: Iterable[Event], *, visitor_id: str, language: str) -> list[Answer]:
    """Returns what these events say to the visitor, in order; nothing of what they may not hear."""
    ears = VisitorEars(visitor_id)
    heard = [(event, as_heard(event, ears)["body"]) for event in events if may_hear(event, ears)]
    return [answer for event, body in heard for answer in _answers(event, body, language)]


def _answers(event: Event, body: Mapping[str, Any], language: str) -> list[Answer]:
    if event.kind == "accepted":
        return [{"text": sentence("agent_joined", language, agent=body["name"])}]
    if event.kind == "returned":
        return [{"text": sentence("agent_returned", language)}]
    if event.kind != "message" or event.role == "visitor" or event.body.get("silent"):
        return []
    beside = [{name: body[name]} for name in ("custom", "image", "attachment") if name in body]
    return beside if body["text"] == body.get("image") else [*_of_text(body), *beside]


def _of_text(body: Mapping[str, Any]) -> list[Answer]:
    buttons = buttons_of(body)
    if buttons:
        return [{"text": body["text"], "buttons": buttons}]
    return [{"text": part.strip("\n")} for part in _BLANK_LINES.split(body["text"]) if part.strip()]


def buttons_of(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns the quick replies of a message as buttons."""
    return [_button(body.get("step"), option) for option in body.get("options") or ()]


def _button(step: str | None, option: Mapping[str, Any]) -> dict[str, str]:
    # The payload names its step, so that a button pressed late is not taken for one of the question open by then.
    payload = f"/{step}{json.dumps({'value': option['value']}, ensure_ascii=False)}" if step else option["value"]
    return {"title": option["label"], "payload": payload}


def for_recipient(recipient: str, answers: Iterable[Answer]) -> list[Answer]:
    """Returns the answers as the REST and callback channels send them."""
    return [{"recipient_id": recipient, **answer} for answer in answers]


def as_uttered(answer: Answer) -> Answer:
    """Returns an answer as the Socket.IO channel sends it."""
    if "buttons" in answer:
        replies = [{"content_type": "text", **button} for button in answer["buttons"]]
        return {"text": answer["text"], "quick_replies": replies}
    if "image" in answer:
        return {"attachment": {"type": "image", "payload": {"src": answer["image"]}}}
    return answer.get("custom", answer)


def said_of(message: str, recent: Iterable[Event]) -> Said:
    """Returns what a client's message says: a press of a button of one of the recent messages, else a text.

    The payload of a button presses it, whatever is open by now: the flow refuses one that came late. Its bare value
    does so only for the question asked last.
    """
    asked = [event for event in recent if event.kind == "message" and event.role == "bot"]
    message = message.strip()
    payload = _PAYLOAD.fullmatch(message)
    value = (any_object(payload["rest"]) or {}).get("value") if payload else None
    last = [event for event in asked if event.body.get("options") or event.body.get("asks")][-1:]
    return (
        (_pressed(payload["step"], value, asked) if payload else None)
        or (_pressed(str(last[0].body.get("step") or ""), message, last) if last else None)
        or Said(message)
    )


def _pressed(step: str, value: Any, asked: list[Event]) -> Said | None:
    for event in reversed(asked):
        if event.body.get("step", "") != step:
            continue
        for option in event.body.get("options", ()):
            if option["value"] == value:
                # Without a step no flow offered it: what it says is a text like any other.
                return Said(button={"step": step, **option}) if step else Said(option["label"])
    return None
