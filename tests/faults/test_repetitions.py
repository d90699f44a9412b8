"""One typed text is one message, however often and by whatever way it is sent."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.kills import read
from tests.server import Server, VisitorLine

TIMES, BY_SOCKET = 50, 10


@contextmanager
def lines(server: Server, first: VisitorLine, how_many: int) -> Iterator[list[VisitorLine]]:
    """Yields more tabs of a visitor."""
    opened = [VisitorLine(server, first.token) for _ in range(how_many)]
    yield opened
    for line in opened:
        line.close()


def post(server: Server, visitor: VisitorLine, frame: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {visitor.token}", "Origin": server.address}
    return server.post("/widget/op", frame, **headers)


@pytest.mark.fault("F3")
def test_the_same_message_sent_fifty_times_at_once_is_stored_once(server: Server, seed: int):
    ann = server.visitor()
    ann.says("Hello")
    frame = {"op": "send", "conversation": ann.conversation, "client_id": f"the-same-{seed}", "body": {"text": "Once"}}
    start = Barrier(TIMES)

    def over_the_socket(line: VisitorLine) -> int:
        start.wait(30)
        line.tell(**frame)
        line.until(lambda: frame["client_id"] in line.acked)
        return line.acked[frame["client_id"]]

    def by_request(_: int) -> int:
        start.wait(30)
        return int(post(server, ann, frame).json()["frames"][0]["seq"])

    with lines(server, ann, BY_SOCKET) as tabs, ThreadPoolExecutor(TIMES) as together:
        asked = together.map(over_the_socket, tabs), together.map(by_request, range(TIMES - BY_SOCKET))
        answers = [answer for answers in asked for answer in answers]
    assert len(answers) == TIMES and len(set(answers)) == 1
    (events,) = read(server).conversations.values()
    assert [each.visitor_seq for each in events if each.text == "Once"] == [answers[0]]


@pytest.mark.fault("F4")
def test_the_same_id_with_other_words_is_refused_and_the_first_words_stay(server: Server, seed: int):
    ann = server.visitor()
    ann.says("Hello")
    ids = f"the-same-{seed}"
    for again in ("First words", "First words"):
        frame = {"op": "send", "conversation": ann.conversation, "client_id": ids, "body": {"text": again}}
        assert post(server, ann, frame).status == 200
    refused = post(server, ann, {**frame, "body": {"text": "Other words"}})
    assert (refused.status, refused.json()["error"]["code"]) == (409, "idempotency_mismatch")
    (events,) = read(server).conversations.values()
    assert [each.text for each in events if each.client_id == ids] == ["First words"]


@pytest.mark.fault("F5")
def test_two_tabs_that_wrote_without_a_line_both_get_through_and_see_one_order(server: Server, seed: int):
    ann = server.visitor()
    ann.says("Hello")
    tab = VisitorLine(server, ann.token)
    server.kill()
    for number in range(3):
        for name, line in (("one", ann), ("other", tab)):
            with suppress(ConnectionClosed):
                line.say(f"{name} {number}")
    server.start()
    with ThreadPoolExecutor(2) as together:
        list(together.map(VisitorLine.reconnect, (ann, tab) if seed % 2 else (tab, ann)))
    for line in (ann, tab):
        line.until(lambda line=line: not line.outbox and sum(" " in text for text in own(line)) == 6)  # type: ignore[misc]
    assert own(ann) == own(tab)
    for name in ("one", "other"):
        assert [text for text in own(ann) if text.startswith(name)] == [f"{name} {number}" for number in range(3)]


def own(line: VisitorLine) -> list[str]:
    """Returns what the visitor said, in the order this tab shows."""
    events = [line.events[seq] for seq in sorted(line.events)]
    return [event["body"]["text"] for event in events if event["from"]["role"] == "visitor"]
