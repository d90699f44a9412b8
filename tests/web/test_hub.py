"""Whoever has a socket open hears what concerns them: in its order, and whatever could not be read meanwhile."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.conversation import Conversation
from bot.greeting import Whereabouts
from handoff.readings import Readings
from handoff.refusals import AlreadyAccepted, NoSuchConversation
from tests.handoff.conftest import WORLDS, AgentActor, Office, VisitorActor, agent, office, open_office, visitor
from web import frames
from web.hub import Hub
from web.sockets.agent import AgentLink, AgentRoom
from web.sockets.visitor import VisitorLink, VisitorRoom

__all__ = ["agent", "office", "visitor"]
A_TAKING = "0198c0de-0000-7000-8000-000000000001"


class Socket:
    """Keeps what is said to it."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.asked_back = False
        self.closed: int | None = None

    def close(self, code: int, reason: str) -> None:
        self.closed = code

    def send(self, *messages: str) -> None:
        self.said += [json.loads(each) for each in messages]

    def ask_back(self) -> None:
        self.asked_back = True

    def hears(self, op: str) -> list[dict[str, Any]]:
        return [frame for frame in self.said if frame["op"] == op]


class Epoch:
    current = "one"


class Switchboard:
    """The sockets of one worker."""

    def __init__(self, office: Office):
        self.office = office
        self.later: list[Callable[[], None]] = []
        self.hub = Hub(later=lambda _, send: self.later.append(send))
        office.announcements.subscribe(self.hub.on_news)
        self.status: Callable[[Conversation], dict[str, Any]] = lambda conversation: {"holder": conversation.holder}
        common: dict[str, Any] = {
            "desk": office.desk,
            "hub": self.hub,
            "journal": office.journal,
            "readings": Readings(office.database),
            "epoch": Epoch(),
        }
        self.lists: Callable[[], dict[str, Any]] = lambda: {"op": "queue", "waiting": []}
        self._panels = AgentRoom(
            **common, agents=office.agents, lists=lambda _: self.lists(), surroundings=lambda _: {}
        )
        self._visitors: dict[str, Any] = {**common, "greeting": None, "limits": None}

    def panel(self, actor: AgentActor, *, watches: str, stamp: str = "signed in") -> tuple[AgentLink, Socket]:
        socket: Any = Socket()
        link = AgentLink(self._panels, actor.id, socket, stamp=stamp)
        self.hub.join_agent(link)
        link.answer(watching(watches))
        socket.said.clear()
        return link, socket

    def tab(self, actor: VisitorActor) -> Socket:
        link, socket = self.opening_tab(actor)
        link.answer(resuming())
        socket.said.clear()
        return socket

    def opening_tab(self, actor: VisitorActor) -> tuple[VisitorLink, Socket]:
        socket: Any = Socket()
        room = VisitorRoom(**self._visitors, status=lambda conversation: self.status(conversation))
        link = VisitorLink(room, actor.id, socket, address="127.0.0.1")
        self.hub.join_visitor(link)
        return link, socket

    def send_lists(self) -> None:
        later, self.later = self.later, []
        for send in later:
            send()


def resuming() -> Any:
    return frames.visitor_frame(json.dumps({"op": "resume", "conversation": None, "after": 0}).encode())


def watching(conversation: str) -> Any:
    return frames.agent_frame(json.dumps({"op": "watch", "conversation": conversation, "after": 0}))


def typing(conversation: str) -> Any:
    return frames.agent_frame(json.dumps({"op": "typing", "conversation": conversation, "on": True}))


def reading_to(conversation: str, seq: int) -> Any:
    return frames.agent_frame(json.dumps({"op": "read", "conversation": conversation, "seq": seq}))


@pytest.fixture
def waiting(office: Office, visitor: Any) -> VisitorActor:
    ann = visitor()
    ann.writes("Hi")
    return ann


def away(*_: object) -> None:
    raise OperationalError(None, None, Exception("all connections are in use"))


def test_a_panel_that_cannot_be_told_just_now_is_asked_to_come_back(office, agent, waiting, clock, monkeypatch):
    board = Switchboard(office)
    anna, bea = agent("Anna").comes_online(), agent("Bea").comes_online()
    waiting.presses("A person")
    anna.accepts(waiting.conversation)
    _, hers = board.panel(anna, watches=waiting.conversation)
    with monkeypatch.context() as patch:
        clock.advance(seconds=3)
        patch.setattr(office.agents, "_read", away)
        waiting.writes("Are you there?")
        board.send_lists()
    assert hers.asked_back
    _, others = board.panel(bea, watches=waiting.conversation)
    waiting.writes("Hello?")
    assert [event["body"]["text"] for frame in others.hears("events") for event in frame["events"]] == ["Hello?"]
    assert not others.asked_back


