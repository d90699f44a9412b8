"""The files of a site directory: which of them are read, and the version that their content makes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from rules.document import too_big
from rules.problems import Place, Problem, error

MOST_FILES = 1_000
ENDING = ".yaml"


def content_files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yields the path inside the site and the path on disk of every file that is meant as content, in a fixed order.

    Hidden files and folders are left out, `.parlour` with the database among them, and what a link leads to outside.
    """
    root = directory.resolve()
    return ((name, path) for name, path in _called_content(root) if _why_not(path, root) is None)


def read_files(directory: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Returns what the files of a site hold, by their paths; what cannot be read becomes a problem."""
    contents: dict[str, bytes] = {}
    root = directory.resolve()
    for name, path in _called_content(root):
        if len(contents) >= MOST_FILES:
            problems.append(error("Y007", Place(name, 1, 1), f"this site has more than {MOST_FILES:,} files"))
            break
        if not name.endswith(ENDING):
            right = f"{path.stem}{ENDING}"
            problems.append(error("Y008", Place(name, 1, 1), f"{path.name} is not read; rename it to {right}"))
        elif why_not := _why_not(path, root):
            problems.append(error("Y008", Place(name, 1, 1), why_not))
        elif (content := _content(name, path, problems)) is not None:
            contents[name] = content
    return contents


def _called_content(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith((ENDING, ".yml")):
                path = Path(folder, name)
                yield path.relative_to(root).as_posix(), path


def _why_not(path: Path, root: Path) -> str | None:
    """Returns why a file must not be opened: a pipe would be waited for, and what lies outside is none of the site."""
    try:
        is_ordinary = stat.S_ISREG(path.stat().st_mode)
    except OSError as failure:
        if path.is_symlink():
            return "this link leads nowhere; put the file itself here"
        return f"this file cannot be opened: {failure.strerror}"
    if not Path(os.path.realpath(path)).is_relative_to(root):
        return "this link leads out of the site, so it is not read; put the file itself here"
    return None if is_ordinary else "this is no ordinary file, so it is not read; put one here, or take it away"


def _content(name: str, path: Path, problems: list[Problem]) -> bytes | None:
    try:
        problem = too_big(path.stat().st_size, name)
        content = None if problem else path.read_bytes()
    except OSError as failure:
        problem, content = error("Y008", Place(name, 1, 1), f"this file cannot be opened: {failure.strerror}"), None
    if problem:
        problems.append(problem)
    return content


def normalised(text: str) -> str:
    """Returns the text with what editors change unasked taken out: line ends and a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def version_of(files: Mapping[str, str]) -> str:
    """Returns the hash of a site's files."""
    rows = [[path, normalised(files[path])] for path in sorted(files)]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
