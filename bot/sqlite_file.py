"""Whether a file is a database of ours and whole: looked at before it is opened, without changing a byte of it.

And who else may read it: nobody.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from bot.trouble import RESTORE, CannotOpen, sentence
from bot.upgrading import refuse_others

HEAD = b"SQLite format 3\0"
OR_DELETE = "  (or delete it, if it never held anything)"
MOST_LOOKS = 3
"""A file that seems damaged and was written meanwhile, by a program that came and went, is looked at again."""
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

_COLUMNS = """
    SELECT its.name, each.name FROM sqlite_master AS its JOIN pragma_table_info(its.name) AS each
    WHERE its.type = 'table' AND its.name NOT GLOB 'sqlite_*'
"""


def refuse_unusable(file: Path, *, read_whole: int | None = None) -> None:
    """Raises CannotOpen unless the file is a whole database of ours, or there is none yet and one may be made.

    Every page is read, which takes a second a gigabyte where it is in memory and ten where it is not: what is damaged
    must not be found out by a visitor. A file of more than `read_whole` bytes is spared that.
    """
    if file.exists():
        refuse_others_and_damage(file, f"The database {file}", RESTORE, if_empty=OR_DELETE, read_whole=read_whole)
    elif not file.parent.is_dir():
        raise CannotOpen(f"There is no folder {file.parent} to make the database in. Make it, or name another.")
    elif (remains := beside(file, "-wal")).exists() and remains.stat().st_size:
        raise CannotOpen(f"The database {file} is gone, but {remains.name} is there, which belongs to it. {RESTORE}")


def refuse_others_and_damage(
    file: Path, called: str, advice: str, *, if_empty: str = "", read_whole: int | None = None
) -> None:
    """Raises CannotOpen with the advice unless the file is a whole database of ours."""
    try:
        head = head_of(file)
    except IsADirectoryError:
        raise CannotOpen(f"{called} is a folder; name a file in it.") from None
    except OSError as problem:
        raise CannotOpen(f"{called} cannot be read: {problem.strerror}.") from problem
    if not head:
        raise CannotOpen(f"{called} is empty. {advice}{if_empty}")
    if head != HEAD:
        raise CannotOpen(f"{called} is no SQLite database. {advice}")
    _look_inside(file, called, advice, whole=read_whole is None or file.stat().st_size <= read_whole)


def make_private(file: Path) -> None:
    """Makes the file if there is none, and lets its owner alone read it and what SQLite keeps beside it.

    SQLite gives what it makes beside it the same rights. Whoever may write the file and does not own it leaves it as it
    is. Raises OSError.
    """
    if not file.exists():
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    for each in (file, beside(file, "-wal"), beside(file, "-shm")):
        with suppress(FileNotFoundError, PermissionError):
            if (mode := each.stat().st_mode) & 0o077:
                each.chmod(mode & 0o700)


def beside(file: Path, tail: str) -> Path:
    """Returns the name of one of the files SQLite keeps beside a database: `-wal`, `-shm`."""
    return file.with_name(f"{file.name}{tail}")


def head_of(file: Path) -> bytes:
    """Returns the first bytes of a file, which are `HEAD` in every database of SQLite; raises OSError."""
    with file.open("rb") as opened:
        return opened.read(len(HEAD))


def looking(file: Path) -> sqlite3.Connection:
    """Opens a file for reading, and leaves nothing beside it; raises sqlite3.Error."""
    alone = not any(beside(file, tail).exists() for tail in ("-wal", "-journal"))
    return sqlite3.connect(f"{file.resolve().as_uri()}?{'immutable=1' if alone else 'mode=ro'}", uri=True)


def _look_inside(file: Path, called: str, advice: str, *, whole: bool) -> None:
    for _ in range(MOST_LOOKS):
        stood = _standing(file)
        tables, revision, found = _found_inside(file, called, whole=whole)
        if found == "ok" or _standing(file) == stood:
            break
    if found != "ok":
        raise CannotOpen(f"{called} is damaged ({' '.join(found.split())}). {advice}")
    refuse_others(tables, revision, called, advice)


def _standing(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def _found_inside(file: Path, called: str, *, whole: bool) -> tuple[dict[str, list[str]], str | None, str]:
    """Returns table → columns, the revision, and what is wrong; `ok` when nothing is."""
    tables: dict[str, list[str]] = {}
    revision = None
    try:
        with closing(looking(file)) as connection:
            for name, column in connection.execute(_COLUMNS):
                tables.setdefault(name, []).append(column)
            if "alembic_version" in tables:
                (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or (None,)
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone() if whole else ("ok",)
    except sqlite3.Error as problem:
        if not problem.sqlite_errorname.startswith(DAMAGED):
            raise CannotOpen(sentence(DatabaseError(None, None, problem), called)) from problem
        found = str(problem)
    return tables, revision, found
