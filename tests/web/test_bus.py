"""A bus whatever it is made of: what cannot be sent, heard or taken ends nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import web.bus.bus
from web.bus.bus import Bus
from web.bus.choosing import NoSuchBus, check_bus
from web.bus.packets import packed, unpacked


class Away(Exception):
    pass


class Pretended(Bus):
    """Hears what it is given, and fails where it is told to."""

    largest_packet = 100
    problems = (Away,)

    def __init__(self, hears: list[Any]):
        super().__init__("here")
        self.sent: list[str] = []
        self._hears = hears

    def _send(self, packets: list[str]) -> None:
        self.sent += packets
        self.stop()

    def _hang_up(self) -> None:
        pass

    def _heard(self, came_back: Callable[[], None]) -> Iterator[str | None]:
        came_back()
        while self._hears:
            said = self._hears.pop(0)
            if isinstance(said, Exception):
                raise said
            yield said
        self.stop()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.bus.bus, "sleep", lambda _: None)


def said(*messages: Any, worker: str = "there") -> str:
    return next(packed(worker, [f'["{message}"]' for message in messages], 1000))


def test_whatever_is_wrong_the_rest_is_heard_and_looked_up_again():
    hears = [said("one"), Away("gone"), "no packet", ValueError("not foreseen"), None, said("two", "three")]
    taken: list[Any] = []
    looked: list[int] = []
    Pretended(hears).listen_forever(taken.append, came_back=lambda: looked.append(len(taken)))
    assert taken == [["one"], ["two"], ["three"]]
    assert looked == [0, 1, 1]


def test_a_look_that_fails_is_made_again():
    looks = iter([RuntimeError("the database is away"), None])

    def look() -> None:
        if problem := next(looks):
            raise problem

    taken: list[Any] = []
    Pretended([said("one")]).listen_forever(taken.append, came_back=look)
    assert taken == [["one"]]


def test_nobody_hears_what_they_said_themselves():
    taken: list[Any] = []
    Pretended([said("mine", worker="here"), said("theirs")]).listen_forever(taken.append, came_back=lambda: None)
    assert taken == [["theirs"]]


def test_what_was_published_leaves_in_packets_that_fit_and_in_order():
    bus = Pretended([])
    told = [["changed", "conversation", number] for number in range(20)]
    for message in [*told, ["too long", "x" * 200]]:
        bus.publish(message)
    bus.send_forever()
    assert max(len(packet.encode()) for packet in bus.sent) <= bus.largest_packet
    assert [message for packet in bus.sent for message in unpacked(packet)[1]] == told
    assert {unpacked(packet)[0] for packet in bus.sent} == {"here"}


@pytest.mark.parametrize(
    "address",
    ["redis://:hush@host:port", "redis://:hu/sh@host:6379", "redis://[::1", "redis://:hush@host?nonsense=1"],
)
def test_an_address_that_cannot_be_read_is_not_repeated(address: str):
    with pytest.raises(NoSuchBus) as refused:
        check_bus(address, is_sqlite=False)
    assert str(refused.value).startswith("The address of the bus cannot be read. Write  redis://")
    assert "hu" not in str(refused.value)


@pytest.mark.parametrize("address", ["postgres", "redis://127.0.0.1:6379", "redis://:p%2Fw@host/0", "unix:///run/bus"])
def test_an_address_that_can_be_read_need_not_answer_yet(address: str):
    check_bus(address, is_sqlite=False)
