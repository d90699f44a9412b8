"""What Rasa's clients say. What they say besides is passed over, since clients of many years send many things."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from web.bodies import any_object, storable
from web.frames import MAX_NUMBER, Name

DEFAULT_SENDER = "default"
"""Who speaks without a name, as in Rasa: everybody who gives none is the same one."""


MAX_DEPTH = 8
"""Objects and lists inside each other in values whose shape is the client's own."""


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("There are too many objects inside each other.")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:  # NaN is not below anything either.
        raise ValueError("There is a number that is too large.")
    if isinstance(value, list):
        for each in value:
            _plain(each, depth + 1)
    if isinstance(value, dict):
        for name, each in value.items():
            storable(name)
            _plain(each, depth + 1)
    return value


def _attachment(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise ValueError("An attachment is an object or an address.")
    return _plain(value)


Metadata = Annotated[dict[Name, JsonValue], Field(max_length=200), AfterValidator(_plain)]
Sender = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(storable)]
Kept = Annotated[str, AfterValidator(storable)]
Attachment = Annotated[JsonValue, AfterValidator(_attachment)]


class Lenient(BaseModel):
    """Nothing is converted; what is unknown here is passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class _WithMetadata(Lenient):
    metadata: Metadata | None = None

    @property
    def message_id(self) -> str | None:
        """Returns the id the client gave its message, so that it is stored once; None where it gave none."""
        return self._text("message_id")

    @property
    def language(self) -> str | None:
        return self._text("language")

    def _text(self, name: str) -> str | None:
        found = (self.metadata or {}).get(name)
        return found if isinstance(found, str) and found else None


_COUNTS = ("message_id", "language")


def _is_plain_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


class Spoken(_WithMetadata):
    """`POST /webhooks/<door>/webhook`."""

    sender: Sender | None = None
    message: str | None = None


class SessionRequest(Lenient):
    """Socket.IO: who the client was before, if it was."""

    session_id: str | None = None


class Uttered(_WithMetadata):
    """Socket.IO: `user_uttered`. Metadata may come as JSON in a text; rasa-webchat calls it `customData`.

    A page sends the same ones with each message, and hears of no refusal: so none is refused because of them.
    """

    message: str | None = None
    session_id: str | None = None
    customData: Metadata | None = None

    @field_validator("metadata", "customData", mode="before")
    @classmethod
    def _what_counts(cls, value: Any) -> Any:
        given = any_object(value) if isinstance(value, str) else value
        named = given if isinstance(given, dict) else {}
        return {name: each for name, each in named.items() if name in _COUNTS and _is_plain_text(each)}

    def _text(self, name: str) -> str | None:
        found = {**(self.customData or {}), **(self.metadata or {})}.get(name)
        return found if isinstance(found, str) and found else None


class Button(Lenient):
    title: Name
    payload: Annotated[Kept, StringConstraints(min_length=1, max_length=1000)]


class Element(Lenient):
    title: Name
    subtitle: str | None = None
    buttons: Annotated[list[Button], Field(max_length=20)] = Field(default_factory=list)


class BotData(Lenient):
    """What a bot's message carries besides its text."""

    buttons: Annotated[list[Button], Field(max_length=20)] | None = None
    quick_replies: Annotated[list[Button], Field(max_length=20)] | None = None
    elements: Annotated[list[Element], Field(max_length=20)] | None = None
    image: Annotated[Kept, StringConstraints(max_length=2000)] | None = None
    attachment: Attachment | None = None
    custom: Metadata | None = None


class Posted(_WithMetadata):
    """One event of `POST …/tracker/events`; which fields count depends on its kind."""

    event: Name
    text: str | None = None
    data: BotData | None = None
    name: Name | None = None
    value: Any = None


class Message(_WithMetadata):
    """`POST …/messages`."""

    text: str
    sender: Name = "user"


class Entity(Lenient):
    entity: Name
    value: Any = None


class Intent(Lenient):
    """`POST …/trigger_intent`: entities as a list, or name → value."""

    name: Name
    entities: Annotated[list[Entity], Field(max_length=200)] = Field(default_factory=list)

    @field_validator("entities", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return [{"entity": name, "value": each} for name, each in value.items()]
        return [] if value is None else value


class Named(Lenient):
    """Whom a program speaks of, by the address it asks."""

    sender: Sender
