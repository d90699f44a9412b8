"""What visitors, agents and the widget may say to the server: one strict model per operation.

Read with `visitor_frame`, `agent_frame` (sockets and `…/op`) and `web.bodies.body_of` (the widget's other requests).
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from bot.models import LAST_SEQ
from rules.facts import fact_named, known_in_browser
from rules.readable import LONGEST_MESSAGE, has_something_to_read, without_controls
from web.bodies import read, storable

MAX_DRAFT = LONGEST_MESSAGE
"""Characters of what a visitor is typing."""
MAX_NUMBER = 2**53 - 1
"""Whole numbers above it are not the same in a browser."""
MAX_LINE = 2000
"""Characters of an address, a title."""
MAX_FIELDS = 50
"""Fields of one form."""


def _plain(text: str) -> str:
    """Returns a short text of one line as it is kept; a NUL is refused, since no page sends one by mistake."""
    kept = without_controls(storable(text))
    if text and not has_something_to_read(kept):
        raise ValueError("There is nothing to read in the text.")
    return kept


def _field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise ValueError("A field of a form is named with small letters, digits and _.")
    return name


_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What a slot can be called."""


def _filled(value: Any) -> Any:
    if not isinstance(value, str | bool):
        raise ValueError("A field of a form holds text, or true or false.")
    if isinstance(value, str) and len(storable(value)) > LONGEST_MESSAGE:
        raise ValueError(f"A field of a form may have at most {LONGEST_MESSAGE:,} characters.")
    return value


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    """Returns those that a page can know. A page that was opened before a new version may tell others: left out."""
    known = {}
    for name, value in facts.items():
        fact = fact_named(storable(name)) if known_in_browser(name) else None
        expected = _IN_A_PAGE.get(fact.type, str) if fact else (str, bool, int, float)
        by_mistake = fact and isinstance(value, bool) and expected is not bool
        if value is not None and (by_mistake or not isinstance(value, expected)):
            raise ValueError(f"The fact {name} is of another kind.")
        if isinstance(value, str) and len(storable(value)) > MAX_LINE:
            raise ValueError(f"The fact {name} is longer than {MAX_LINE:,} characters.")
        if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:  # NaN is not below anything either.
            raise ValueError(f"The fact {name} is too large a number.")
        if fact and fact.in_this_version:
            known[name] = without_controls(value) if isinstance(value, str) else value
    return known


_IN_A_PAGE: Mapping[str, type | tuple[type, ...]] = {
    "yes_no": bool,
    **dict.fromkeys(("number", "money", "clock", "percent"), (int, float)),
}
"""What facts are as JSON; all others are text."""


_ID = "[A-Za-z0-9_-]{8,64}"
Id = Annotated[str, StringConstraints(pattern=f"^{_ID}$")]
Number = Annotated[int, Field(ge=0, le=LAST_SEQ)]
"""The number of an event; 0 is before the first."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
"""A word or short label: a step, a shortcut, a language."""
Text = str
"""A message: the desk says in words which ones cannot be sent, and leaves out what cannot be stored."""
FieldName = Annotated[str, AfterValidator(_field)]
FieldValue = Annotated[JsonValue, AfterValidator(_filled)]
"""What one field of a form holds; all of them together are a message, which the desk measures."""
Told = Annotated[dict[Name, JsonValue], Field(max_length=200), AfterValidator(_told)]
"""What a page knows, by the names of facts; null is what it looked for and did not find."""


class Frame(BaseModel):
    """Nothing is converted, nothing unknown is accepted, nothing changes after it was read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Beat(Frame):
    op: Literal["beat"]


class Read(Frame):
    op: Literal["read"]
    conversation: Id
    seq: Number


class Pressed(Frame):
    """A quick reply of a step."""

    step: Name
    value: Name
    label: Name


class Answered(Frame):
    """An answer to a trigger's bubble: one of its buttons, or (without label) a text."""

    impression: Id
    label: Name | None = None


class FilledIn(Frame):
    """A form that was filled in: which one, and what its fields hold."""

    step: Name
    values: Annotated[dict[FieldName, FieldValue], Field(min_length=1, max_length=MAX_FIELDS)]


