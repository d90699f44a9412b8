"""A real server with every door open, somebody to post callbacks to, and an agent behind it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from tests.server import ANSWER_TAKES, AgentLine, Answer, Server, rates, running, wait_for
from web.commands.agents import add_agent

HARBOUR = Path(__file__).parents[2] / "worlds" / "harbour"
PASSWORD = "three blue teapots"
API_TOKEN = "a-token-of-plain-characters"
KEY = {"Authorization": f"Bearer {API_TOKEN}"}


@dataclass
class Receiver:
    """Somebody else's server, to which callbacks are posted; `refuses` the next so many."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    refuses: int = 0
    address: str = ""

    def to(self, recipient: str) -> list[dict[str, Any]]:
        return [post for post in self.posts if post["recipient_id"] == recipient]

    def told(self, recipient: str) -> list[str]:
        return [post["text"] for post in self.to(recipient) if "text" in post]

    def hears(self, recipient: str, text: str) -> None:
        wait_for(lambda: text in self.told(recipient), ANSWER_TAKES)
        assert text in self.told(recipient)


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            post = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.keys.append(self.headers["Idempotency-Key"])
            refused = receiver.refuses > 0
            receiver.refuses -= refused
            if not refused:
                receiver.posts.append(post)
            self.send_response(503 if refused else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_port}/answers"
    Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("doors")
    site = Path(shutil.copytree(HARBOUR, folder / "site"))
    doors = ["--door", "rest", "--door", "socketio", "--door", f"callback={receiver.address}"]
    # All these tests come from one address, and are through in less than a minute; nothing is forgotten as they run.
    tuned = rates(page=None, send_address=None, send="20/hour")
    options = (*doors, "--api-token", API_TOKEN)
    yield from running(Server(site, f"sqlite:///{folder}/parlour.db", options=options, tuned=tuned))


@pytest.fixture(scope="package")
def anna(server: Server) -> AgentLine:
    """An agent of the department that never closes."""
    entry = {"name": "Anna", "departments": ["support"], "role": "agent", "ask": lambda: PASSWORD}
    add_agent(server.site, "anna@harbour.example", data=None, database=server.database_url, **entry)
    return AgentLine(server, "anna@harbour.example", PASSWORD)


@pytest.fixture
def sender() -> str:
    """A name nobody had before."""
    return f"sender-{uuid4().hex}"


@pytest.fixture
def says(server: Server, sender: str) -> Callable[..., list[dict[str, Any]]]:
    """Says something through the REST door and returns the answers."""

    def say(message: str, **more: Any) -> list[dict[str, Any]]:
        answer = server.post("/webhooks/rest/webhook", {"sender": sender, "message": message, **more})
        assert answer.status == 200, answer.body
        return answer.json()

    return say


@pytest.fixture
def control(server: Server, sender: str) -> Callable[..., Answer]:
    """Asks the API about the sender."""

    def ask(path: str, body: Any = None, **headers: str) -> Answer:
        address = f"/conversations/{sender}/{path}"
        return server.get(address, **KEY, **headers) if body is None else server.post(address, body, **KEY, **headers)

    return ask


def number_of(tracker: dict[str, Any]) -> str:
    """Returns the number of the conversation a tracker tells of."""
    begun = next(each for each in tracker["events"] if each["event"] == "session_started")
    return str(begun["metadata"]["conversation"])


def texts(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["text"] for answer in answers]
