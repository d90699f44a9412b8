"""Which web addresses stand in a text, with what people leave out put back: `example.com/x` is `https://example.com/x`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flows.found import Found

LONGEST_LINK = 2_000

# A word is begun at once and not behind each of its dashes, and a scheme is short: so a text that looks like the
# beginning of an address, again and again, takes no longer than any other.
_LINK = re.compile(
    r"(?<![\w@.])(?<!\w-)(?<!--)(?:(?P<scheme>[a-z][a-z0-9+.-]{0,20}):/?/?)?"
    r"(?P<host>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})"
    r"(?P<port>:[0-9]{1,5})?(?P<rest>[/?#]\S*)?(?![\w@])",
    re.IGNORECASE,
)
_BEHIND = ".,;:!?)]}>\"'»“”…"


@dataclass(frozen=True, slots=True)
class FoundLink(Found):
    address: str


def links_in(text: str) -> list[FoundLink]:
    """Returns the web addresses of a text."""
    return [link for match in _LINK.finditer(text[: 2 * LONGEST_LINK]) if (link := _link(match)) is not None]


def _link(match: re.Match[str]) -> FoundLink | None:
    scheme = (match["scheme"] or "https").lower()
    if scheme not in ("http", "https"):
        return None
    rest = (match["rest"] or "").rstrip(_BEHIND)
    address = f"{scheme}://{match['host'].lower()}{match['port'] or ''}{rest}"
    try:
        if len(address) > LONGEST_LINK or not urlsplit(address).hostname or (urlsplit(address).port or 1) < 1:
            return None
    except ValueError:
        return None
    return FoundLink(match.start(), match.end() - len(match["rest"] or "") + len(rest), address)
