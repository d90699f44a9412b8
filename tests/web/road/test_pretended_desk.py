"""The desk that tests of the panel pretend says what a real one says."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import AgentLine, Server, VisitorLine
from tests.web.panel.desk import ANNA, CONVERSATION, RESPONSES, PretendedDesk, row
from tests.web.panel.test_why import HAPPENINGS
from tests.web.road.conftest import hired

MORE = """
responses:
  hello: {text: "Good day"}
rules:
  terms:
    match: {words: [invoice]}
    tag: [money]
    answer: {en: "By invoice, too.", de: "Auch auf Rechnung."}
"""
FACTS = {"page": "/prices", "page.path": "/prices", "time_on_page": 12, "visits": 1, "device": "desktop"}
WHOSE_NAMES_ARE_FREE = ("brief.contact",)
"""A site calls what it knows of people as it likes."""


@pytest.fixture
def site(site: Path) -> Path:
    """The harbour's site with answers and a rule."""
    (site / "more.yaml").write_text(MORE)
    return site


class Tape:
    """Keeps what the pretended desk says to a panel."""

    def __init__(self, desk: PretendedDesk):
        self.frames: list[dict[str, Any]] = []
        desk.open(self)

    def on_message(self, hear: Callable[[str | bytes], Any], /) -> None:
        self.hear = hear

    def send(self, message: str, /) -> None:
        self.frames.append(json.loads(message))

    def close(self, *, code: int | None = None, reason: str | None = None) -> None:
        """Nobody is at the other end."""

    def tell(self, **frame: Any) -> None:
        self.hear(json.dumps(frame))


def pretended() -> dict[str, Any]:
    """Returns what the pretended desk says while a conversation is taken, answered and given back."""
    desk = PretendedDesk(waiting=[row(ANNA)], record={ANNA: list(CONVERSATION)}, happenings=HAPPENINGS, all=[row(ANNA)])
    tape = Tape(desk)
    tape.tell(op="watch", conversation=ANNA, after=0)
    tape.tell(op="accept", conversation=ANNA, client_id="accept-0001")
    tape.tell(op="send", conversation=ANNA, client_id="send-00001", token=4, body={"text": "Good day"})
    desk.refusals["close"] = {"code": "reassigned", "message": "Clara has this conversation now."}
    tape.tell(op="close", conversation=ANNA, client_id="close-0001", token=4)
    pages = {"brief": desk.brief, "responses": RESPONSES, "explanation": desk.explanation(0), "listed": desk.listed()}
    return {**by_kind(tape.frames), **json.loads(json.dumps(pages))}


def real(server: Server, agent: AgentLine) -> dict[str, Any]:
    """Returns what a server says meanwhile."""
    token = server.view("/prices")["token"]
    as_page = {"Origin": server.address, "Authorization": f"Bearer {token}"}
    shown = server.post("/widget/show", {"trigger": "prices", "facts": FACTS}, **as_page).json()
    line = VisitorLine(server, token)
    answer = {"impression": shown["impression"], "label": "Yes"}
    line.tell(op="send", conversation=None, client_id="begin-0001", body={"answer": answer})
    line.until(lambda: "begin-0001" in line.acked)
    line.says("tickets")
    line.says("can I pay by invoice?")
    line.says("ann@harbour.example")
    line.says("human")
    conversation = agent.sees_waiting()
    taken = agent.accepts(conversation)
    agent.tell(op="send", conversation=conversation, client_id="send-00001", token=taken, body={"text": "Good day"})
    agent.until(lambda: agent.last("ack", client_id="send-00001"))
    agent.tell(op="close", conversation=conversation, client_id="close-0001", token=1)
    agent.until(lambda: agent.last("refused"))
    agent.until(lambda: (agent.last("queue") or {"mine": []})["mine"])
    paths = {
        "brief": f"/panel/conversations/{conversation}/brief",
        "responses": f"/panel/responses?conversation={conversation}",
        "explanation": f"/panel/conversations/{conversation}/explanation",
        "listed": "/panel/conversations",
    }
    return {**by_kind(agent.frames), **{name: agent.ask("GET", path).json() for name, path in paths.items()}}


def by_kind(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns kind of frame → all of that kind."""
    kinds: dict[str, Any] = {}
    for frame in frames:
        kinds.setdefault(frame["op"], []).append(frame)
    return kinds


def differing(name: str, theirs: Any, ours: Any) -> Iterator[str]:
    """Yields where the pretended desk says something under another name than the real one."""
    if isinstance(theirs, list) and isinstance(ours, list):
        theirs, ours = merged(theirs), merged(ours)
    if name in WHOSE_NAMES_ARE_FREE or theirs is None or ours is None:
        return
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from (f"{name}.{each} is never sent" for each in ours.keys() - theirs.keys())
        yield from (f"{name}.{each} is missing" for each in theirs.keys() - ours.keys())
        for each in theirs.keys() & ours.keys():
            if not name.startswith("events.events") or each != "body":  # `event` looks at bodies.
                yield from differing(f"{name}.{each}", theirs[each], ours[each])
    elif isinstance(theirs, dict | list) or isinstance(ours, dict | list):
        yield f"{name} is another kind of thing"


def merged(things: list[Any]) -> Any:
    """Returns one thing with all that any of these has; None when there are none."""
    if all(isinstance(each, dict) for each in things):
        names = {name for each in things for name in each}
        return {name: merged([each.get(name) for each in things]) for name in names} if things else None
    said = [each for each in things if each is not None]
    if said and all(isinstance(each, list) for each in said):
        return [one for each in said for one in each]
    dicts = [each for each in said if isinstance(each, dict)]
    return merged(dicts) if dicts else next(iter(said), None)


def test_the_desk_of_the_panels_tests_says_what_a_server_says(site: Path, sqlite_server: Server) -> None:
    agent = hired(sqlite_server, "Ben", "sales", "support")
    server_says, desk_says = real(sqlite_server, agent), pretended()
    assert [
        difference for name in desk_says for difference in differing(name, server_says.get(name, {}), desk_says[name])
    ] == []
