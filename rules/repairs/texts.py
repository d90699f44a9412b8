"""Texts that YAML does not take for texts: signs, quotes, colons and brackets in them."""

from __future__ import annotations

import re

from rules.nodes import in_quotes
from rules.problems import error
from rules.repairs.spot import Repair, Spot, text_around

_SIGNS = {
    "{{": "otherwise YAML reads it as a map",
    "@": "because YAML keeps this sign for itself",
    "`": "because YAML keeps this sign for itself",
    "%": "because YAML keeps this sign for itself",
    "]": "otherwise YAML takes it for the end of a list",
    "}": "otherwise YAML takes it for the end of a map",
    ",": "otherwise YAML takes it for the next item of a list",
}
_SIGNS_BEFORE_TEXT = (
    (re.compile(r"\*(?![\w-]+$)"), "*", "otherwise YAML takes it for an alias"),
    (re.compile(r"&(?![\w-]+(\s|$))"), "&", "otherwise YAML takes it for an anchor"),
    (re.compile(r"![^\s!]*!\S*|!\S*[,\[\]{}]"), "!", "otherwise YAML takes it for a tag"),
    (re.compile(r">(?![-+0-9]{0,2}$)"), ">", "otherwise YAML takes it for the beginning of a longer text"),
    (re.compile(r"\|(?![-+0-9]{0,2}$)"), "|", "otherwise YAML takes it for the beginning of a longer text"),
    (re.compile(r"\[.*\]\s*[^\s,#\]}]"), "[", "otherwise YAML reads it as a list"),
    (re.compile(r"\{.*\}\s*[^\s,#\]}]"), "{", "otherwise YAML reads it as a map"),
)


def sign_before(text: str) -> tuple[str, str] | None:
    """Returns the sign a text begins with that must not stand there without quotes, and why."""
    for sign, why in _SIGNS.items():
        if text.startswith(sign):
            return sign, why
    return next(((sign, why) for pattern, sign, why in _SIGNS_BEFORE_TEXT if pattern.match(text)), None)


def _starting_sign(spot: Spot) -> Repair | None:
    sign, why = sign_before(spot.value.strip()) or ("", "")
    if not sign or (sign in "]}," and not spot.parts["lead"].strip() and not spot.parts["key"]):
        return None
    return spot.quoted(f"a text that starts with {sign} must be in quotes", why)


def _nested_dash(spot: Spot) -> Repair | None:
    if spot.reported and spot.parts["key"] and spot.value.startswith(("- ", "? ")):
        sign, what = spot.value[0], "a list" if spot.value[0] == "-" else "a key"
        return spot.quoted(f"a text that starts with {sign} must be in quotes", f"otherwise YAML takes it for {what}")
    return None


def _after_quote(spot: Spot) -> Repair | None:
    """`say: "Hello" she said`, and `say: 'It's nice'`."""
    value = spot.value.strip()
    if _QUOTES_INSIDE.fullmatch(value):
        message = f"the {value[0]} inside of this text ends it; it must be in other quotes"
        text = value[1:-1]
        return spot.quoted(message, value=text if value[0] == '"' else text.replace("''", "'"))
    if re.match(r'"(?:[^"\\]|\\.)*"\s*[^\s,:\]}#]', value) or re.match(r"'(?:[^']|'')*'(?!')\s*[^\s,:\]}#]", value):
        return spot.quoted(
            "a text that begins with a quote must end with it", "so put other quotes around the whole text", value=value
        )
    return None


_QUOTES_INSIDE = re.compile(r"\"[^\"\\]*\"\w[^\\]*\"|'(?:[^']|'')*'\w.*'")
"""A text in quotes with more of them inside, the first of which opens a word or stands within one."""


def _open_quote(spot: Spot) -> Repair | None:
    value = spot.value.rstrip()
    if not value or value[0] not in "\"'":
        return None
    sign = value[0]
    closed = r'"(?:[^"\\]|\\.)*"' if sign == '"' else r"'(?:[^']|'')*'(?!')"
    if re.match(closed, value):
        return None
    column = spot.parts.start("value")
    inside = value if value != sign else f"{sign}…"
    text = spot.line[:column] + inside + sign + (spot.parts["comment"] or "")
    message = f"the quote {sign} that opens here is not closed on this line"
    return spot.repaired(text, error("Y001", spot.place(column), message, write=text.strip()))


