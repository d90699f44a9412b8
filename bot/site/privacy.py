"""`privacy:` — what is never kept, whoever writes it: numbers of cards and of bank accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.kinds import Choice, ListOf
from rules.matching.match import Match
from rules.rule import Rule, Who
from rules.schema import Key, Read, Table
from rules.texts import Text

PATTERNS: Mapping[str, str] = {
    "credit_card": r"\b[2-6](?:[ -]?[0-9]){12,18}\b",
    "iban": r"(?-i:\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b)"
    r"|\b[a-z]{2}[0-9]{2}(?: ?[0-9]{4}){2,7}(?: ?[0-9]{1,3})?\b",
}
INSTEAD: Mapping[str, Text] = {
    "credit_card": {"en": "[card number removed]", "de": "[Kartennummer entfernt]"},
    "iban": {"en": "[account number removed]", "de": "[Kontonummer entfernt]"},
}
WRITERS: tuple[Who, ...] = ("visitor", "agent")
BEFORE_ALL = 101
"""No priority that can be written is higher."""

PRIVACY = Table(
    "privacy",
    {"mask": Key(ListOf(Choice(tuple(PATTERNS))), "what is taken out of every message before it is kept", default=[])},
)


def rules_of_privacy(read: Read) -> Iterator[Rule]:
    """Yields the rules that keep what is private out of the record, for both sides of a conversation."""
    for kind in dict.fromkeys(read["mask"]):
        for who in WRITERS:
            yield Rule(
                id=f"privacy.{kind}",
                place=read.place_of("mask"),
                match=Match(pattern=PATTERNS[kind]),
                who=who,
                scope="always",
                mask=INSTEAD[kind],
                priority=BEFORE_ALL,
            )
