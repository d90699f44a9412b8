"""What the language has and this version does not run yet: refused honestly (K007) instead of being passed over."""

from __future__ import annotations

from collections.abc import Mapping

_QUESTION = frozenset({"if_silent"})

KEYS: Mapping[str, frozenset[str]] = {
    "file": frozenset({"rules", "segments", "intents", "blueprints", "use", "tests", "privacy"}),
    "phrases": frozenset({"cancel", "help"}),
    "flow": frozenset({"on_silence", "validator", "goal", "ab"}),
    "step": frozenset({"form", "tag", "note", "score", "wait", "action", "goal", "rate"}),
    "say": frozenset({"image", "link", "card", "typing"}),
    "collect": _QUESTION | {"min", "max", "must", "help", "optional", "confirm"},
    "buttons": _QUESTION | {"multiple"},
    "trigger": frozenset({"sound", "ab", "goal"}),
    "attribute": frozenset({"from", "unique", "min", "max", "pattern"}),
}
"""By the name of a table. A key that a table has is run; it is taken out of here when it is built."""

WORDS: Mapping[str, frozenset[str]] = {
    "answer type": frozenset({"number", "money", "date", "time", "url", "rating", "file", "consent", "pattern"}),
    "routing": frozenset({"round_robin", "everyone", "last_agent"}),
    "way of updating flows": frozenset({"finish_old", "restart"}),
}
"""Words of a choice, by what the choice is called."""


def keys_of(table: str) -> frozenset[str]:
    """Returns the keys a table will have."""
    return KEYS.get(table, frozenset())


def words_of(noun: str) -> frozenset[str]:
    """Returns the words a choice will have."""
    return WORDS.get(noun, frozenset())


def sentence(what: str) -> str:
    """Returns what to tell somebody who wrote one of these."""
    return f"{what} is not yet in this version"


ADVICE = "so nothing would happen; take it out for now"
