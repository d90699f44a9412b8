"""Several processes over one record: who is served by another one sees no difference."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.server import AgentLine, Server, VisitorLine, running, wait_for
from tests.web.road.conftest import hired

Pair = tuple[Server, Server]


@pytest.fixture
def open_pair(site: Path, postgres_url: str) -> Iterator[Callable[[str], Pair]]:
    """Two servers of one installation, which hear of each other over a bus."""
    opened: list[Server] = []

    def open_(bus: str) -> Pair:
        opened.extend(Server(site, postgres_url, options=("--bus", bus)).start() for _ in range(2))
        return opened[0], opened[1]

    yield open_
    for each in opened:
        each.kill()


@pytest.fixture
def pair(open_pair: Callable[[str], Pair]) -> Pair:
    return open_pair("postgres")


def asking(server: Server) -> VisitorLine:
    """A visitor who wants a person."""
    ann = server.visitor()
    ann.says("Hi")
    ann.says("human")
    return ann


def answers(agent: AgentLine, conversation: str, token: int, text: str) -> None:
    agent.tell(op="send", conversation=conversation, client_id=uuid4().hex, token=token, body={"text": text})


def talk(ann: VisitorLine, anna: AgentLine) -> None:
    """The two meet and say something to each other, back and forth."""
    conversation = anna.sees_waiting()
    token = anna.accepts(conversation)
    ann.until(lambda: any(frame.get("holder") == "agent" for frame in ann.frames))
    for number in range(5):
        asked, answer = f"asked {number}", f"answered {number}"
        ann.says(asked)
        anna.until(lambda asked=asked: any(asked in raw for raw in anna.raw))
        answers(anna, conversation, token, answer)
        ann.hears(answer)
    assert sorted(ann.events) == list(range(1, len(ann.events) + 1))


def test_an_agent_and_a_visitor_at_two_servers_talk_and_see_each_other_type_and_read(open_pair, bus):
    here, there = open_pair(bus)
    anna = hired(there, "Anna", "support", "sales")
    ann = asking(here)
    talk(ann, anna)
    conversation = ann.conversation
    anna.tell(op="typing", conversation=conversation, on=True)
    ann.until(lambda: any(frame["op"] == "typing" for frame in ann.frames))
    ann.tell(op="typing", conversation=conversation, on=True, text="I am wri")
    anna.until(lambda: anna.last("typing", text="I am wri"))
    anna.tell(op="read", conversation=conversation, seq=30)
    ann.until(lambda: any(frame.get("agent_read") == max(ann.events) for frame in ann.frames))
    ann.tell(op="read", conversation=conversation, seq=max(ann.events))
    anna.until(lambda: anna.last("read", who="visitor"))


def test_the_second_agent_at_another_server_is_told_who_was_first(pair):
    anna, ben = hired(pair[0], "Anna", "support", "sales"), hired(pair[1], "Ben", "support", "sales")
    asking(pair[0])
    conversation = anna.sees_waiting()
    anna.accepts(conversation)
    refused = ben.op(op="accept", conversation=conversation, client_id="too-late")
    assert (refused.status, refused.json()["error"]["message"]) == (409, "Anna has already taken this conversation.")
    ben.until(lambda: ben.last("queue", waiting=[]))


def test_where_a_visitor_is_is_known_at_every_server(pair):
    anna = hired(pair[1], "Anna", "support", "sales")
    token = pair[0].view("/")["token"]
    pair[0].view("/boats", token=token)
    ann = VisitorLine(pair[1], token)
    ann.says("Hi")
    ann.says("human")
    anna.until(lambda: (anna.last("queue") or {"waiting": []})["waiting"])
    assert anna.last("queue")["waiting"][0]["visitor"]["page"] == "/boats"


def test_two_tabs_at_two_servers_are_one_conversation(pair):
    token = pair[0].view("/")["token"]
    tabs = VisitorLine(pair[0], token), VisitorLine(pair[1], token)
    for number in range(4):
        tabs[number % 2].says(f"words {number}")
    for tab in tabs:
        tab.hears("words 3")
        tab.until(lambda tab=tab: len(tab.events) == max(tab.events))
    assert tabs[0].conversation == tabs[1].conversation
    assert tabs[0].events == tabs[1].events


@pytest.mark.fault("F14")
def test_without_a_bus_everything_still_arrives(site, postgres_url):
    nobody_listens = ("--bus", "redis://127.0.0.1:1")
    here, there = (Server(site, postgres_url, options=nobody_listens) for _ in range(2))
    try:
        here.start(), there.start()
        anna = hired(there, "Anna", "support", "sales")
        talk(asking(here), anna)
    finally:
        here.kill(), there.kill()


def test_workers_of_one_server_share_its_work(site, postgres_url):
    for server in running(Server(site, postgres_url, options=("--workers", "2"))):
        both_serve(server)
        anna = hired(server, "Anna", "support", "sales")
        talk(asking(server), anna)
        both_serve(server)


def test_an_agent_whose_server_died_finds_everything_at_the_other(pair):
    anna = hired(pair[1], "Anna", "support", "sales")
    ann = asking(pair[0])
    conversation = anna.sees_waiting()
    token = anna.accepts(conversation)
    pair[1].kill()
    ann.says("Are you still there?")
    anna.server = pair[0]
    anna.connect()
    anna.tell(op="watch", conversation=conversation, after=0)
    anna.until(lambda: any("Are you still there?" in raw for raw in anna.raw))
    answers(anna, conversation, token, "Yes")
    ann.hears("Yes")


def test_whichever_worker_is_asked_tells_the_numbers_of_all(site: Path, postgres_url: str):
    for server in running(Server(site, postgres_url, options=("--workers", "2"))):
        both_serve(server)
        visitors = [server.visitor() for _ in range(6)]
        for visitor in visitors:
            visitor.says("Hello")
        wait_for(lambda server=server: {counted(server) for _ in range(30)} == {6}, 30)
        assert {counted(server) for _ in range(6)} == {6}
        wait_for(lambda server=server: len(told_of(server)) == 2, 30)
        assert len(told_of(server)) == 2
        told = server.get("/metrics").body.decode()
        assert len(re.findall(r'^parlour_jobs_waiting\{kind="close_when_idle"\} 6.0$', told, re.M)) == 1
        for visitor in visitors:
            visitor.close()


def both_serve(server: Server) -> None:
    """Waits until both workers answer; the server is there as soon as one is."""
    met: set[str] = set()
    wait_for(lambda: met.add(json.loads(server.get("/health").body)["worker"]) or len(met) == 2, 30)
    assert len(met) == 2, "the test must have met both"


def told_of(server: Server) -> set[str]:
    """The workers whose numbers are told."""
    return set(re.findall(r'parlour_info\{.*worker="(.+?)"\}', server.get("/metrics").body.decode()))


def counted(server: Server) -> float:
    """The messages of visitors, over all workers."""
    told = server.get("/metrics").body.decode()
    numbers = re.findall(r'^parlour_events_total\{by="visitor",kind="message",worker=".+?"\} (\S+)$', told, re.M)
    return sum(map(float, numbers))
