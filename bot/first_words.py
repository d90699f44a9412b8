"""What a flow would say first if it began now: shown by triggers that have no words of their own.

Nothing is kept of it. The flow begins when the visitor answers, and then says the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.versions import FlowGone, SiteVersions
from flows.cursor import Cursor
from flows.effects import Say
from flows.runner import Event, turn


@dataclass(frozen=True, slots=True)
class FirstWords:
    text: str
    options: tuple[tuple[str, str], ...] = ()
    """Quick replies under it: label and value."""


def first_words(
    sites: SiteVersions, flow: str, facts: Mapping[str, Any], *, visitor_id: str, language: str, now: datetime
) -> FirstWords | None:
    """Returns the first words of a flow; None when it begins without any."""
    cursor = cursor_of_visitor(visitor_id, language)
    try:
        begun = turn(
            sites.machine, cursor, Event("start", data={"flow": flow}), facts, now, sites.current.flow_settings
        )
    except FlowGone:
        return None
    said = [effect for effect in begun.effects if isinstance(effect, Say)]
    if not said:
        return None
    options = tuple((option.label, option.value) for option in said[-1].options)
    return FirstWords("\n\n".join(each.text for each in said), options)


def cursor_of_visitor(visitor_id: str, language: str) -> Cursor:
    """Returns where such a conversation begins: of several texts, a visitor is told the same one both times."""
    return Cursor(visitor_id, language)
