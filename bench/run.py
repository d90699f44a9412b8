"""Runs the contenders in turn, each pinned to a processor beside its client, and prints medians as ratios."""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import actions, committing, content, crowd, living, rules, slow, stored, workers
from bench.ports import free_port

ROOT = Path(__file__).parents[1]
SITE = Path(__file__).parent / "site"
STARTS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A server and what its client does; one that needs no client is `alone` and measures itself."""

    name: str
    module: str
    what: str
    path: str
    connections: int
    rules: int = 0
    """How many rules its site has besides."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio of processor time per message must not pass."""

    says: str
    of: str
    to: str
    at_most: float


REFERENCE = Contender("bare echo", "bench.servers.reference", "echo", "/echo", 1000)
CONTENDERS = (
    REFERENCE,
    Contender("echo through Connection", "bench.servers.echo", "echo", "/echo", 1000),
    Contender("durable bot turn", "bench.servers.product", "turn", "/widget/socket", 64),
    Contender("durable bot turn, rules", "bench.servers.product", "turn", "/widget/socket", 64, rules=5_000),
    Contender("turn by ORM, commit each", "bench.servers.orm", "turn", "/widget/socket", 64),
    Contender("50 triggers of a page view", "bench.views", "alone", "", 0),
)
TARGETS = (
    Target("echo through Connection / bare echo", "echo through Connection", "bare echo", 4.0),
    Target("durable bot turn / bare echo", "durable bot turn", "bare echo", 12.0),
    Target("durable bot turn, rules / durable bot turn", "durable bot turn, rules", "durable bot turn", 1.5),
    Target("durable bot turn / turn by ORM, commit each", "durable bot turn", "turn by ORM, commit each", 0.1),
    Target("50 triggers of a page view / bare echo", "50 triggers of a page view", "bare echo", 5.5),
)


PARTS: Mapping[str, Callable[[], int]] = {
    "rules": rules.main,
    "content": content.main,
    "actions": actions.main,
    "living": living.main,
    "workers": workers.main,
    "slow": slow.main,
    "crowd": crowd.main,
}
"""What is measured without a client and a server of ours; each returns 1 when a target is missed, else 0."""
ASKED_FOR: Mapping[str, Callable[[], int]] = {"committing": committing.main, "stored": stored.main}
"""What takes minutes and needs PostgreSQL, and is measured only when named."""


class Failed(Exception):
    """A contender could not be measured; the text says why."""


def main() -> None:
    """Measures, prints, and exits with 1 when a target is missed."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--only", nargs="*", default=[], help="parts of contenders' names")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that what was started here is ended too
    chosen = [each for each in CONTENDERS if not given.only or any(part in each.name for part in given.only)]
    measured: dict[str, list[dict[str, Any]]] = {each.name: [] for each in chosen}
    for number in range(1, given.rounds + 1):
        for contender in chosen:  # Alternating, so that the machine's moods meet all alike.
            try:
                result = measure(contender, seconds=given.seconds)
            except Failed as problem:
                sys.exit(str(problem))
            measured[contender.name].append(result)
            print(f"round {number}  {contender.name:28}  {json.dumps(result)}", flush=True)
    missed = report(measured) if measured else 0
    for name, part in {**PARTS, **ASKED_FOR}.items():
        if name in (given.only or PARTS):
            missed |= part()
    sys.exit(missed)


def report(measured: dict[str, list[dict[str, Any]]]) -> int:
    """Prints the medians and the ratios; returns 1 when a target is missed, else 0."""
    print(f"\n{'median':28}  {'CPU µs':>8}  {'per s':>8}  {'p50 ms':>8}  {'p99 ms':>8}  {'KB/conn':>8}")
    cpu = {}
    for name, results in measured.items():
        columns = ("cpu_us", "per_second", "p50_ms", "p99_ms", "kb_per_connection")
        medians = [statistics.median(result.get(column, 0) for result in results) for column in columns]
        cpu[name] = medians[0]
        print(f"{name:28}  " + "  ".join(f"{value:8g}" for value in medians))
    print()
    missed = 0
    for target in TARGETS:
        if target.of in cpu and target.to in cpu:
            ratio = cpu[target.of] / cpu[target.to]
            held = ratio <= target.at_most
            missed |= not held
            print(f"{'held  ' if held else 'MISSED'}  {target.says}: {ratio:.2f} (at most {target.at_most:g})")
    return missed


def measure(contender: Contender, *, seconds: float) -> dict[str, Any]:
    """Starts the contender, lets the client at it, ends it."""
    if contender.what == "alone":
        return _alone(contender)
    folder = Path(tempfile.mkdtemp(prefix="parlour-bench-"))
    try:
        shutil.copytree(SITE, folder / "site")
        for number, text in enumerate(rules.files(contender.rules)):
            (folder / "site" / f"rules_{number}.yaml").write_text(text)
        port = free_port()
        with (folder / "server.log").open("wb") as log:
            server = _start(0, "-m", contender.module, str(port), str(folder), stdout=log, stderr=log)
        try:
            _wait_for(server, port)
            return _load(contender, server.pid, port, seconds)
        except Failed as problem:
            said = (folder / "server.log").read_text(errors="replace")[-2000:]
            raise Failed(f"{contender.name}: {problem}\n{said}") from None
        finally:
            _end(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alone(contender: Contender) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        process = _start(0, "-m", contender.module, folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            printed, complained = process.communicate(timeout=120)
        finally:
            _end(process)
    if process.returncode != 0:
        raise Failed(f"{contender.name}: it said {complained[-2000:]}")
    return _right(json.loads(printed))


def _load(contender: Contender, pid: int, port: int, seconds: float) -> dict[str, Any]:
    command = ["-m", "bench.load", "--what", contender.what, "--url", f"ws://127.0.0.1:{port}{contender.path}"]
    command += ["--pid", str(pid), "--connections", str(contender.connections), "--seconds", str(seconds)]
    client = _start(1, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        printed, complained = client.communicate(timeout=seconds + 120)
    finally:
        _end(client)
    if client.returncode != 0:
        raise Failed(f"the client said {complained[-2000:]}")
    return _right(json.loads(printed))


def _right(result: dict[str, Any]) -> dict[str, Any]:
    if result["wrong"] or not result["answered"]:
        raise Failed(f"not what was asked for: {result}")
    return result


def _start(processor: int, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
    available = sorted(os.sched_getaffinity(0))
    here = {available[processor % len(available)]}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, preexec_fn=lambda: os.sched_setaffinity(0, here), **options
    )


def _wait_for(server: subprocess.Popen[Any], port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Failed(f"ended with {server.returncode} before it served")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(0.5)
            return
    raise Failed(f"did not serve within {STARTS_WITHIN:g} s")


def _end(process: subprocess.Popen[Any]) -> None:
    """Ends what was started here and its children, by their ids."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for child in family:
        if child.is_running():
            child.kill()
