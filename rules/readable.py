"""What of a text people can read, and how long a message may be; `web/static/shared/readable.js` is its twin."""

import unicodedata

LONGEST_MESSAGE = 4000
"""Characters in one message."""

_CONTROLS = ("Cc", "Cs")
_NOTHING = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs")
# Not Cn: a picture that is newer than this Python is one for whoever sent it.


def without_controls(text: str, *, but: str = "") -> str:
    """Returns the text without characters that control a terminal, and without halves of characters."""
    if text.isprintable():
        return text
    return "".join(each for each in text if each in but or unicodedata.category(each) not in _CONTROLS)


def readable(text: str) -> str:
    """Returns the text as it is kept, of several lines, or nothing if nobody could read any of it."""
    kept = without_controls(text, but="\n\t").strip()
    return kept if has_something_to_read(kept) else ""


def has_something_to_read(text: str) -> bool:
    """Says whether there is more than spaces, controls, and marks that nobody sees."""
    if text.isprintable():
        return bool(text) and not text.isspace()
    return any(unicodedata.category(each) not in _NOTHING for each in text)
