"""Writing the record of a person into files that only their owner may read."""

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from bot.database import Database
from handoff.privacy.export import as_data, as_page
from handoff.privacy.people import Person
from handoff.privacy.records import Records

FILES: dict[str, Callable[..., Iterator[str]]] = {"visitor.json": as_data, "visitor.html": as_page}
OWNER_ALONE = 0o600


class CannotWrite(Exception):
    """The files cannot be written there; the text says what to do."""


def write_to(target: Path, database: Database, person: Person, *, at: datetime) -> list[Path]:
    """Writes a person's record into a folder, or into a .zip, and returns the files.

    Raises CannotWrite rather than write over anything; what was begun and failed is taken away.
    """
    is_zip = target.suffix.lower() == ".zip"
    files = [target] if is_zip else [target / name for name in FILES]
    if there := next((file for file in files if file.exists()), None):
        raise CannotWrite(f"{there} is there already. Name another place with --to.")
    begun: list[Path] = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not is_zip:
            target.mkdir(mode=0o700, exist_ok=True)
        with ExitStack() as stack:
            for file in files:
                out = stack.enter_context(open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE), "wb"))
                begun.append(file)
                if is_zip:
                    zip_into(out, database, person, at=at)
                else:
                    _write(out, FILES[file.name], database, person, at)
    except BaseException as problem:
        for file in begun:
            file.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise CannotWrite(f"{target} cannot be written: {problem.strerror}.") from problem
        raise
    return files


def zip_into(out: IO[bytes], database: Database, person: Person, *, at: datetime) -> None:
    """Writes both files of a person's record into one archive."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, write in FILES.items():
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = OWNER_ALONE << 16
            with archive.open(entry, "w", force_zip64=True) as inner:
                _write(inner, write, database, person, at)


def _write(
    out: IO[bytes], write: Callable[..., Iterator[str]], database: Database, person: Person, at: datetime
) -> None:
    with database.reading() as connection:
        text = TextIOWrapper(out, encoding="utf-8", errors="replace", write_through=True)
        for piece in write(Records(connection, person), at=at):
            text.write(piece)
        text.flush()
        text.detach()
