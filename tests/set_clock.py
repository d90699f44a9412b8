"""A clock that a test sets while a program runs: Debian's libfaketime, loaded into that program."""

import os
from pathlib import Path

import pytest


def library() -> Path | None:
    """Returns the library for programs with threads, or None without any."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def required() -> Path:
    """Returns the library; skips where there is none, or fails where that is not allowed."""
    found = library()
    if found is None:
        if os.environ.get("REQUIRE_FAKETIME") == "1":
            pytest.fail("REQUIRE_FAKETIME=1, but there is no libfaketime")
        pytest.skip("no libfaketime here: a clock that is set while a server runs is not tested")
    return found


class SetClock:
    """What a program that is started in this `environment` takes for the time of day.

    As when an operator sets a clock, how long something takes and when files were changed stay what they are.
    """

    def __init__(self, file: Path):
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(required()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else no wait for Python's own lock takes any time, and threads that want it keep a processor busy.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }
        self.set(hours=0)

    def set(self, *, hours: int) -> None:
        """Lets it show so many hours more than it is."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{hours * 3600:+d}\n")
        written.replace(self._file)

    @staticmethod
    def forget(pid: int) -> None:
        """Takes away what a killed program leaves in memory: a later one of the same id could not start."""
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            Path("/dev/shm", name).unlink(missing_ok=True)
