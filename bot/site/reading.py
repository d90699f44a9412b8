"""What the readers of the sections share: the walker, where things were written, and which ids there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from rules.problems import Place, suggestion, those_there_are
from rules.schema import Walker


@dataclass
class Reading:
    """One pass over the files of a site."""

    walker: Walker
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Section → the ids written in it, whether what stands below them is right or not."""
    complete: bool = True
    """False if a file could not be read to its end: what seems to be missing may be in there."""

    def exists(self, section: str, wanted: str, place: Place, *, also: Collection[str] = ()) -> bool:
        """Says whether something with this id was written; reports it if not."""
        known = (*self.ids.get(section, ()), *also)
        if wanted in known or not self.complete:
            return wanted in known
        # A department that the site does not write itself is no help to whoever looks for one.
        named = (*self.walker.ids.get(section, self.ids.get(section, ())), *also)
        hint = suggestion(wanted, named) or those_there_are(named) if named else " — this site has none yet"
        self.walker.report("K005", place, f"{_NONE[section]} '{wanted}'{hint}")
        return False


_NONE = {
    "flows": "there is no flow",
    "triggers": "there is no trigger",
    "departments": "there is no department",
    "opening_hours": "there are no opening hours",
}
