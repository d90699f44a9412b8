"""Nothing acknowledged is lost, nothing sent is doubled, and everybody sees one order."""

import json

from tests.server import Server, VisitorLine, closing
from tests.web.road.conftest import hired


def numbers(visitor: VisitorLine) -> list[int]:
    return sorted(visitor.events)


def test_a_message_is_acknowledged_before_the_bot_is_heard(server: Server):
    ann = server.visitor()
    number = ann.says("Hello")
    ann.hears("What is it about?")
    assert number == 1
    assert ann.texts() == ["Hello", "Hello", "What is it about?"]
    assert numbers(ann) == [1, 2, 3]
    ops = [frame["op"] for frame in ann.frames if frame["op"] in ("ack", "events")]
    assert ops[0] == "ack"
    ann.close()


def test_after_kill_nine_nothing_acknowledged_is_lost_and_nothing_sent_is_doubled(server: Server):
    ann = server.visitor()
    ann.says("Hello")
    ids = [ann.say(f"message {n}") for n in range(12)]
    ann.until(lambda: len(ann.acked) >= 4)
    server.kill()
    acknowledged = dict(ann.acked)

    server.start()
    ann.reconnect()
    ann.until(lambda: not ann.outbox)
    ann.until(lambda: len([text for text in ann.texts() if text.startswith("message")]) == 12)

    again = VisitorLine(server, ann.token)
    again.tell(op="resume", conversation=ann.conversation, after=0)
    again.until(lambda: len(again.events) >= len(ann.events))
    mine = [event for _, event in sorted(again.events.items()) if event["from"]["role"] == "visitor"]
    assert [event["body"]["text"] for event in mine] == ["Hello", *(f"message {n}" for n in range(12))]
    assert [event["client_id"] for event in mine[1:]] == ids
    assert numbers(again) == list(range(1, len(again.events) + 1))
    for client_id, number in acknowledged.items():
        assert again.events[number]["client_id"] == client_id


def test_the_same_send_over_socket_and_http_is_one_message(server: Server):
    ann = server.visitor()
    ann.says("Hello")
    frame = {"op": "send", "conversation": ann.conversation, "client_id": "same-id-1", "body": {"text": "Once"}}
    ann.tell(**frame)
    headers = {"Authorization": f"Bearer {ann.token}", "Origin": server.address}
    answers = [server.post("/widget/op", frame, **headers).json()["frames"][0] for _ in range(5)]
    ann.until(lambda: "same-id-1" in ann.acked)
    assert {answer["seq"] for answer in answers} == {ann.acked["same-id-1"]}
    ann.hears("Once")
    assert ann.texts().count("Once") == 1


def test_two_tabs_of_one_visitor_see_one_conversation_in_one_order(server: Server):
    ann = server.visitor()
    tab = VisitorLine(server, ann.token)
    ann.says("from one")
    tab.says("from the other")
    for each in (ann, tab):
        each.until(lambda each=each: len(each.events) == 5)
    assert (ann.conversation, ann.events) == (tab.conversation, tab.events)


def test_a_client_that_comes_back_gets_all_it_missed_in_pages(server: Server):
    ann = server.visitor()
    ann.says("Hello")
    headers = {"Authorization": f"Bearer {ann.token}", "Origin": server.address}
    frame = {"op": "resume", "conversation": ann.conversation, "after": 1}
    welcome, page = server.post("/widget/op", frame, **headers).json()["frames"]
    assert welcome["conversation"]["id"] == ann.conversation
    assert [event["seq"] for event in page["events"]] == [2, 3]
    assert page["more"] is False


def test_a_client_that_comes_back_to_what_is_over_is_told_what_began_since(server: Server):
    anna, ann = hired(server, "Anna", "support", "sales"), server.visitor()
    ann.says("Hi")
    ann.says("human")
    over = anna.sees_waiting()
    anna.tell(op="close", conversation=over, client_id="closed-by-anna", token=anna.accepts(over))
    ann.until(lambda: any(event["kind"] == "closed" for event in ann.events.values()))
    ann.reconnect()
    assert [frame["conversation"]["id"] for frame in ann.frames if frame["op"] == "welcome"] == [over]

    ann.close()
    tab = VisitorLine(server, ann.token)
    tab.says("Here again")
    headers = {"Authorization": f"Bearer {ann.token}", "Origin": server.address}
    frame = {"op": "resume", "conversation": over, "after": max(ann.events) - 1}
    welcome, page = server.post("/widget/op", frame, **headers).json()["frames"]
    assert (welcome["conversation"]["id"], welcome["conversation"]["open"]) == (tab.conversation, True)
    assert (page["conversation"], [event["kind"] for event in page["events"]]) == (over, ["closed"])


def test_last_words_said_while_nobody_looked_are_heard_on_the_next_page_until_they_are_read(server: Server):
    anna, ann = hired(server, "Anna", "support", "sales"), server.visitor()
    ann.says("Hi")
    ann.says("human")
    over = anna.sees_waiting()
    token = anna.accepts(over)
    ann.close()
    anna.op(op="send", conversation=over, client_id="last-words-1", token=token, body={"text": "It is quay 3."})
    assert anna.op(op="close", conversation=over, client_id="closed-by-anna", token=token).status == 200

    stands = server.view(token=ann.token)["conversation"]
    assert (stands["id"], stands["open"]) == (over, False)
    page = VisitorLine(server, ann.token)
    page.tell(op="resume", conversation=None, after=0)
    page.hears("It is quay 3.")
    page.tell(op="read", conversation=over, seq=max(page.events))
    page.until(lambda: server.view(token=ann.token)["conversation"] is None)
    page.close()

    other = server.visitor()
    other.says("Hello")
    assert server.view(token=ann.token)["conversation"] is None


def test_a_tab_without_a_socket_is_told_what_another_tab_began(server: Server):
    ann = server.visitor()
    headers = {"Authorization": f"Bearer {ann.token}", "Origin": server.address}

    def heads() -> dict[str, int]:
        (beat,) = server.post("/widget/op", {"op": "beat"}, **headers).json()["frames"]
        return beat["heads"]

    assert heads() == {}
    tab = VisitorLine(server, ann.token)
    tab.says("Hello")
    tab.until(lambda: len(tab.events) == 3)
    assert heads() == {tab.conversation: 3}


def test_another_visitors_conversation_is_not_resumed(server: Server):
    ann, ben = server.visitor(), server.visitor()
    ann.says("a secret")
    ben.tell(op="resume", conversation=ann.conversation, after=0)
    ben.says("Hello")
    assert "a secret" not in json.dumps(ben.frames)
    assert ben.conversation != ann.conversation


def test_what_cannot_be_read_gets_a_sentence_and_the_line_stays_open(server: Server):
    ann = server.visitor()
    ann.say("   ", client_id="empty-one-1")
    ann.until(lambda: any(frame["op"] == "refused" for frame in ann.frames))
    refused = next(frame for frame in ann.frames if frame["op"] == "refused")
    assert refused["client_id"] == "empty-one-1"
    assert refused["error"]["message"].endswith(".")
    ann.outbox.clear()
    ann.says("Hello")


def test_sigterm_tells_everybody_to_come_back(sqlite_server: Server):
    ann = sqlite_server.visitor()
    ann.says("Hello")
    sqlite_server.stop()
    number, words = closing(ann.socket)
    assert (number, words.startswith("retry:")) == (1012, True)
