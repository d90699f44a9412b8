"""Reads what came over the wire into one of the models of `web/frames.py`, or says what is wrong with it.

Strict: nothing is converted, nothing unknown is accepted, and what a database cannot keep (NUL, numbers without bound,
nesting without end) is refused here, so that nothing behind the edge has to think of it.
"""

from functools import cache
from typing import Any, TypeVar

from flask import Flask, request
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from web.errors import Malformed, Refusal, TooLarge

MAX_BODY = 64 * 1024
"""Bytes of one frame or body."""

M = TypeVar("M", bound=BaseModel)


class NotJson(Refusal):
    status = 415
    code = "not_json"
    words = "Send JSON with `Content-Type: application/json`."


def install(app: Flask) -> None:
    """Caps the size of every body the app reads."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.config["MAX_FORM_PARTS"] = 64

    @app.before_request
    def refuse_what_would_be_cut() -> None:
        # Werkzeug ends a body of unknown length at its cap, as if that were all: so one byte more is let in.
        in_pieces = "Transfer-Encoding" in request.headers
        if (len(request.get_data()) if in_pieces else request.content_length or 0) > MAX_BODY:
            raise TooLarge


def body_of(model: type[M], *, typed: bool = True) -> M:
    """Returns the body of the current request; raises NotJson, TooLarge or Malformed.

    `typed`: its Content-Type must say that it is JSON. Where it need not, a page can send it without asking first.
    """
    if typed and not request.is_json:
        raise NotJson
    return read(_adapter(model), request.get_data(cache=False))


@cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def storable(text: str) -> str:
    """Returns the text as it is; raises ValueError for one with NUL, which not every database keeps."""
    if "\0" in text:
        raise ValueError("There is a character in the text that cannot be stored.")
    return text


_ANYTHING: TypeAdapter[Any] = TypeAdapter(JsonValue)


def json_of(raw: str | bytes) -> Any:
    """Returns what JSON says, whatever its shape; raises TooLarge or Malformed."""
    return read(_ANYTHING, raw)


def checked(model: type[M], value: Any) -> M:
    """Returns what came as part of something else, as its model; raises Malformed."""
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        raise _malformed(problem, tagged=False) from None


def any_object(raw: str) -> Any:
    """Returns the object a text holds as JSON, or None where it holds none."""
    try:
        found = json_of(raw)
    except Refusal:
        return None
    return found if isinstance(found, dict) else None


def read(model: TypeAdapter[Any], raw: str | bytes, *, tagged: bool = False) -> Any:
    """Returns what the frame or body says; raises TooLarge or Malformed with the field and what it should be.

    `tagged`: the model is a union told apart by `op`, so pydantic's paths begin with a name nobody wrote.
    """
    sent = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(sent) > MAX_BODY:
        raise TooLarge
    try:
        return model.validate_json(sent)
    except ValidationError as problem:
        raise _malformed(problem, tagged=tagged) from None


def _malformed(problem: ValidationError, *, tagged: bool) -> Malformed:
    first = problem.errors(include_url=False, include_input=False)[0]
    path = first["loc"][1:] if tagged else first["loc"]
    field = ".".join(str(part) for part in path) or None
    return Malformed(_sentence(first, field), field=field)


def _sentence(error: ErrorDetails, field: str | None) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return "This is not JSON that can be read."
    if kind == "value_error":
        return str(context.get("error", Malformed.words))
    if kind == "union_tag_not_found":
        return "`op` is missing."
    if kind == "union_tag_invalid":
        return f"`op` must be one of {str(context.get('expected_tags', '')).replace(chr(39), '')}".rstrip(" ") + "."
    if field is None:
        return "This must be an object."
    return f"`{field}` {_EXPECTED.get(kind, 'is not what is expected here').format(**context)}."


_EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be text",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_pattern_mismatch": "is not an id as they are given out",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "may be at most {le}",
    "literal_error": "must be one of {expected}",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "too_long": "may have at most {max_length} entries",
}
