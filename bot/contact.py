"""What we know of the person behind a visitor, and where each value came from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.change import Guard, Row
from bot.conversation import Draft
from bot.events import written
from bot.ids import new_id
from bot.models import Contact as ContactRow
from bot.models import Visitor


@dataclass(frozen=True, slots=True)
class Contact:
    """A snapshot of the row; `attributes` maps a name to {value, from, at}."""

    id: str
    attributes: Mapping[str, Any]
    revision: int

    def value(self, attribute: str) -> Any:
        """Returns the attribute's value, or None when nobody gave one."""
        known = self.attributes.get(attribute)
        return known["value"] if known else None


@dataclass(frozen=True, slots=True)
class Known:
    """The visitor of a conversation as the bot knows them: the visitor's revision (0: no row yet) and the contact."""

    visitor_id: str
    visitor_revision: int = 0
    contact: Contact | None = None
    rules: tuple[str, ...] = ()
    """Ids of the rules that act once for this visitor, and have."""

    def value(self, attribute: str) -> Any:
        """Returns an attribute of the contact, or None when nobody gave one."""
        return self.contact.value(attribute) if self.contact else None

    def values(self) -> dict[str, Any]:
        """Returns attribute → value of the contact."""
        return {name: known["value"] for name, known in self.contact.attributes.items()} if self.contact else {}


def save(draft: Draft, known: Known, answers: Mapping[str, Any], *, source: Mapping[str, Any]) -> Known:
    """Returns what is known once these answers are saved to the contact, and writes them into the draft.

    An answer of None takes the value away. The contact is made with the first value.
    """
    contact = known.contact
    attributes = {**(contact.attributes if contact else {})}
    for name, value in answers.items():
        if value is None:
            attributes.pop(name, None)
        else:
            attributes[name] = {"value": value, "from": dict(source), "at": written(draft.now)}
    if contact:
        changed = replace(contact, attributes=attributes, revision=contact.revision + 1)
        draft.guard(
            Guard(ContactRow, contact.id, contact.revision, {"attributes": attributes, "revision": changed.revision})
        )
        return replace(known, contact=changed)
    return _introduce(draft, known, attributes)


def _introduce(draft: Draft, known: Known, attributes: Mapping[str, Any]) -> Known:
    made = Contact(new_id(), attributes, revision=1)
    draft.insert(
        Row(ContactRow, {"id": made.id, "created_at": draft.now, "attributes": dict(attributes), "revision": 1})
    )
    known = replace(meet(draft, known), contact=made)
    draft.guard(
        Guard(
            Visitor,
            known.visitor_id,
            known.visitor_revision,
            {"contact_id": made.id, "revision": known.visitor_revision + 1},
        )
    )
    draft.set(contact_id=made.id)
    return replace(known, visitor_revision=known.visitor_revision + 1)


def remember_rule(draft: Draft, known: Known, rule: str) -> Known:
    """Returns what is known once a rule has acted that does so once for a visitor."""
    known = meet(draft, known)
    rules, revision = (*known.rules, rule), known.visitor_revision + 1
    values = {"rules": list(rules), "revision": revision}
    draft.guard(Guard(Visitor, known.visitor_id, known.visitor_revision, values))
    return replace(known, rules=rules, visitor_revision=revision)


def come_back(draft: Draft, known: Known) -> Known:
    """Makes a new conversation of a known visitor depend on their row: whoever is erased meanwhile stays erased."""
    if not known.visitor_revision:
        return known
    revision = known.visitor_revision + 1
    draft.guard(Guard(Visitor, known.visitor_id, known.visitor_revision, {"revision": revision}))
    return replace(known, visitor_revision=revision)


def meet(draft: Draft, known: Known) -> Known:
    """Makes the visitor's row when there is none yet: a visitor is recorded with the first thing they do."""
    if known.visitor_revision:
        return known
    row: dict[str, Any] = {"id": known.visitor_id, "contact_id": None, "first_seen_at": draft.now}
    draft.insert(Row(Visitor, {**row, "rules": [], "revision": 1}))
    return replace(known, visitor_revision=1)
