"""What it is worth to commit turns together: on both databases, with few and with many turns on their way at once."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import databases, postgres

ROOT = Path(__file__).parents[1]
SITE = Path(__file__).parent / "site"
AT_ONCE = (1, 8, 64, 256)
NewAddress = Callable[[Path], str]


def main(*, seconds: float = 3.0, at_once: Sequence[int] = AT_ONCE) -> int:
    """Prints a line for each; returns 0, since nothing is wrong with any number."""
    print(
        f"\n{'turns committed':34}  {'at once':>8}  {'per s':>7}  {'CPU µs':>7}  {'a commit':>8}  {'syncs a turn':>12}"
    )
    for name, opened in (("SQLite", _files), ("PostgreSQL", _cluster)):
        with opened() as new_address:
            for number in at_once:
                for how in ("alone", "together"):
                    it = _measured(new_address, how, number, seconds)
                    print(
                        f"{name + ', ' + how:34}  {number:8}  {it['per_second']:7}  {it['cpu_us']:7}"
                        f"  {it['turns_a_commit']:8}  {it['syncs_a_turn']:12}",
                        flush=True,
                    )
    return 0


def _measured(new_address: NewAddress, how: str, at_once: int, seconds: float) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="parlour-bench-"))
    try:
        shutil.copytree(SITE, folder, dirs_exist_ok=True)
        command = ["-m", "bench.servers.turns", str(folder), new_address(folder), how, str(at_once), str(seconds)]
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _files() -> Iterator[NewAddress]:
    yield lambda folder: f"sqlite:///{folder}/parlour.db"


@contextmanager
def _cluster() -> Iterator[NewAddress]:
    with postgres.cluster(durable=True) as address:
        yield lambda _: databases.empty_in_cluster(address)


if __name__ == "__main__":
    sys.exit(main())
