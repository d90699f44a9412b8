"""A throw-away PostgreSQL cluster for the tests: its own folder, its own port, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

from tests import disk

ALONE = "-c listen_addresses='' -c max_connections=100"
SOMEWHERE = "-c timezone=America/St_Johns"
"""Where a server stands is its own affair, and half an hour apart from everybody."""
SAFE_ENOUGH = "-c fsync=off"
"""The machine does not lose power in a test; what a killed process leaves behind is safe without fsync too."""


def programs() -> Path | None:
    """Returns the folder of PostgreSQL's server programs, the newest, or None without any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextmanager
def cluster(*, durable: bool = False, megabytes: int | None = None) -> Iterator[str]:
    """Yields the address of a running cluster's maintenance database, reached by a socket in its own folder.

    A durable one would survive a loss of power, and is as slow as that is. With so many `megabytes` its data are on a
    small disk of their own.
    """
    folder = Path(tempfile.mkdtemp(prefix="parlour-pg-"))
    bin_folder = programs()
    assert bin_folder is not None
    data = folder / "data"
    data.mkdir()
    options = f"{ALONE} {SOMEWHERE} {'' if durable else SAFE_ENOUGH} -k {folder}"
    try:
        with disk.small(data, megabytes=megabytes) if megabytes else nullcontext():
            if os.geteuid() == 0:
                for each in (folder, data):
                    shutil.chown(each, "postgres", "postgres")
            make_data(data)
            run(bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
            try:
                yield f"postgresql+psycopg://parlour@/postgres?host={folder}"
            finally:
                run(bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_data(folder: Path) -> None:
    """Makes the data folder of a new cluster: a copy, because initdb takes ten times as long."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "--extract", "--directory", folder], input=_made_data(), check=True, timeout=60)


@cache
def _made_data() -> bytes:
    """Returns what initdb makes, packed: kept here, nothing of it is left behind by a run that is killed."""
    with tempfile.TemporaryDirectory(prefix="parlour-pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        run("initdb", "-D", folder, "-U", "parlour", "--auth=trust", "--no-sync", "-E", "UTF8")
        packed = ["tar", "--create", "--directory", folder, "."]
        return subprocess.run(packed, capture_output=True, check=True, timeout=60).stdout


def run(*command: object) -> str:
    """Runs one of PostgreSQL's programs and returns what it printed."""
    # The server refuses to run as root; then it runs as the user Debian made for it.
    user = "postgres" if os.geteuid() == 0 else None
    home = pwd.getpwnam(user).pw_dir if user else None
    found = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}"}
    words = [str(each) for each in command]
    done = subprocess.run(words, user=user, cwd=home, env=found, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def restart(address: str, *, how: str) -> None:
    """Stops the cluster of an address in this way ("fast", "immediate") and starts it again."""
    folder = folder_of(address)
    bin_folder = programs()
    assert bin_folder is not None
    run(bin_folder / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-m", how, "restart")


def folder_of(address: str) -> Path:
    """Returns the folder of the cluster of an address: in it are `log` and, under `data`, everything it has stored."""
    return Path(address.partition("?host=")[2])
