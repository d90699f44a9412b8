"""Our sockets speak RFC 6455: the core of the public suite (Autobahn's cases) against an echo on the product's road.

The largest messages in the smallest pieces take a while: they come with `make conformance`.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from kosoku import FailureError, run_fuzzingclient
from kosoku._kosoku import CaseResult

from tests.faults.thorough import THOROUGH
from tests.server import wait_for

AT_ONCE, FEW = 8, 2
"""Cases that run side by side: most of them only wait."""
CASES = {
    "frames, pings, reserved bits, kinds, pieces": (["1.*", "2.*", "3.*", "4.*", "5.*"], 64),
    "UTF-8": (["6.*"], 145),
    "closing": (["7.*", "10.*"], 38),
    "large and many messages": (["9.1.*", "9.2.*", "9.7.*", "9.8.*"], 24),
}
IN_SMALL_PIECES = {"large messages in small pieces": (["9.3.*", "9.4.*", "9.5.*", "9.6.*"], 30)}
if THOROUGH:
    CASES |= IN_SMALL_PIECES


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of a running echo."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tests.echo", str(port)], start_new_session=True)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(listens, 40)
    yield port
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def asked(port: int, cases: list[str]) -> list[CaseResult]:
    """Asks all these. Each gives us a second for our goodbye, which a busy machine may not have for so many. Where
    nothing else was wrong, all are asked again, few at once."""
    for at_once in (AT_ONCE, FEW):
        suite = run_fuzzingclient(f"127.0.0.1:{port}", cases, None, concurrency=at_once)
        try:
            with ThreadPoolExecutor(1) as elsewhere:  # A browser of other tests has a loop in this thread.
                return list(elsewhere.submit(asyncio.run, suite).result())
        except FailureError as failure:
            if at_once == FEW or not all(map(is_late, failure.results)):
                pytest.fail(str(failure))
    return []


def is_late(result: CaseResult) -> bool:
    return result.behavior.value == "OK" and result.behavior_close.value in ("FAILED BY CLIENT", "UNCLEAN")


@pytest.mark.parametrize("about", CASES)
def test_every_case_passes_with_a_clean_close(echo: int, about: str):
    cases, how_many = CASES[about]
    results = asked(echo, cases)
    assert len(results) == how_many
    verdicts = Counter((each.behavior.value, each.behavior_close.value) for each in results)
    # Not strict: a message just before a breach of the protocol is not said back. Nobody would be there to hear it.
    assert set(verdicts) <= {("OK", "OK"), ("NON-STRICT", "OK"), ("INFORMATIONAL", "INFORMATIONAL")}
    assert verdicts["OK", "OK"] >= how_many * 0.8
