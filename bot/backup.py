"""A copy of a database in SQLite, made while it is in use, and a copy put back in its place."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time

from sqlalchemy.exc import DatabaseError

from bot.epoch import NAME as EPOCH
from bot.ids import new_id
from bot.in_use import alone_with
from bot.sqlite_file import HEAD, beside, head_of, looking, refuse_others_and_damage
from bot.trouble import CannotOpen, sentence

PARTIAL = ".partial"
"""Ends the name of a copy that is being written."""
ABANDONED_AFTER = 3600.0
"""Seconds after which nobody is taken to write a copy any more that nobody has written to."""
ANOTHER = "Name another backup; nothing was changed."


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    conversations: int
    latest: str | None
    """When something happened last in any of them, in UTC."""
    size: int


def back_up(file: Path, to: Path) -> Copied:
    """Copies the database as it is at one moment, also while it is written, and reads the copy whole.

    Raises CannotOpen, and then there is no copy; never writes over anything.
    """
    if not file.exists():
        raise CannotOpen(f"There is no database {file} to make a backup of.")
    if to.exists():
        raise CannotOpen(f"{to} is there already. Name a file that is not.")
    with _growing(to) as partial:
        # SQLite's own copy leaves out what was deleted, which a copy of pages would still hold.
        with _said_of(f"The database {file}", written=to), closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM INTO ?", [str(partial)])
        _keep(partial)
        with _said_of(f"The copy {to}"), closing(looking(partial)) as copy:
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise CannotOpen(f"The copy {to} cannot be read back ({found}). Look at that disk, and try another.")
        with _said_of(f"The database {file}"):
            copied = _copied(partial)
        _name(partial, to)
    return copied


def restore(backup: Path, file: Path, *, at: datetime) -> tuple[Copied, Path | None]:
    """Puts a backup in the place of the database; returns what was restored, and where the database before is kept.

    It becomes another record, so that everybody's windows load it anew. Raises CannotOpen; then nothing was changed.
    """
    if not backup.exists():
        raise CannotOpen(f"There is no file {backup}.")
    if file.exists() and backup.samefile(file):
        raise CannotOpen(f"{backup} is the database itself. Name a backup.")
    refuse_others_and_damage(backup, f"The backup {backup}", ANOTHER)
    with alone_with(file), _growing(file) as partial:
        with _said_of(f"The backup {backup}", written=partial):
            _copy_as_another(backup, partial)
        _keep(partial)
        copied = _copied(partial)
        aside = _set_aside(file, at)
        os.replace(partial, file)
        _keep(file.parent)
    return copied, aside


def _copy_as_another(backup: Path, to: Path) -> None:
    with closing(looking(backup)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # A file by itself, until it is opened again.
        copy.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", [EPOCH, new_id()])
        copy.commit()


@contextmanager
def _growing(to: Path) -> Iterator[Path]:
    """Yields a new empty file in the folder of another, readable by its owner alone; takes away what is left of it."""
    partial = to.with_name(f".{to.name}.{os.getpid()}{PARTIAL}")
    _take_away_what_was_left(to.parent)
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as problem:
        raise CannotOpen(f"Nothing can be written in {to.parent}: {problem.strerror}.") from problem
    try:
        yield partial
    finally:
        for left in (partial, beside(partial, "-journal")):
            left.unlink(missing_ok=True)


def _take_away_what_was_left(folder: Path) -> None:
    """Takes away copies that nobody finishes any more: whoever wrote them was killed."""
    for left in folder.glob(f".*{PARTIAL}*"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > ABANDONED_AFTER:
                left.unlink()


@contextmanager
def _said_of(called: str, *, written: Path | None = None) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        if written and problem.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
            raise CannotOpen(f"There is no room for the copy in {written.parent}. Nothing was changed.") from problem
        raise CannotOpen(sentence(DatabaseError(None, None, problem), called)) from problem


def _keep(path: Path) -> None:
    """Waits until a file, or what stands in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(partial: Path, to: Path) -> None:
    try:
        os.link(partial, to)  # Unlike a renaming, never over another file.
    except FileExistsError:
        raise CannotOpen(f"{to} is there already. Name a file that is not.") from None
    except OSError:  # A disk that gives a file one name only, such as a stick.
        os.rename(partial, to)
    _keep(to.parent)


def _copied(file: Path) -> Copied:
    with closing(looking(file)) as connection:
        query = "SELECT count(*), strftime('%Y-%m-%d %H:%M', max(last_at)) FROM conversation"
        conversations, latest = connection.execute(query).fetchone()
    return Copied(conversations, latest, file.stat().st_size)


def _set_aside(file: Path, at: datetime) -> Path | None:
    """Gives the database a second name, by the moment, so that at any time there is one under its own."""
    if not file.exists():
        return None
    _fold(file)
    aside = file.with_name(f"{file.stem}-before-{at:%Y-%m-%d-%H%M%S}{file.suffix}")
    _name(file, aside)
    for tail in ("-wal", "-shm"):
        if beside(file, tail).exists():
            os.replace(beside(file, tail), beside(aside, tail))
    return aside


def _fold(file: Path) -> None:
    """Makes the database one file again, for which SQLite must be alone with it; a damaged one is left as it is."""
    if head_of(file) != HEAD:
        return  # SQLite would throw away the log of a file it cannot read.
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise CannotOpen(f"Another program has {file} open. End it first.") from problem
    except sqlite3.DatabaseError:
        return