def test_an_agent_who_only_types_is_there_and_keeps_what_they_have(office, agent, waiting, clock):
    board = Switchboard(office)
    anna = agent("Anna").comes_online()
    waiting.presses("A person")
    anna.accepts(waiting.conversation)
    link, _ = board.panel(anna, watches=waiting.conversation)
    office.panels.clear()
    for _ in range(40):
        clock.advance(seconds=3)
        link.answer(typing(waiting.conversation))
        office.desk.reclaim()
    assert office.desk.conversation(waiting.conversation).owner == anna.id
    for _ in range(40):
        clock.advance(seconds=3)
        office.desk.reclaim()
    assert office.desk.conversation(waiting.conversation).owner is None


def test_who_signs_in_while_it_is_asked_who_still_is_stays(office, agent, waiting):
    board = Switchboard(office)
    anna = agent("Anna").comes_online()
    _, old = board.panel(anna, watches=waiting.conversation, stamp="old")
    opened = []

    def asked(stamps: Any) -> frozenset[str]:
        opened.append(board.panel(anna, watches=waiting.conversation, stamp="new")[1])
        return frozenset()

    board.hub.close_signed_out(asked)
    assert (old.closed, opened[0].closed) == (4401, None)


def test_an_agent_hears_again_of_what_comes_back_to_their_department(office, agent, waiting):
    board = Switchboard(office)
    sam = agent("Sam", "support").comes_online()
    agent("Anna").comes_online()
    _, socket = board.panel(sam, watches=waiting.conversation)
    waiting.presses("A person")
    assert office.desk.conversation(waiting.conversation).department == "sales"
    waiting.writes("Anybody?")
    before = list(socket.hears("events"))
    office.desk.take_back(waiting.id, whereabouts=Whereabouts("en"))
    office.desk.hand_over(waiting.id, "support", whereabouts=Whereabouts("en"))
    waiting.writes("Hello, support?")
    heard = [event["body"].get("text") for frame in socket.hears("events") for event in frame["events"]]
    assert "Hello, support?" in heard
    assert "Anybody?" not in str(before)


def test_who_watches_what_went_to_others_is_told_so_once(office, agent, waiting):
    board = Switchboard(office)
    sam, anna = agent("Sam", "support").comes_online(), agent("Anna").comes_online()
    sockets = [board.panel(each, watches=waiting.conversation)[1] for each in (sam, anna)]
    waiting.presses("A person")
    for _ in range(2):
        board.send_lists()
        waiting.writes("Anybody?")
    gone = [{"op": "gone", "conversation": waiting.conversation}]
    assert [socket.hears("gone") for socket in sockets] == [gone, []]


def test_what_an_agent_has_read_is_read_in_all_their_windows(office, agent, waiting):
    board = Switchboard(office)
    anna, bea = agent("Anna").comes_online(), agent("Bea").comes_online()
    (here, *_), *others = [board.panel(each, watches=waiting.conversation) for each in (anna, anna, bea)]
    board.send_lists()
    for _, socket in others:
        socket.said.clear()
    for seq in (1, 2):
        here.answer(reading_to(waiting.conversation, seq))
    board.send_lists()
    assert [len(socket.hears("queue")) for _, socket in others] == [1, 0]


def test_what_is_added_to_a_message_that_was_left_comes_to_the_lists_and_what_the_bot_answers_does_not(
    office, waiting, visitor
):
    board = Switchboard(office)
    for text in ("human", "ann@x.io", "Please call me"):
        waiting.writes(text)
    board.send_lists()
    waiting.writes("It is urgent")
    assert len(board.later) == 1
    board.send_lists()
    visitor().writes("Hi")
    assert board.later == []


def test_only_what_an_agent_may_open_is_followed(office, agent, waiting):
    """S15, S42."""
    board = Switchboard(office)
    anna = agent("Anna").comes_online()
    waiting.presses("A person")
    link, _ = board.panel(anna, watches=waiting.conversation)
    with pytest.raises(NoSuchConversation):
        board.panel(agent("Sam", "support"), watches=waiting.conversation)
    for number in range(3):
        with pytest.raises(NoSuchConversation):
            link.answer(watching(f"nothing-like-it-{number}"))
    assert board.hub.conversations_here() == {waiting.conversation}
    waiting.writes("Are you there?")
    assert link.heads() == {waiting.conversation: office.desk.conversation(waiting.conversation).last_seq}


def test_who_was_accepted_is_not_told_afterwards_that_they_wait(office, agent, waiting):
    board = Switchboard(office)
    anna = agent("Anna").comes_online()
    tab = board.tab(waiting)
    accept: list[Callable[[], Any]] = []

    def status(conversation: Conversation) -> dict[str, Any]:
        if accept:
            accept.pop()()  # It happens while the place in the queue is read.
        return {"holder": conversation.holder}

    board.status = status
    waiting.presses("A person")
    conversation = office.desk.conversation(waiting.conversation)
    board.hub.waiting_changed = lambda: [conversation]
    accept.append(lambda: anna.accepts(conversation.id))
    board.send_lists()
    assert [frame["holder"] for frame in tab.hears("status")] == ["queue", "agent"]


