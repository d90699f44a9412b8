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

from tests.faults.thorough import THOROUGH
from tests.server import wait_for

AT_ONCE = 8
"""Cases that run side by side: most of them only wait, but each gives us a second for its goodbye."""
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


@pytest.mark.parametrize("about", CASES)
def test_every_case_passes_with_a_clean_close(echo: int, about: str):
    cases, how_many = CASES[about]
    try:
        asked = run_fuzzingclient(f"127.0.0.1:{echo}", cases, None, concurrency=AT_ONCE)
        with ThreadPoolExecutor(1) as elsewhere:  # A browser of other tests has a loop in this thread.
            results = elsewhere.submit(asyncio.run, asked).result()
    except FailureError as failure:
        pytest.fail(str(failure))
    assert len(results) == how_many
    verdicts = Counter((each.behavior.value, each.behavior_close.value) for each in results)
    # Not strict: a message just before a breach of the protocol is not said back. Nobody would be there to hear it.
    assert set(verdicts) <= {("OK", "OK"), ("NON-STRICT", "OK"), ("INFORMATIONAL", "INFORMATIONAL")}
    assert verdicts["OK", "OK"] >= how_many * 0.8
