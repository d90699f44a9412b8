"""Who uses a database file: one server, or whoever puts another file in its place.

A lock of the operating system on a file beside it, which ends with the processes that hold it, however they end.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from bot.sqlite_file import beside
from bot.trouble import CannotOpen

ENDS_WITHIN = 5.0
"""Seconds."""
LOOKS_AGAIN = 0.05


@contextmanager
def used(file: Path) -> Iterator[None]:
    """Says that this process and its children use the database; raises CannotOpen while another does.

    Waits a moment first: what is left of a server that was killed may need one to end.
    """
    refusal = (
        f"Another Parlour serves {file} already, or restores it. Stop that one first; "
        "several processes need  --database postgresql://…"
    )
    with _lock(file, refusal, patience=ENDS_WITHIN):
        yield


@contextmanager
def alone_with(file: Path) -> Iterator[None]:
    """Keeps servers from starting with the database; raises CannotOpen when one is running."""
    with _lock(file, f"A running server has {file} open. Stop it first.", patience=0.0):
        yield


@contextmanager
def _lock(file: Path, refusal: str, *, patience: float) -> Iterator[None]:
    if not file.parent.is_dir():
        yield  # Whoever looks at the file next says so.
        return
    with beside(file, "-lock").open("a") as held:  # Children hold it too, so it is closed and not unlocked.
        end = monotonic() + patience
        while not _is_locked(held):
            if monotonic() >= end:
                raise CannotOpen(refusal)
            sleep(LOOKS_AGAIN)
        yield


def _is_locked(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
