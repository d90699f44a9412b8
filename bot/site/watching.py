"""Notices that files of a site were saved, once they are at rest. Who asks, and how often, is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.site.files import content_files

Seen = Mapping[str, tuple[int, int]]
"""Path inside the site → when it was changed (nanoseconds) and how many bytes it has."""

SETTLE_SECONDS = 0.4
"""Editors and `git` write several files, and some write one in several steps."""


def look(directory: Path) -> dict[str, tuple[int, int]]:
    """Returns the files of a site as they are now."""
    return seen_now(content_files(directory))


def seen_now(files: Iterable[tuple[str, Path]]) -> dict[str, tuple[int, int]]:
    """Returns these files as they are now; one that vanishes meanwhile is left out."""
    seen = {}
    for name, path in files:
        try:
            status = path.stat()
        except OSError:
            continue
        seen[name] = (status.st_mtime_ns, status.st_size)
    return seen


def changed(before: Seen, after: Seen) -> frozenset[str]:
    """Returns the files that were changed, added or taken away between two looks."""
    return frozenset(name for name in {*before, *after} if before.get(name) != after.get(name))


class Watch:
    """Remembers what was taken last, and tells when something else lies there at rest."""

    def __init__(self, taken: Seen, *, settle: float = SETTLE_SECONDS) -> None:
        self._taken = dict(taken)
        self._last = dict(taken)
        self._last_change = float("-inf")
        self._settle = settle

    def forget(self) -> None:
        """Lets the next look find something new: what was noticed could not be taken."""
        self._taken = {"": (0, 0)}

    def notice(self, seen: Seen, at: float) -> frozenset[str]:
        """Returns the files that changed since they were last taken, nothing while they are still changing.

        `at` is any clock that counts seconds. What is returned counts as taken.
        """
        if changed(self._last, seen):
            self._last, self._last_change = dict(seen), at
        different = changed(self._taken, seen)
        if not different or at - self._last_change < self._settle:
            return frozenset()
        self._taken = dict(seen)
        return different
