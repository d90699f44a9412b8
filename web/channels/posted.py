"""Events posted into a tracker: each that means something here becomes a verb of the desk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.ids import NewId
from flows.effects import SlotValue
from handoff.desk import Desk, Outcome
from handoff.desk.visitor_side import sayable
from web.channels.conversations import Subject
from web.channels.entry import client_id_of
from web.channels.spoken import BotData, Button, Posted
from web.errors import Malformed
from web.frames import MAX_NUMBER

MOST_EVENTS = 100
"""Events of one request."""
MOST_SLOT_TEXT = 4000
"""Characters of a slot."""

WITHOUT_MEANING = frozenset(
    {
        "action",
        "action_execution_rejected",
        "active_loop",
        "entities",
        "export",
        "form",
        "form_validation",
        "loop_interrupted",
        "session_ended",
        "session_started",
        "user_featurization",
    }
)
"""What Rasa's programs post about Rasa's own inner life: taken, and nothing is done."""


@dataclass(frozen=True, slots=True)
class Posting:
    """How a posted event is carried out. `deliver`: it is also told to the visitor where they are reached."""

    desk: Desk
    new_id: NewId
    flows: Callable[[], Mapping[str, Any]]

    def check(self, event: Posted, number: int) -> None:
        """Raises Malformed for an event that could not be carried out, before any of its list is."""
        where = f"{number}."
        if event.event not in DONE_BY.keys() | WITHOUT_MEANING:
            known = ", ".join(sorted(DONE_BY))
            raise Malformed(f"'{event.event}' is no event that is understood here. Events are {known}.", field=where)
        if event.event in ("user", "agent") or (event.event == "bot" and not _carries(event.data)):
            _text_of(event, where)
        if event.event == "slot":
            slot_of(event.name, event.value, where)
        if event.event == "followup" and event.name not in self.flows():
            raise Malformed(f"There is no flow '{event.name}'.", field=f"{where}name")

    def carry_out(self, event: Posted, subject: Subject, *, deliver: bool) -> Outcome | None:
        """Does what the event means; None for one that means nothing here."""
        if event.event in WITHOUT_MEANING:
            return None
        return DONE_BY[event.event](self, event, subject, deliver)

    def _user(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        client_id = client_id_of(event.message_id) if event.message_id else self.new_id()
        return self.desk.record(
            subject.visitor_id, _text_of(event), client_id=client_id, whereabouts=subject.whereabouts
        )

    def _bot(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        body = message_of(event.text, event.data or BotData())
        told = body if deliver else {**body, "silent": True}
        return self.desk.say_as("bot", subject.visitor_id, told, whereabouts=subject.whereabouts)

    def _agent(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        name = (event.metadata or {}).get("name")
        body = {"text": _text_of(event)} | ({"name": name} if isinstance(name, str) and name else {})
        return self.desk.say_as("agent", subject.visitor_id, body, whereabouts=subject.whereabouts)

    def _slot(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        slots = dict([slot_of(event.name, event.value, "")])
        return self.desk.set_slots(subject.visitor_id, slots, whereabouts=subject.whereabouts)

    def _followup(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        return self.desk.start_flow(subject.visitor_id, event.name or "", inputs={}, whereabouts=subject.whereabouts)

    def _pause(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        department = (event.metadata or {}).get("department")
        wanted = department if isinstance(department, str) else None
        return self.desk.hand_over(subject.visitor_id, wanted, whereabouts=subject.whereabouts)

    def _resume(self, event: Posted, subject: Subject, deliver: bool) -> Outcome:
        return self.desk.take_back(subject.visitor_id, whereabouts=subject.whereabouts)


Doing = Callable[[Posting, Posted, Subject, bool], Outcome]
DONE_BY: Mapping[str, Doing] = {
    "agent": Posting._agent,
    "bot": Posting._bot,
    "followup": Posting._followup,
    "pause": Posting._pause,
    "resume": Posting._resume,
    "slot": Posting._slot,
    "user": Posting._user,
}
"""Kind of event → what it does."""


def message_of(text: str | None, data: BotData) -> dict[str, Any]:
    """Returns the body of a bot's message; what Rasa calls elements becomes lines of text with their buttons."""
    lines = [text] if text else []
    buttons: list[Button] = [*(data.buttons or ()), *(data.quick_replies or ())]
    for element in data.elements or ():
        lines.append(f"{element.title} : {element.subtitle}" if element.subtitle else element.title)
        buttons += element.buttons
    # Without words the address of the picture stands for them, for whoever sees texts alone.
    body: dict[str, Any] = {"text": sayable("\n".join(lines)) if lines else data.image or ""}
    if buttons:
        body["options"] = [{"label": each.title, "value": each.payload} for each in buttons]
    given = {"image": data.image, "attachment": data.attachment, "custom": data.custom}
    return body | {name: value for name, value in given.items() if value}


def slot_of(name: str | None, value: Any, where: str) -> tuple[str, SlotValue]:
    """Returns a slot and its value; raises Malformed for what a slot cannot hold."""
    if not name:
        raise Malformed("A slot must be named.", field=f"{where}name")
    plain = value is None or isinstance(value, (bool, int, float, str))
    unkeepable = (
        len(value) > MOST_SLOT_TEXT or "\0" in value
        if isinstance(value, str)
        else isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER  # NaN is not below anything either.
    )
    if not plain or unkeepable:
        raise Malformed(
            f"The slot '{name}' must be a number, true, false, null, or at most {MOST_SLOT_TEXT:,} characters.",
            field=f"{where}value",
        )
    return name, value


def _text_of(event: Posted, where: str = "") -> str:
    if not event.text:
        raise Malformed(f"An event '{event.event}' must have a text.", field=f"{where}text")
    return sayable(event.text)


def _carries(data: BotData | None) -> bool:
    return data is not None and bool(data.elements or data.image or data.attachment or data.custom)
