"""What the language has and this version does not run yet: refused honestly (K007) instead of being passed over."""

from __future__ import annotations

from collections.abc import Mapping

KEYS: Mapping[str, frozenset[str]] = {
    "file": frozenset({"segments", "intents", "blueprints", "use", "tests"}),
    "flow": frozenset({"goal", "ab"}),
    "step": frozenset({"score", "goal", "rate"}),
    "say": frozenset({"image", "link", "card", "typing"}),
    "buttons": frozenset({"multiple"}),
    "trigger": frozenset({"sound", "ab", "goal"}),
    "match": frozenset({"intent"}),
    "privacy": frozenset({"consent"}),
    "attribute": frozenset({"from", "unique", "min", "max", "pattern"}),
}
"""By the name of a table. A key that a table has is run; it is taken out of here when it is built."""

WORDS: Mapping[str, frozenset[str]] = {
    "answer type": frozenset({"time", "rating", "file", "pattern"}),
    "routing": frozenset({"round_robin", "everyone", "last_agent"}),
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
