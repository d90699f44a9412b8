"""The Python files of a site's `actions/` folder: which there are. None is imported here."""

import os
from collections.abc import Iterator
from pathlib import Path

FOLDER = "actions"
MOST_FILES = 500


def action_files(site: Path) -> Iterator[tuple[str, Path]]:
    """Yields the path inside the site and the path on disk of every action file, in a fixed order.

    Hidden files and folders are left out, and what a link leads to outside.
    """
    root = (site / FOLDER).resolve()
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or not name.endswith(".py") or not path.resolve().is_relative_to(root):
                continue
            count += 1
            if count > MOST_FILES:
                return
            yield f"{FOLDER}/{path.relative_to(root).as_posix()}", path


def has_actions(site: Path) -> bool:
    """Returns whether the site has any action file."""
    return next(action_files(site), None) is not None


def mentions(site: Path, word: str) -> bool:
    """Returns whether any action file has this word in it."""
    return any(word in path.read_text(encoding="utf-8", errors="replace") for _, path in action_files(site))
