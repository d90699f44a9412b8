"""What switching to another version of the content would change, and what becomes of the conversations in progress."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.bundles import FlowVersion
from bot.in_progress import InProgress
from bot.site.site import Site
from flows.moving import obstacle
from flows.run import Machines

Fate = Literal["moves", "finishes", "begins again", "is in it already", "is with an agent", "waits for an agent"]
_IN_WORDS: Mapping[Fate, tuple[str, str]] = {
    "moves": ("moves to the new version", "move to the new version"),
    "finishes": ("finishes on the old one", "finish on the old one"),
    "begins again": ("begins again", "begin again"),
    "is in it already": ("is in it already", "are in it already"),
    "waits for an agent": ("waits for an agent", "wait for an agent"),
    "is with an agent": ("is with an agent", "are with an agent"),
}
"""Of one, and of several; in the order in which they are told."""
_HELD: Mapping[str, Fate] = {"queue": "waits for an agent", "agent": "is with an agent"}
_SAME: tuple[Fate, str] = ("is in it already", "")
_GONE = "the flow is gone"
_AS_IT_WAS = "flow_updates is finish_old"


@dataclass(frozen=True, slots=True)
class Changes:
    """What of one sort was added, changed and removed, by its id."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __str__(self) -> str:
        told = (("added", self.added), ("changed", self.changed), ("removed", self.removed))
        return "; ".join(f"{', '.join(names)} {what}" for what, names in told if names)


@dataclass(slots=True)
class Inside:
    """The conversations inside one flow, and what becomes of them."""

    fates: Counter[Fate] = field(default_factory=Counter)
    because: Counter[str] = field(default_factory=Counter)
    """Why some finish on the old version."""

    @property
    def are_touched(self) -> bool:
        return any(fate != _SAME[0] for fate in self.fates)

    def __str__(self) -> str:
        count = self.fates.total()
        fates = (self._told(fate, self.fates[fate]) for fate in _IN_WORDS if self.fates[fate])
        return f"{count:,} conversation{'s' if count != 1 else ''} inside. {', '.join(fates)}."

    def _told(self, fate: Fate, count: int) -> str:
        words = f"{count:,} {_IN_WORDS[fate][count != 1]}"
        if fate != "finishes":
            return words
        alone = len(self.because) == 1
        reasons = (why if alone else f"{number}: {why}" for why, number in self.because.most_common())
        return f"{words} ({'; '.join(reasons)})"


@dataclass(frozen=True, slots=True)
class Plan:
    """A switch before it is made."""

    before: str | None
    """None: nothing was ever deployed."""
    after: str
    flows: Changes
    triggers: Changes
    rules: Changes
    files: Changes
    inside: Mapping[str, Inside]
    """By flow, where anybody is inside who is touched."""

    @property
    def changes_nothing(self) -> bool:
        return self.before == self.after

    def lines(self) -> Iterator[str]:
        """Yields what a terminal shows."""
        yield f"{f'From {self.before[:12]} to' if self.before else 'To'} {self.after[:12]}."
        for name in ("flows", "triggers", "rules", "files"):
            if changes := getattr(self, name):
                yield f"  {name + ':':<9} {changes}"
        for flow, inside in self.inside.items():
            yield f"flow {flow}: {inside}"
        if not self.inside:
            yield "No conversation in progress is touched."

    def as_json(self) -> dict[str, Any]:
        """Returns the same for programs."""
        named = {name: getattr(self, name) for name in ("flows", "triggers", "rules", "files")}
        told = {
            name: {"added": list(each.added), "changed": list(each.changed), "removed": list(each.removed)}
            for name, each in named.items()
        }
        conversations = [
            {"flow": flow, "inside": inside.fates.total(), "fates": dict(inside.fates), "because": dict(inside.because)}
            for flow, inside in self.inside.items()
        ]
        return {"from": self.before, "to": self.after, "changes": told, "conversations": conversations}


Version = tuple[Site, Mapping[str, str]]
"""A site, and the files it was read from."""


def plan(before: Version | None, after: Version, conversations: Iterable[InProgress], machines: Machines) -> Plan:
    """Returns what a switch would do. `machines` gives a flow's machine in any stored version."""
    old_files: Mapping[str, str] = before[1] if before else {}
    old, new = before[0] if before else None, after[0]
    return Plan(
        before=old.version if old else None,
        after=new.version,
        flows=_changes({id: flow.version for id, flow in old.flows.items()} if old else {}, _versions(new)),
        triggers=_changes(_triggers(old), _triggers(new)),
        rules=_changes(old.rules if old else {}, new.rules),
        files=_changes(old_files, after[1]),
        inside=_inside(conversations, new, machines),
    )


def _versions(site: Site) -> dict[str, str]:
    return {id: flow.version for id, flow in site.flows.items()}


def _triggers(site: Site | None) -> dict[str, Any]:
    # One that is new moves those below it, which does not change them.
    return {id: replace(trigger, order=0) for id, trigger in site.triggers.items()} if site else {}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    return Changes(
        added=tuple(id for id in after if id not in before),
        changed=tuple(id for id in after if id in before and after[id] != before[id]),
        removed=tuple(id for id in before if id not in after),
    )


def _inside(conversations: Iterable[InProgress], site: Site, machines: Machines) -> dict[str, Inside]:
    found: dict[str, Inside] = {}
    for each in conversations:
        fates: dict[str, tuple[Fate, str]] = {}
        for place in each.cursor.versions():
            fate = _fate(each, place, site, machines)
            if fates.get(place[0], _SAME) == _SAME:
                fates[place[0]] = fate
        for flow, (what, why) in fates.items():
            inside = found.setdefault(flow, Inside())
            inside.fates[what] += 1
            if why:
                inside.because[why] += 1
    return {flow: inside for flow, inside in found.items() if inside.are_touched}


def _fate(conversation: InProgress, place: FlowVersion, site: Site, machines: Machines) -> tuple[Fate, str]:
    """Returns what becomes of a conversation in one of its flows, and why it finishes on the old version if it does."""
    flow, version = place
    new, updates = site.machines.get(flow), site.conversation.flow_updates
    if new is not None and new.version == version:
        return _SAME
    if conversation.holder in _HELD:
        return _HELD[conversation.holder], ""
    if new is None:
        return "finishes", _GONE
    if updates == "finish_old":
        return "finishes", _AS_IT_WAS
    if updates == "restart":
        return "begins again", ""
    try:
        why = obstacle(conversation.cursor, machines(flow, version), new)
    except LookupError:
        return "begins again", ""  # Its files are lost: the bot says that it has lost the thread.
    return ("finishes", why) if why else ("moves", "")
