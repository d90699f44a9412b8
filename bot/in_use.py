"""Who uses a database file: servers share it, and whoever puts another in its place must be alone.

A lock of the operating system on a file beside it, which ends with the processes that hold it, however they end.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.sqlite_file import beside
from bot.trouble import CannotOpen


@contextmanager
def used(file: Path) -> Iterator[None]:
    """Says that this process and its children use the database; raises CannotOpen while another takes its place."""
    with _lock(file, fcntl.LOCK_SH, f"Another database is being put in the place of {file}. Try again in a moment."):
        yield


@contextmanager
def alone_with(file: Path) -> Iterator[None]:
    """Keeps servers from starting with the database; raises CannotOpen when one is running."""
    with _lock(file, fcntl.LOCK_EX, f"A running server has {file} open. Stop it first."):
        yield


@contextmanager
def _lock(file: Path, kind: int, refusal: str) -> Iterator[None]:
    if not file.parent.is_dir():
        yield  # Whoever looks at the file next says so.
        return
    with beside(file, "-lock").open("a") as held:  # Children hold it too, so it is closed and not unlocked.
        try:
            fcntl.flock(held, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotOpen(refusal) from None
        yield