def test_lists_that_are_being_sent_are_not_overtaken_by_later_ones(office, agent, waiting):
    board = Switchboard(office)
    anna = agent("Anna").comes_online()
    link, _ = board.panel(anna, watches=waiting.conversation)
    sent: list[str] = []

    def tell_lists() -> None:
        sent.append("begins")
        if len(sent) == 1:
            waiting.presses("A person")
            board.send_lists()
        sent.append("ends")

    link.tell_lists = tell_lists  # type: ignore[method-assign]
    waiting.writes("I would rather talk")
    board.hub.on_news(office.heard[-1])
    anna.goes("away")
    board.send_lists()
    board.send_lists()
    assert sent == ["begins", "ends"] * 2


def test_who_loses_a_race_is_told_at_once_what_happened_meanwhile(office, agent, waiting, open_database, clock):
    board = Switchboard(office)
    anna, bea = agent("Anna").comes_online(), agent("Bea").comes_online()
    waiting.presses("A person")
    conversation = waiting.conversation
    link, socket = board.panel(anna, watches=conversation)
    there = open_office(open_database(), clock, WORLDS / "harbour", worker="there")
    there.desk.arrive(bea.id)
    there.desk.accept(bea.id, conversation)
    with pytest.raises(AlreadyAccepted):
        link.answer(
            frames.agent_frame(json.dumps({"op": "accept", "conversation": conversation, "client_id": A_TAKING}))
        )
    assert "accepted" in [event["kind"] for frame in socket.hears("events") for event in frame["events"]]


@pytest.fixture
def reading(office, agent, waiting):
    """A panel whose lists are numbered as they begin to be read; what is planned happens while the first is."""
    board = Switchboard(office)
    link, socket = board.panel(agent("Anna").comes_online(), watches=waiting.conversation)
    numbers = count(1)
    meanwhile: list[Callable[[], None]] = []

    def lists() -> dict[str, Any]:
        number = next(numbers)
        while meanwhile:
            meanwhile.pop()()
        return {"op": "queue", "number": number, "waiting": []}

    board.lists = lists
    return board, link, socket, meanwhile


def test_a_list_that_is_told_while_a_panel_is_greeted_stays_the_last_word(reading, waiting):
    board, link, socket, meanwhile = reading

    def changes() -> None:
        waiting.presses("A person")
        board.send_lists()

    meanwhile.append(changes)
    link.greet()
    assert [frame["op"] for frame in socket.said][:2] == ["welcome", "queue"]
    assert [frame["number"] for frame in socket.hears("queue")] == [1, 2]


def test_a_list_that_was_begun_before_a_panel_is_greeted_does_not_come_after(reading, waiting):
    board, link, socket, meanwhile = reading
    waiting.presses("A person")
    meanwhile.append(link.greet)
    board.send_lists()
    assert [frame["number"] for frame in socket.hears("queue")] == [2]


def test_who_changes_their_presence_while_a_list_is_read_is_told_the_list(reading, waiting):
    board, link, socket, meanwhile = reading
    waiting.presses("A person")
    meanwhile.append(lambda: link.answer(frames.agent_frame(json.dumps({"op": "presence", "intent": "away"}))))
    board.send_lists()
    assert 1 in [frame["number"] for frame in socket.hears("queue")]


def test_a_tab_hears_of_nothing_before_it_knows_of_which_record(office, waiting, monkeypatch):
    """Its page may be opened while one record takes the place of another: what came first would be taken for it."""
    link, socket = Switchboard(office).opening_tab(waiting)
    waiting.writes("Is anybody there?")
    waiting.presses("A person")
    assert socket.said == []

    def said_and_lost(*_: object) -> None:
        waiting.writes("Hello?")
        away()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(office.journal, "visitor_events_after", said_and_lost)
        with pytest.raises(OperationalError):
            link.answer(resuming())
    assert socket.asked_back, "its client asks for nothing again on this line"
    waiting.writes("Anybody?")
    assert socket.said == []

    read = office.journal.visitor_events_after

    def read_and_said(*words: Any, **more: Any) -> Any:
        found = read(*words, **more)
        waiting.writes("Well.")
        return found

    monkeypatch.setattr(office.journal, "visitor_events_after", read_and_said)
    link.answer(resuming())
    assert [frame["op"] for frame in socket.said] == ["welcome", "events", "events"]
    page, news = socket.hears("events")
    told = [event["seq"] for frame in (page, news) for event in frame["events"]]
    assert told == list(range(1, len(told) + 1))
    assert "Well." in [event["body"].get("text") for event in news["events"]]