class Said(Frame):
    """What a visitor says: a text, a button, a form, or an answer to a bubble with a button or a text."""

    text: Text | None = None
    button: Pressed | None = None
    form: FilledIn | None = None
    answer: Answered | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Said":
        bubble = self.answer is not None and self.answer.label is not None
        things = sum((self.text is not None, self.button is not None, self.form is not None, bubble))
        if things != 1 or (self.answer is not None and (self.button is not None or self.form is not None)):
            raise ValueError("`body` must hold one thing: a text, a button, or a form.")
        return self


class Resume(Frame):
    op: Literal["resume"]
    conversation: Id | None
    after: Number


class Send(Frame):
    op: Literal["send"]
    conversation: Id | None
    client_id: Id
    body: Said


class Typing(Frame):
    """The visitor types; the draft, if sent, is shown to agents only."""

    op: Literal["typing"]
    conversation: Id | None
    on: bool
    text: Annotated[str, StringConstraints(max_length=MAX_DRAFT), AfterValidator(storable)] | None = None


VisitorFrame = Annotated[Resume | Send | Typing | Read | Beat, Field(discriminator="op")]


class Written(Frame):
    """What an agent writes, to the visitor or as a note."""

    text: Text


class Watch(Frame):
    op: Literal["watch"]
    conversation: Id
    after: Number


class Unwatch(Frame):
    op: Literal["unwatch"]
    conversation: Id


class Accept(Frame):
    op: Literal["accept"]
    conversation: Id
    client_id: Id


class Decline(Frame):
    op: Literal["decline"]
    conversation: Id
    client_id: Id | None = None


class AgentSend(Frame):
    """`token` is the seq of the accept: who lost the conversation since cannot write as its owner."""

    op: Literal["send"]
    conversation: Id
    client_id: Id
    token: Number
    body: Written


class Note(Frame):
    op: Literal["note"]
    conversation: Id
    client_id: Id
    body: Written


class AgentTyping(Frame):
    op: Literal["typing"]
    conversation: Id
    on: bool


class Return(Frame):
    op: Literal["return"]
    conversation: Id
    client_id: Id
    token: Number


class Close(Frame):
    op: Literal["close"]
    conversation: Id
    client_id: Id
    token: Number


class Presence(Frame):
    op: Literal["presence"]
    intent: Literal["online", "away", "draining", "offline"]


AgentFrame = Annotated[
    Watch | Unwatch | Accept | Decline | AgentSend | Note | AgentTyping | Read | Return | Close | Presence | Beat,
    Field(discriminator="op"),
]


class View(Frame):
    """`POST /widget/view`: a page is looked at."""

    facts: Told
    languages: Annotated[list[Name], Field(max_length=20)] = Field(default_factory=list)
    """Those that are wished for, the dearest first."""
    again: bool = False
    """The same page asks anew."""


class Show(Frame):
    """`POST /widget/show`: a trigger is ready in the page; may it speak?"""

    trigger: Name
    facts: Told


class Seen(Frame):
    """`POST /widget/seen`: what became of a bubble."""

    impression: Id
    outcome: Literal["seen", "dismissed"]


_visitor: TypeAdapter[Any] = TypeAdapter(VisitorFrame)
_agent: TypeAdapter[Any] = TypeAdapter(AgentFrame)


def visitor_frame(raw: str | bytes) -> Resume | Send | Typing | Read | Beat:
    """Returns the visitor's frame; raises Malformed or TooLarge."""
    return read(_visitor, raw, tagged=True)


def agent_frame(raw: str | bytes) -> Any:
    """Returns the agent's frame; raises Malformed or TooLarge."""
    return read(_agent, raw, tagged=True)


def client_id_of(raw: str | bytes) -> str | None:
    """Returns the client id of a frame that was refused, so that the refusal finds its message; None without one."""
    found = _as_sent(raw).get("client_id")
    return found if isinstance(found, str) and re.fullmatch(_ID, found) else None


def message_id_of(raw: str | bytes) -> str | None:
    """Returns the client id of a frame that carries a message, which its client sends until it is stored; else None."""
    return client_id_of(raw) if "body" in _as_sent(raw) else None


def op_of(raw: str | bytes) -> Any:
    """Returns what a frame that was understood asked for."""
    return _as_sent(raw).get("op")


def _as_sent(raw: str | bytes) -> dict[str, Any]:
    try:
        sent = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}
