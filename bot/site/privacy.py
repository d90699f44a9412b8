"""`privacy:` — what is never kept, such as numbers of cards and of bank accounts, and how long the rest is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from rules.kinds import Choice, Length, ListOf, Nested
from rules.kinds.values import written
from rules.matching.match import Match, Number
from rules.nodes import Node
from rules.rule import Rule, Who
from rules.schema import Key, Read, Table, Walker
from rules.texts import Text

INSTEAD: Mapping[Number, Text] = {
    "credit_card": {"en": "[card number removed]", "de": "[Kartennummer entfernt]"},
    "iban": {"en": "[account number removed]", "de": "[Kontonummer entfernt]"},
}
WRITERS: tuple[Who, ...] = ("visitor", "agent")
BEFORE_ALL = 101
"""No priority that can be written is higher."""

FOR_EVER = "forever"
SHORTEST = timedelta(days=1)
"""It is looked once a day what is old enough."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long each kind of record is kept; None: for ever."""

    conversations: timedelta | None = None
    page_views: timedelta | None = timedelta(days=180)
    silent_visitors: timedelta | None = None
    jobs: timedelta | None = timedelta(days=30)


@dataclass(frozen=True)
class Keeping(Length):
    """How long something is kept. Value: timedelta, or None for ever."""

    usual: str = "d"

    @property
    def words(self) -> str:
        return f"a duration like 90d or 2y, or {FOR_EVER}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        if written(node) == FOR_EVER:
            return None
        length = super().read(node, walker, label)
        if not hasattr(length, "seconds"):
            return length
        kept = timedelta(seconds=length.seconds)
        if kept < SHORTEST:
            return walker.report(
                "K006", node.place, f"{label} is at least 1d: once a day it is looked what is old enough"
            )
        return kept

    def of_default(self, default: Any, walker: Walker) -> Any:
        return None if default == FOR_EVER else timedelta(seconds=super().of_default(default, walker).seconds)


KEEP = Table(
    "keep",
    {
        "conversations": Key(
            Keeping(),
            "conversations, counted from the last thing that happened in them; a contact goes with their last one",
            default=FOR_EVER,
        ),
        "page_views": Key(Keeping(), "page views, visits, and which triggers were shown", default="180d"),
        "silent_visitors": Key(Keeping(), "the same, of visitors who never wrote; left out: as long as `page_views`"),
        "jobs": Key(Keeping(), "what is noted of work that was done or given up, such as webhooks", default="30d"),
    },
)

PRIVACY = Table(
    "privacy",
    {
        "mask": Key(ListOf(Choice(tuple(INSTEAD))), "what is taken out of every message before it is kept", default=[]),
        "keep": Key(Nested(KEEP), "how long what is kept stays"),
    },
)


def keep_of_privacy(read: Read, walker: Walker) -> Keep:
    """Returns how long things are kept, after looking whether each of it can come true."""
    keep = read["keep"]
    if keep is None:
        return Keep()
    silent, page_views = keep["silent_visitors"], keep["page_views"]
    if keep.wrote("silent_visitors") and page_views and (silent is None or silent > page_views):
        sentence = "'silent_visitors' is longer than 'page_views', so nothing would be kept that long"
        walker.report("K006", keep.place_of("silent_visitors"), sentence)
    return Keep(**{each.name: keep[each.name] for each in fields(Keep)})


def rules_of_privacy(read: Read) -> Iterator[Rule]:
    """Yields the rules that keep what is private out of the record, for both sides of a conversation."""
    for kind in dict.fromkeys(read["mask"]):
        for who in WRITERS:
            yield Rule(
                id=f"privacy.{kind}",
                place=read.place_of("mask"),
                match=Match(number=kind),
                who=who,
                scope="always",
                mask=INSTEAD[kind],
                priority=BEFORE_ALL,
            )
