"""F29: agents who all want the same conversation at once, over the real API."""

import http.client
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from bot.database import Database
from tests.faults.history import History, Lost, Typed, Won
from tests.faults.kills import read
from tests.faults.oracle import CALL, Violation, judge
from tests.faults.places import AGENTS, Layout, Outcome, lighthouse, sign_in
from tests.faults.record import Record
from tests.handoff.conftest import AgentActor, VisitorActor, open_office
from tests.server import AgentLine, Server

TOGETHER = 5
"""Conversations between two moments at which everybody waits for everybody."""
TAKEN = " has already taken this conversation."


def accept_at_once(layout: Layout, folder: Path, database_url: str, *, races: int, room: int) -> Outcome:
    """Lets eight agents, with `room` for so many each, run for each of as many waiting conversations."""
    history = History()
    with lighthouse(layout, folder, database_url, room=room) as server:
        lines = [sign_in(server, name) for name in AGENTS]
        agents = [line.last("welcome")["agent"]["id"] for line in lines]  # type: ignore[index]
        conversations = _wait(server, agents[0], races, history)
        for line in lines:
            line.socket.close()
        start = Barrier(len(lines))
        runners = [
            Thread(target=_run, args=(server, line, agent, conversations, start, history), daemon=True)
            for line, agent in zip(lines, agents, strict=True)
        ]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
        record = read(server)
    violations = [*judge(history, record, drained=False), *_unfair(history, record, conversations, room)]
    return Outcome(violations, {"races": races, "taken": sum(record.held.values())})


def _wait(server: Server, agent_id: str, races: int, history: History) -> list[str]:
    """Lets so many visitors ask for a person, without a server in between, and returns their conversations."""
    database = Database(server.database_url)
    office = open_office(database, lambda: datetime.now(UTC), server.site, worker="w")
    try:
        AgentActor(office, agent_id).comes_online()
        visitors = [VisitorActor(office, f"visitor-{number:06}") for number in range(races)]
        for visitor in visitors:
            history.note(Typed(visitor.id, f"visitor:{visitor.id}", f"call-{visitor.id}", CALL))
            visitor.writes(CALL, client_id=f"call-{visitor.id}")
        return [visitor.conversation for visitor in visitors]
    finally:
        database.close()


def _run(
    server: Server, line: AgentLine, agent: str, conversations: list[str], start: Barrier, history: History
) -> None:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Content-Type": "application/json", "X-CSRFToken": line.csrf, "Origin": server.address}
        headers["Cookie"] = line.cookie
        for number, conversation in enumerate(conversations):
            if number % TOGETHER == 0:
                start.wait()
            frame = {"op": "accept", "conversation": conversation, "client_id": f"accept-{conversation}"[:64]}
            status, told = _ask(connection, json.dumps(frame), headers)
            if status == 200:
                history.note(Won(f"agent:{agent}", conversation, told["frames"][0]["seq"]))
            elif told["error"]["code"] == "already_accepted":
                history.note(Lost(f"agent:{agent}", conversation, told["error"]["message"].removesuffix(TAKEN)))
            else:
                assert told["error"]["code"] == "full", told
        connection.close()
    except BaseException:
        start.abort()
        raise


def _ask(connection: http.client.HTTPConnection, frame: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Returns the status and the answer. Who waited for the others may find the line closed, and asks once more."""
    try:
        return _asked(connection, frame, headers)
    except ConnectionError:
        connection.close()
        return _asked(connection, frame, headers)


def _asked(connection: http.client.HTTPConnection, frame: str, headers: dict[str, str]) -> tuple[int, Any]:
    connection.request("POST", "/panel/op", frame, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def _unfair(history: History, record: Record, conversations: list[str], room: int) -> Iterator[Violation]:
    """Yields what a race must not end in: two winners, none while there is room, more than there is room for."""
    winners: dict[str, list[str]] = defaultdict(list)
    for won in history.of(Won):
        winners[won.conversation].append(won.agent)
    losers: dict[str, list[Lost]] = defaultdict(list)
    for lost in history.of(Lost):
        losers[lost.conversation].append(lost)
    full = room * len(record.held) <= sum(record.held.values())
    for conversation in conversations:
        found = winners[conversation]
        if len(found) > 1 or (not found and (losers[conversation] or not full)):
            yield Violation("two owners", f"{conversation} was won by {found} and lost by {losers[conversation]}")
        for loser in losers[conversation]:
            if found and loser.told != record.names[found[0].partition(":")[2]]:
                yield Violation("two owners", f"{loser.agent} was told of {loser.told}, the winner is {found[0]}")
    for agent, held in record.held.items():
        if held > room:
            yield Violation("two owners", f"{agent} holds {held} and has room for {room}")