def _backslash(spot: Spot) -> Repair | None:
    """`"C:\\path"`."""
    since = spot.broken.since
    if "escape" not in spot.broken.reason and "hexdecimal" not in spot.broken.reason:
        return None
    found = re.compile(r'"((?:[^"\\]|\\.)*)"').match(spot.line, since[1]) if since and since[0] == spot.index else None
    if not found:
        return None
    is_plain = "'" not in found[1] and '\\"' not in found[1]
    meant = f"'{found[1]}'" if is_plain else f'"{_ESCAPE.sub(_twice, found[1])}"'
    text = spot.line[: found.start()] + meant + spot.line[found.end() :]
    message = "there is a \\ in this text that means nothing between \"…\"; use '…' instead, or write it twice"
    return spot.repaired(text, error("Y006", spot.place(spot.broken.column), message, write=text.strip()))


_ESCAPE = re.compile(r'\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0abt\tnvfre "/\\N_LP])?')


def _twice(found: re.Match[str]) -> str:
    return found.group() if found[1] else "\\\\"


def _missing_space(spot: Spot) -> Repair | None:
    """`say:Hello`, which YAML takes for a text."""
    found = re.match(r"(\s*(?:- +)*)([A-Za-z_]\w*):(?=[^\s:/])", spot.line)
    if not found or spot.value.startswith(('"', "'")):
        return None
    text = spot.line[: found.end()] + " " + spot.line[found.end() :]
    message = f"a space is missing after '{found[2]}:'"
    return spot.repaired(text, error("Y006", spot.place(found.end() - 1), message, write=text.strip()))


def _colon_further_down(spot: Spot) -> Repair | None:
    """A text over several lines, with `Please note: parking is free` in one that is not its first."""
    around = text_around(spot.lines, spot.index) if _is_at_colon(spot) else None
    key, value = spot.parts["key"] or "", spot.value
    if around is None or (re.fullmatch(r"[\w.*-]+", key) and not (key[0].isupper() and " " in value.strip())):
        return None  # a word and its value are a line that is indented too far
    first = Spot(spot.lines, around[0], spot.broken, spot.file)
    texts = [first.value, *spot.lines[around[0] + 1 : around[1]]]
    start = first.line[: first.parts.start("value")]
    whole = in_quotes(" ".join(text.strip() for text in texts if text.strip()))
    message = "a text with ': ' in it must be in quotes, from its first line to its last"
    # All of it stands on the first line then; the others are left blank, so that no line below moves.
    problem = error("Y001", spot.place(spot.broken.column), message, write=(start + whole).strip())
    return Repair(around[0], (start + whole, *[""] * (len(texts) - 1)), problem)


def _is_at_colon(spot: Spot) -> bool:
    at = spot.broken.column
    return spot.reported and "mapping values" in spot.broken.reason and spot.line[at : at + 1] == ":"


def _colon(spot: Spot) -> Repair | None:
    """`say: Hello: friend`."""
    if not _is_at_colon(spot) or spot.broken.column < spot.parts.start("value"):
        return None
    curly = re.fullmatch(r"[“„”](.*)[“”]", spot.value.strip())
    return spot.quoted(
        "a text with ': ' in it must be in quotes",
        "otherwise YAML reads it as a key and its value",
        value=curly[1] if curly else None,
    )


def _open_bracket(spot: Spot) -> Repair | None:
    value = spot.value.rstrip()
    if not value or value[0] not in "[{" or value[-1] in "[{,":
        return None
    closing = _unclosed(value)
    if not closing:
        return None
    column = spot.parts.start("value")
    text = spot.line[:column] + value + closing + (spot.parts["comment"] or "")
    message = f"the {value[0]} that opens here is not closed on this line"
    return spot.repaired(text, error("Y006", spot.place(column), message, write=text.strip()))


def _unclosed(value: str) -> str:
    """Returns what closes the brackets of a line; nothing if they are closed, or closed too often."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', "", value)
    expected: list[str] = []
    for sign in bare:
        if sign in "[{":
            expected.append("]" if sign == "[" else "}")
        elif sign in "]}" and (not expected or expected.pop() != sign):
            return ""
    return "".join(reversed(expected))


MENDERS = (
    _backslash,
    _starting_sign,
    _nested_dash,
    _after_quote,
    _open_quote,
    _colon_further_down,
    _colon,
    _missing_space,
    _open_bracket,
)
"""The surest first."""
