"""What the language has and this version does not run yet: told honestly instead of being passed over.

What would change a conversation is refused (K007); what only says something about content is read, and told to have no
effect (K009).
"""

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

WITHOUT_EFFECT: Mapping[str, frozenset[str]] = {"attribute": frozenset({"personal", "example"})}
"""Keys that a table has and nothing looks at, by the name of the table."""


def keys_of(table: str) -> frozenset[str]:
    """Returns the keys a table will have."""
    return KEYS.get(table, frozenset())


def words_of(noun: str) -> frozenset[str]:
    """Returns the words a choice will have."""
    return WORDS.get(noun, frozenset())


def sentence(what: str) -> str:
    """Returns what to tell somebody who wrote one of these."""
    return f"{what} is not yet in this version"


def without_effect(table: str) -> frozenset[str]:
    """Returns the keys of a table that nothing looks at."""
    return WITHOUT_EFFECT.get(table, frozenset())


ADVICE = "so nothing would happen; take it out for now"
