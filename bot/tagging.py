"""Tags of a conversation: words by which people find it again."""

from collections.abc import Iterable, Mapping

from bot.conversation import Draft

MOST_TAGS = 50
"""On one conversation; further ones are not kept."""


def tag(draft: Draft, tags: Iterable[str], *, source: Mapping[str, str], actor: str = "bot") -> None:
    """Adds to the conversation those of these tags that it does not have; `source` says which step or rule did it."""
    new = [each for each in dict.fromkeys(tags) if each not in draft.state.tags]
    new = new[: MOST_TAGS - len(draft.state.tags)]
    if new:
        draft.add("tagged", {"tags": new, **source}, actor=actor)
        draft.set(tags=(*draft.state.tags, *new))
