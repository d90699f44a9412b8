"""An agent's client stands still while the conversation goes to somebody else: it no longer writes as its owner."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.kills import read
from tests.faults.places import sign_in
from tests.server import AgentLine, Server, wait_for

CLIENT = """
import json, sys
from tests.sockets import open_socket
url, origin, ticket, cookie = sys.argv[1:5]
socket = open_socket(url, origin, "tic." + ticket, Cookie=cookie)
for line in sys.stdin:
    frame = json.loads(line)
    socket.send(line)
    while json.loads(answer := str(socket.recv(timeout=30))).get("client_id") != frame["client_id"]:
        pass
    print(answer, flush=True)
"""


@contextmanager
def panel_of(server: Server, agent: AgentLine) -> Iterator[subprocess.Popen[str]]:
    """A second panel of an agent, in a process that can be paused."""
    asked = agent.ask("POST", "/panel/ticket", b"", X_CSRFToken=agent.csrf, Origin=server.address)
    url = server.address.replace("http", "ws") + "/panel/socket"
    words = [sys.executable, "-c", CLIENT, url, server.address, asked.json()["ticket"], agent.cookie]
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield client
    finally:
        client.kill()
        client.communicate()


def is_paused(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.fault("F31")
def test_a_client_that_was_paused_is_told_that_the_conversation_is_no_longer_its_own(server: Server, seed: int):
    ben, eva = sign_in(server, "Ben"), sign_in(server, "Eva")
    ann = server.visitor()
    ann.says("Hello")
    ann.says("human")
    conversation = ben.sees_waiting()
    with panel_of(server, ben) as paused:
        assert paused.stdin and paused.stdout
        token = ben.accepts(conversation)
        frame = f'{{"op":"send","conversation":"{conversation}","token":{token}'
        paused.stdin.write(f'{frame},"client_id":"in-time-{seed}","body":{{"text":"In time"}}}}\n')
        paused.stdin.flush()
        assert '"ack"' in paused.stdout.readline()

        os.kill(paused.pid, signal.SIGSTOP)
        wait_for(lambda: is_paused(paused.pid), 10)
        ben.tell(op="return", conversation=conversation, client_id="give-back-1", token=token)
        ben.until(lambda: ben.last("ack", client_id="give-back-1"))
        eva.accepts(conversation)
        paused.stdin.write(f'{frame},"client_id":"too-late-{seed}","body":{{"text":"Too late"}}}}\n')
        paused.stdin.flush()
        os.kill(paused.pid, signal.SIGCONT)

        refused = paused.stdout.readline()
    assert '"reassigned"' in refused and "not sent" in refused
    (events,) = read(server).conversations.values()
    assert [each.text for each in events if each.actor.startswith("agent:") and each.text] == ["In time"]
