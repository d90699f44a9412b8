"""Times an action: the whole of it, as a turn has it called, against a bare POST of the same to the same server."""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from random import random

from bot.actions.actions import Actions
from bot.actions.client import Client
from bot.actions.roster import Roster
from bot.actions.server import ActionServer
from bot.actions.tracker import Told, body_of
from bot.contact import Known
from bot.conversation import Conversation
from bot.events import Event
from bot.site.loading import load_files
from bot.site.starting import starter_files
from flows.cursor import Cursor

ACTION = "look_up_order"
MESSAGES = 50
"""In the conversation that an action is told of."""
AT_MOST = 2.0


def main(*, rounds: int = 5, calls: int = 200) -> int:
    """Prints medians and their ratio; returns 1 when it is more than it may be."""
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        site = Path(folder)
        (site / "actions").mkdir()
        (site / "actions" / "orders.py").write_text(starter_files()["actions/orders.py"])
        server = ActionServer(site, site / "actions.json", clock=time.monotonic, sleep=time.sleep, log=print)
        try:
            server.look()
            return _compare(server, rounds, calls)
        finally:
            server.stop()


def _compare(server: ActionServer, rounds: int, calls: int) -> int:
    client = Client(server.address, clock=time.monotonic, sleep=time.sleep, chance=random)
    roster = Roster(client)
    roster.wait()
    actions = Actions(client, roster, clock=time.monotonic)
    told = _conversation()
    body = json.dumps(body_of(ACTION, told)).encode()
    ours, bare = [], []
    for _ in range(rounds):  # Alternating, so that the machine's moods meet both alike.
        ours.append(_median(lambda: actions.run(ACTION, told, within=10.0), calls))
        bare.append(_median(lambda: _post(server, body), calls))
    us, them = statistics.median(ours), statistics.median(bare)
    ratio = us / them
    print(f"\n{'an action, from turn to result':34}  {us * 1000:6.2f} ms")
    print(f"{'a bare POST of the same':34}  {them * 1000:6.2f} ms")
    print(f"\n{'held  ' if ratio <= AT_MOST else 'MISSED'}  action / bare POST: {ratio:.2f} (at most {AT_MOST:g})")
    return int(ratio > AT_MOST)


def _median(call: Callable[[], object], calls: int) -> float:
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _post(server: ActionServer, body: bytes) -> None:
    address = server.address
    connection = HTTPConnection(address.host, address.port)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {address.secret}"}
    connection.request("POST", address.webhook, body, headers)
    answer = connection.getresponse()
    assert answer.status == 200 and json.loads(answer.read())["events"]
    connection.close()


def _conversation() -> Told:
    site = load_files(starter_files()).site
    assert site is not None
    now = datetime.now(UTC)
    cursor = Cursor("bench", "en")
    conversation = Conversation(
        id="bench", visitor_id="v", created_at=now, last_at=now, language="en", cursor=cursor, last_seq=MESSAGES
    )
    one = Event("bench", 1, 1, None, "visitor:v", "message", {"text": "Where is my order? " * 4}, now)
    two = one._replace(actor="bot")
    events = [(one if seq % 2 else two)._replace(seq=seq) for seq in range(1, MESSAGES + 1)]
    return Told(site, conversation, Known("v"), events, {"number": "TT-1002"})
