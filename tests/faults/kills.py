"""A real server under real clients, killed again and again; then it heals, everybody gets through, and is judged.

`at_any_instant` is row F8, `at_each_point` row F9.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from bot.database import Database
from tests.faults.child import POINTS
from tests.faults.clients import Agent, Client, Visitor
from tests.faults.history import Effect, History
from tests.faults.oracle import judge
from tests.faults.places import Layout, Outcome, lighthouse, sign_in, tell
from tests.faults.record import Record, ended_jobs, epoch_of, heads, read_record, unfinished_jobs
from tests.receiver import Receiver
from tests.server import Server, wait_for

HEALS_WITHIN = 60
"""Seconds until everybody is through once nothing is killed any more."""
BETWEEN_LOOKS = 0.3
"""Seconds that jobs have for getting on."""
LIVES_FOR = 0.2
"""Seconds, on average, from the first sign of life to the next kill."""


Death = Callable[[Server, Random], None]


def at_any_instant(layout: Layout, folder: Path, database_url: str, *, seed: int, kills: int) -> Outcome:
    """Kills the worker, or everything, so often, at moments that the dice choose."""
    return _die(layout, folder, database_url, seed, [_kill] * kills)


def at_each_point(layout: Layout, folder: Path, database_url: str, *, seed: int) -> Outcome:
    """Lets a worker die at each of the named points once, the first to the fifth time it comes there."""
    return _die(layout, folder, database_url, seed, [partial(_end_at, point) for point in POINTS])


def _die(layout: Layout, folder: Path, database_url: str, seed: int, deaths: list[Death]) -> Outcome:
    dice, history = Random(seed), History()
    receiver = Receiver().start()
    try:
        with lighthouse(layout, folder, database_url) as server:
            tell(server, receiver, "message")
            clients = people(server, dice, history)
            for death in deaths:
                wait_for_life(history)
                death(server, dice)
            heal(server, clients)
            let_jobs_end(server)
            record = read(server)
    finally:
        receiver.stop()
    note_effects(history, receiver)
    breaks = sum(client.breaks for client in clients)
    counts = {"kills": len(deaths), "messages": messages(record), "broken lines": breaks}
    return Outcome(judge(history, record, effects=True), counts)


def people(server: Server, dice: Random, history: History) -> list[Client]:
    """Returns visitors, one of them in two tabs, and agents, who begin at once."""
    ann = Visitor(server, Random(dice.random()), history, "ann-1")
    visitors = [ann, ann.another_tab("ann-2")]
    visitors += [Visitor(server, Random(dice.random()), history, name) for name in ("ida-1", "jon-1")]
    agents = [Agent(server, Random(dice.random()), history, sign_in(server, name)) for name in ("Ben", "Eva")]
    clients: list[Client] = [*visitors, *agents]
    for client in clients:
        client.start()
    return clients


def let_jobs_end(server: Server) -> None:
    """Waits until nothing is due any more, and gives up only when nothing has ended for long.

    How many are due says little of that: some fall due while others end.
    """
    database = Database(server.database_url)
    try:
        ended, before = ended_jobs(database), -1
        while unfinished_jobs(database, now=datetime.now(UTC)) and ended > before:
            before = ended
            time.sleep(BETWEEN_LOOKS)
            wait_for(partial(_gets_on, database, before), HEALS_WITHIN)
            ended = ended_jobs(database)
    finally:
        database.close()


def _gets_on(database: Database, before: int) -> bool:
    return ended_jobs(database) > before or not unfinished_jobs(database, now=datetime.now(UTC))


def wait_for_life(history: History) -> None:
    """Waits until something is acknowledged again: killing what does not live yet shows little."""
    before = history.acknowledged
    wait_for(lambda: history.acknowledged > before, HEALS_WITHIN)


def _end_at(point: str, server: Server, dice: Random) -> None:
    died = server.site.parent / f"died {point}"
    server.kill()
    server.otherwise = {"crash_at": point, "passes": dice.randrange(1, 6), "once": str(died)}
    server.start()
    wait_for(died.exists, HEALS_WITHIN)
    assert died.exists(), f"nobody came to {point}"


def _kill(server: Server, dice: Random) -> None:
    time.sleep(dice.expovariate(1 / LIVES_FOR))
    workers = children(server.process.pid) if server.process else []
    if workers and dice.random() < 0.5:
        os.kill(dice.choice(workers), signal.SIGKILL)  # The master makes another.
    else:
        server.kill()
        server.start()


def heal(server: Server, clients: list[Client]) -> None:
    """Lets everybody get through and see everything; raises what went wrong in a client."""
    for client in clients:
        client.may_act = False
    wait_for(lambda: not any(client.line.pending() and client.is_alive() for client in clients), HEALS_WITHIN)
    database = Database(server.database_url)
    try:
        epoch = epoch_of(database)
        for client in clients:
            client.rest_at(epoch, heads(database, client.line.actor))
    finally:
        database.close()
    end = time.monotonic() + HEALS_WITHIN
    for client in clients:
        client.join(max(end - time.monotonic(), 0))
        if client.failed:
            raise client.failed
        client.line.caught_up(client.heads or {})


def read(server: Server) -> Record:
    """Reads what a server has stored."""
    database = Database(server.database_url)
    try:
        return read_record(database, now=datetime.now(UTC))
    finally:
        database.close()


def children(pid: int) -> list[int]:
    """Returns the processes that a process started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def note_effects(history: History, receiver: Receiver) -> None:
    """Writes down what somebody outside was told."""
    for heard in receiver.heard:
        if len(heard.body) < int(heard.headers["content-length"]):
            continue  # Whoever told it was killed in the middle of a word.
        data = heard.message["data"]
        history.note(Effect(heard.id, data["conversation"], data["seq"], json.dumps(heard.message, sort_keys=True)))


def messages(record: Record) -> int:
    """Counts them."""
    return sum(each.kind == "message" for events in record.conversations.values() for each in events)
