"""Kinds of names: ids that are given here, and those of something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from rules.kinds.values import written
from rules.nodes import Node, Scalar
from rules.schema import WRONG, Kind, Walker, shortened

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_ID = 64


@dataclass(frozen=True)
class Id(Kind):
    """A name that is given here. Value: str."""

    reserved: frozenset[str] = frozenset()
    likely: tuple[str, ...] = ()
    """Ids that are meant where one is written otherwise: `email` by `E-Mail`."""

    @property
    def words(self) -> str:
        return "an id: small letters, digits and _, beginning with a letter"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = written(node)
        if text is None:
            return walker.refuse(node, self, label)
        return text if is_new_id(node, walker, label, self.reserved, self.likely) else WRONG

    def instead(self) -> str:
        return ""


@dataclass(frozen=True)
class Reference(Kind):
    """The id of something else; whether it exists is for the reader to say (K005). Value: str."""

    noun: str

    @property
    def words(self) -> str:
        return f"the id of {self.noun}"

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        text = written(node)
        return walker.refuse(node, self, label) if text is None else text

    def instead(self) -> str:
        return ""


def _plain_letters(text: str) -> str:
    """Returns `strasse` for `Straße`: a letter with a sign on it is written as in an address."""
    spelt = text.lower().translate(_SPELT)
    return "".join(letter for letter in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(letter))


_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l"})


def is_new_id(
    node: Node, walker: Walker, label: str, reserved: Collection[str] = (), likely: Collection[str] = ()
) -> bool:
    """Says whether a scalar may be the id of something; reports it if not."""
    text = node.text if isinstance(node, Scalar) else ""
    if text in reserved:
        walker.report("K006", node.place, f"'{text}' has a meaning of its own and cannot be an id; choose another word")
    elif len(text) > LONGEST_ID:
        walker.report("K006", node.place, f"{shortened(text)} is too long for an id; {LONGEST_ID} letters at most")
    elif not ID_PATTERN.fullmatch(text):
        slug = re.sub(r"[^a-z0-9]+", "_", _plain_letters(text)).strip("_").lstrip("_0123456789")
        slug = next((id for id in likely if id == slug.replace("_", "")), slug)
        hint = f" — did you mean '{slug}'?" if slug else ""
        rule = "an id has small letters, digits and _, and begins with a letter"
        walker.report("K006", node.place, f"{shortened(text)} cannot be an id: {rule}{hint}")
    else:
        return True
    return False
