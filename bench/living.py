"""How the product lives: how soon it starts, what it takes, how soon what is said is shown among many conversations.

The site is the one a new installation begins with. What is said by 1,000 visitors, 100 messages a second, is compared
with the bare echo under the same load in the same run.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.ports import free_port
from bench.starting import QUESTIONS, ROOT, running, told, wait_for
from bot.site.starting import make_site

CONVERSATIONS, RATE, SECONDS = 1000, 100, 10
P95_AT_MOST = 150.0
"""Milliseconds from sent to shown."""
MEMORY_AT_MOST = 120.0
"""MB that the worker keeps to itself or shares fairly, with the sample site."""
START_AT_MOST = 3.0
"""Seconds of a start that finds everything there."""


def main() -> int:
    """Prints what was measured; returns 1 when a target is missed."""
    folder = Path(tempfile.mkdtemp(prefix="parlour-bench-"))
    try:
        start, memory = _starts(folder)
        shown, echoed = _shown("bench.servers.product", "turn"), _shown("bench.servers.reference", "echo")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{CONVERSATIONS:,} conversations, {RATE} messages a second:")
    print(f"  {'sent to shown':28}  p50 {shown['p50_ms']:6.2f} ms   p95 {shown['p95_ms']:6.2f} ms")
    print(f"  {'bare echo':28}  p50 {echoed['p50_ms']:6.2f} ms   p95 {echoed['p95_ms']:6.2f} ms\n")
    return (
        told("the second start, in seconds", start, START_AT_MOST)
        | told("memory of the worker with the sample site, in MB", memory, MEMORY_AT_MOST)
        | told("sent to shown, p95 in milliseconds", shown["p95_ms"], P95_AT_MOST)
    )


def _starts(folder: Path) -> tuple[float, float]:
    """Returns the median time of later starts of the sample site, and the worker's memory."""
    site = folder / "shop"
    make_site(site)
    times, memory = [], 0.0
    for number in range(4):
        port = free_port()
        began = time.perf_counter()
        with running("-m", "web.cli", "serve", str(site), "--port", str(port)) as server:
            wait_for(port)
            if number:
                times.append(time.perf_counter() - began)
            time.sleep(2)
            memory = _memory_of_worker(server.pid)
    return statistics.median(times), memory


def _memory_of_worker(master: int) -> float:
    """The worker is the child of the master that is a copy of it; what actions run in is another program."""
    command = psutil.Process(master).cmdline()
    workers = [each for each in psutil.Process(master).children() if each.cmdline() == command]
    return sum(each.memory_full_info().pss for each in workers) / 1e6


def _shown(module: str, what: str) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="parlour-bench-"))
    shutil.copytree(QUESTIONS, folder / "site")
    port, path = free_port(), "/widget/socket" if what == "turn" else "/echo"
    try:
        with running("-m", module, str(port), str(folder)) as server:
            wait_for(port, listening=what == "echo")
            command = ["-m", "bench.load", "--what", what, "--url", f"ws://127.0.0.1:{port}{path}"]
            command += ["--pid", str(server.pid), "--connections", str(CONVERSATIONS)]
            command += ["--rate", str(RATE), "--seconds", str(SECONDS)]
            load = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=180)
        assert load.returncode == 0, load.stderr[-2000:]
        result: dict[str, Any] = json.loads(load.stdout)
        assert not result["wrong"] and result["answered"] > RATE * SECONDS * 0.9, result
        return result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
