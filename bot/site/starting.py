"""A new site from the starter content that each package ships."""

from collections.abc import Iterable
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

PACKAGES = ("bot", "handoff", "flows", "triggers", "rules")
"""Whose starter content makes a site. That of `bot` and `handoff` lies at its top, the rest in a folder of its name."""
AT_THE_TOP = ("bot", "handoff")


class CannotMake(Exception):
    """The directory holds something that must not be written over."""


def starter_files() -> dict[str, str]:
    """Returns path inside a new site → content."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        root = files(package) / "starter"
        folder = "" if package in AT_THE_TOP else f"{package}/"
        if root.is_dir():
            found |= {f"{folder}{path}": text for path, text in _texts(root)}
    return found


def make_site(directory: Path) -> list[str]:
    """Writes a new site and returns its files; raises CannotMake, rather than mixing it with others too.

    Of a site that cannot be written whole nothing is left.
    """
    if directory.exists() and any(directory.iterdir()):
        raise CannotMake(f"{directory} is not empty. Name a new directory, so that nothing of yours is written over.")
    made = starter_files()
    was_there = directory.exists()
    try:
        for path, text in made.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as problem:
        _take_away(directory, made, keeps_folder=was_there)
        raise CannotMake(
            f"{directory} cannot be made: {problem.strerror}. Name a folder where you may write."
        ) from problem
    return sorted(made)


def _take_away(directory: Path, made: Iterable[str], *, keeps_folder: bool) -> None:
    folders = {directory / folder for path in made for folder in Path(path).parents}
    if keeps_folder:
        folders.remove(directory)
    for path in made:
        with suppress(OSError):  # Not all of it was made.
            (directory / path).unlink()
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            found += _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".py")):
            found.append((f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")))
    return found
