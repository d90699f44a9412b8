"""What one side writes is stored in that order, also when some of it cannot be stored at first."""

import json
from typing import Any

import pytest

from handoff.refusals import NotPossibleNow, TryAgain
from web.sockets.session import COMES_AGAIN_WITHIN, Exchange


class Socket:
    """Stores what it is told, but for what it is `away` for; tells what was sent back."""

    def __init__(self) -> None:
        self.connection = self
        self.away: set[str] = set()
        self.stored: list[str] = []
        self.refused: list[str] = []
        self.now = 0.0

    def answer(self, frame: dict[str, Any]) -> None:
        if frame["client_id"] in self.away:
            raise TryAgain
        if frame["body"] == "nonsense":
            raise NotPossibleNow("This cannot be said.")
        self.stored.append(frame["client_id"])

    def send(self, *messages: str) -> None:
        self.refused += [json.loads(each)["client_id"] for each in messages]

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(reason)


@pytest.fixture
def socket() -> Socket:
    return Socket()


@pytest.fixture
def says(socket: Socket) -> Any:
    exchange = Exchange(socket, json.loads, lambda: socket.now)  # type: ignore[arg-type]

    def says(number: int, **fields: Any) -> None:
        exchange.take(json.dumps({"op": "send", "client_id": named(number), "body": "words", **fields}))

    return says


def named(*numbers: int) -> Any:
    names = [f"message-{number:06}" for number in numbers]
    return names if len(names) > 1 else names[0]


def test_a_message_that_waited_for_another_is_waited_for_itself(socket: Socket, says: Any) -> None:
    socket.away = {named(1)}
    says(1)
    says(2)
    assert socket.refused == named(1, 2)
    socket.away.clear()
    says(1)
    says(3)  # Written before the refusal of the second was heard.
    says(2)
    says(3)
    assert socket.stored == named(1, 2, 3)


def test_a_message_that_is_refused_again_keeps_its_place(socket: Socket, says: Any) -> None:
    socket.away = {named(1)}
    says(1)
    says(2)
    says(1)
    says(2)
    socket.away.clear()
    says(2)
    says(1)
    says(2)
    assert socket.stored == named(1, 2)


def test_a_message_that_does_not_come_again_holds_nobody_up_for_long(socket: Socket, says: Any) -> None:
    socket.away = {named(1)}
    says(1)
    says(2)
    socket.now += COMES_AGAIN_WITHIN - 1
    says(3)
    says(2)
    assert socket.stored == []
    socket.now += 1
    says(3)
    says(2)
    says(3)
    assert socket.stored == named(2, 3)


def test_a_message_refused_for_good_holds_nobody_up(socket: Socket, says: Any) -> None:
    socket.away = {named(1)}
    says(1)
    says(2)
    socket.away.clear()
    says(1, body="nonsense")
    says(2)
    assert socket.stored == [named(2)]


def test_what_is_no_message_does_not_come_again_and_is_not_waited_for(socket: Socket, says: Any) -> None:
    exchange = Exchange(socket, lambda raw: {"body": "", **json.loads(raw)})  # type: ignore[arg-type]
    socket.away = {named(1)}
    exchange.take(json.dumps({"op": "accept", "client_id": named(1)}))
    exchange.take(json.dumps({"op": "accept", "client_id": named(2)}))
    assert (socket.refused, socket.stored) == ([named(1)], [named(2)])
