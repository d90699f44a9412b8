"""The files of a site directory: which of them are read, and the version that their content makes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from rules.document import too_big
from rules.problems import Place, Problem, error

MOST_FILES = 1_000


def content_files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yields the path inside the site and the path on disk of every file that is content, in a fixed order.

    Hidden files and folders are left out, `.parlour` with the database among them, and what a link leads to outside.
    """
    root = directory.resolve()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and name.endswith(".yaml") and path.resolve().is_relative_to(root):
                yield path.relative_to(root).as_posix(), path


def read_files(directory: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Returns what the files of a site hold, by their paths; what cannot be read becomes a problem."""
    contents: dict[str, bytes] = {}
    for name, path in content_files(directory):
        if len(contents) >= MOST_FILES:
            problems.append(error("Y007", Place(name, 1, 1), f"this site has more than {MOST_FILES:,} files"))
            break
        content = _content(name, path, problems)
        if content is not None:
            contents[name] = content
    return contents


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
