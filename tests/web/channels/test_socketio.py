"""Rasa's Socket.IO channel: python-socketio's own client over polling, and the wire itself where it matters."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import reduce
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import socketio
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.server import ANSWER_TAKES, AgentLine, Answer, Server, wait_for
from tests.web.channels.conftest import HARBOUR, KEY, number_of

SOCKET = "/socket.io/?EIO=4&transport=websocket"
POLLING = "/socket.io/?EIO=4&transport=polling"
QUESTION = {
    "text": "What is it about?",
    "quick_replies": [
        {"content_type": "text", "title": "Tickets", "payload": '/welcome.topic{"value": "tickets"}'},
        {"content_type": "text", "title": "A person", "payload": '/welcome.topic{"value": "person"}'},
    ],
}


class Rasa:
    """A Rasa client as they are written, on python-socketio."""

    def __init__(self, server: Server, session: str | None = None):
        self.session = session
        self.told: list[dict[str, Any]] = []
        self._client = socketio.Client(reconnection=False)
        self._client.on("session_confirm", self._confirmed)
        self._client.on("bot_uttered", self.told.append)
        self._client.connect(server.address, transports=["polling"])
        self.confirmed = False
        self._client.emit("session_request", {"session_id": session})
        self.until(lambda: self.confirmed)

    def _confirmed(self, session: str) -> None:
        self.session, self.confirmed = session, True

    def says(self, message: Any, **more: Any) -> None:
        """Says something and returns when the server has acknowledged the event."""
        self._client.call("user_uttered", {"message": message, "session_id": self.session, **more})

    def hears(self, text: str) -> dict[str, Any]:
        self.until(lambda: any(each.get("text") == text for each in self.told))
        return next(each for each in self.told if each.get("text") == text)

    def texts(self) -> list[str]:
        return [each["text"] for each in self.told]

    def until(self, done: Callable[[], Any]) -> None:
        wait_for(done, ANSWER_TAKES)
        assert done(), self.told

    def vanishes(self) -> None:
        """Is gone without a word, as a page that is left."""
        self._client.eio.disconnect(abort=True)


@pytest.fixture
def rasa(server: Server) -> Iterator[Callable[..., Rasa]]:
    clients: list[Rasa] = []

    def come(session: str | None = None) -> Rasa:
        clients.append(Rasa(server, session))
        return clients[-1]

    yield come
    for client in clients:
        client.vanishes()


@pytest.fixture
def control(server: Server) -> Callable[[str, str, Any], Answer]:
    return lambda sender, path, body: server.post(f"/conversations/{sender}/{path}", body, **KEY)


# What clients say and hear.


def test_a_client_is_given_a_session_and_its_messages_are_answered(rasa: Callable[..., Rasa]):
    ann = rasa()
    ann.says("Hello")
    ann.hears("What is it about?")
    assert ann.told == [{"text": "Hello"}, QUESTION]
    ann.says(QUESTION["quick_replies"][0]["payload"])
    ann.hears("What is your e-mail address?")


def test_a_session_goes_on_over_pages_and_nothing_is_said_twice(rasa: Callable[..., Rasa]):
    ann = rasa()
    ann.says("Hello")
    ann.hears("What is it about?")
    time_to_confirm(ann)
    ann.vanishes()
    again = rasa(ann.session)
    assert again.session == ann.session
    again.says("Tickets")
    again.hears("What is your e-mail address?")
    assert again.texts() == ["What is your e-mail address?"]


def time_to_confirm(client: Rasa) -> None:
    """One more event there and back: the pong that tells what arrived was on its way before it."""
    client._client.call("ping", {})
    client._client.call("ping", {})


def test_what_a_person_says_while_the_page_is_away_is_there_when_it_comes_back(
    rasa: Callable[..., Rasa], control: Callable[..., Answer], anna: AgentLine
):
    ann = rasa()
    ann.says("Hello")
    ann.hears("What is it about?")
    asked = control(ann.session, "tracker/events", {"event": "pause", "metadata": {"department": "support"}})
    conversation = number_of(asked.json())
    token = anna.accepts(conversation)
    ann.hears("Anna is here now.")
    time_to_confirm(ann)
    ann.vanishes()
    for number, text in enumerate(("One moment", "It is ready")):
        client_id = f"{ann.session}-{number}"
        anna.tell(op="send", conversation=conversation, client_id=client_id, token=token, body={"text": text})
        anna.until(lambda named=client_id: anna.last("ack", client_id=named))
    again = rasa(ann.session)
    again.hears("It is ready")
    assert again.texts() == ["One moment", "It is ready"]
    control(ann.session, "tracker/events", {"event": "resume"})
    again.hears("What is it about?")


def test_a_program_speaks_first_to_somebody_who_is_connected_and_has_not_spoken(
    rasa: Callable[..., Rasa], control: Callable[..., Answer]
):
    ann = rasa()
    started = control(ann.session, "trigger_intent", {"name": "welcome"}).json()
    assert started["tracker"]["latest_input_channel"] == "socketio"
    ann.hears("What is it about?")
    assert ann.told == [{"text": "Hello"}, QUESTION]


@pytest.mark.parametrize("weak", ["ann", "ann@harbour.example.org", "1234567890", "", "a" * 200])
def test_a_session_anybody_could_guess_is_answered_with_another(rasa: Callable[..., Rasa], weak: str):
    assert rasa(weak).session != weak


def test_a_session_of_the_clients_own_is_kept_if_nobody_guesses_it(rasa: Callable[..., Rasa]):
    own = str(uuid4())
    assert rasa(own).session == own


def test_two_windows_of_a_session_hear_the_same_and_another_session_nothing(rasa: Callable[..., Rasa]):
    ann, ben = rasa(), rasa()
    second = rasa(ann.session)
    ann.says("Hello")
    for window in (ann, second):
        window.hears("What is it about?")
    assert ben.told == []


def test_metadata_and_custom_data_name_language_and_message(rasa: Callable[..., Rasa]):
    ann = rasa()
    named = {"message_id": uuid4().hex}
    ann.says("Hallo", customData={"language": "de"}, metadata=json.dumps(named))
    ann.hears("Worum geht es?")
    ann.says("Hallo", metadata=named)
    ann.says("Karten")
    ann.hears("Wie ist Ihre E-Mail-Adresse?")
    assert ann.texts() == ["Hallo", "Worum geht es?", "Wie ist Ihre E-Mail-Adresse?"]


def test_what_is_not_taken_is_said_in_words(rasa: Callable[..., Rasa]):
    ann = rasa()
    ann.says("x" * 5000)
    assert ann.hears("This message has 5,000 characters; 4,000 fit. Send it in parts.")
    for number in range(22):
        ann.says(f"message {number}")
    ann.until(lambda: any(text.startswith("That was too quick.") for text in ann.texts()))


def test_a_page_may_send_along_what_it_likes_and_is_heard(rasa: Callable[..., Rasa]):
    deep: dict[str, Any] = reduce(lambda inner, _: {"a": inner}, range(20), {})
    odd = {"deep": deep, "large": 10**30, "a": "\0", "\0": 1, "message_id": "\0", **{f"key_{n}": n for n in range(300)}}
    ann = rasa()
    ann.says("Hello", metadata=odd, customData=[1])
    ann.says("Tickets", metadata="x", customData=odd)
    ann.hears("What is your e-mail address?")


def test_nonsense_in_an_event_harms_nothing(rasa: Callable[..., Rasa]):
    ann = rasa()
    for nonsense in (7, ["Hello"], {"a": 1}, True):
        ann._client.emit("user_uttered", {"message": nonsense})
    ann._client.emit("user_uttered", "Hello")
    ann._client.emit("no_such_event", {"message": "Hello"})
    ann.says("Hello")
    ann.hears("What is it about?")
    assert ann.texts() == ["Hello", "What is it about?"]


# The wire.


def opened(server: Server) -> str:
    first = server.get(POLLING)
    assert first.status == 200 and first.headers["Content-Type"] == "text/plain; charset=UTF-8"
    return str(json.loads(first.body[1:])["sid"])


def began(server: Server) -> str:
    """A line that has something to hear."""
    sid = opened(server)
    post(server, sid, "40")
    return sid


def post(server: Server, sid: str, *packets: str) -> Answer:
    return server.post(f"{POLLING}&sid={sid}", raw="\x1e".join(packets).encode(), Content_Type="text/plain")


def poll(server: Server, sid: str) -> list[str]:
    return server.get(f"{POLLING}&sid={sid}").body.decode().split("\x1e")


def websocket(server: Server, path: str = SOCKET, **options: Any) -> Any:
    return connect(server.address.replace("http", "ws") + path, compression=None, open_timeout=ANSWER_TAKES, **options)


def test_the_terms_are_engine_ios_with_our_own_bounds(server: Server):
    terms = json.loads(server.get(POLLING).body[1:])
    assert terms.pop("sid")
    assert terms == {"upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 65536}


def test_a_websocket_takes_over_from_polling_and_nothing_is_lost_on_the_way(server: Server):
    sid = opened(server)
    session = uuid4().hex
    assert post(server, sid, "40").body == b"OK"
    (greeted,) = poll(server, sid)
    assert greeted.startswith('40{"sid":')
    said = json.dumps(["user_uttered", {"message": "Hello", "session_id": session}])
    with websocket(server, f"{SOCKET}&sid={sid}") as socket:
        socket.send("2probe")
        assert socket.recv(timeout=ANSWER_TAKES) == "3probe"
        assert poll(server, sid) == ["6"]
        post(server, sid, f"42{said}")  # On its way by polling as the line changes over.
        socket.send("5")
        told = [socket.recv(timeout=ANSWER_TAKES) for _ in range(3)]
        assert told == ['42["bot_uttered",{"text":"Hello"}]', "42" + compact(["bot_uttered", QUESTION]), "2"]
        socket.send("3")
        assert poll(server, sid) == ["6"]


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def test_a_client_may_begin_with_a_websocket(server: Server):
    with websocket(server) as socket:
        assert json.loads(str(socket.recv(timeout=ANSWER_TAKES))[1:])["upgrades"] == []
        socket.send("40")
        socket.recv(timeout=ANSWER_TAKES)
        socket.send('421["session_request",{"session_id":null}]')
        confirmed = str(socket.recv(timeout=ANSWER_TAKES))
        assert confirmed.startswith('42["session_confirm","')
        assert socket.recv(timeout=ANSWER_TAKES) == "431[]"
        socket.send("40/admin,")
        assert socket.recv(timeout=ANSWER_TAKES) == '44/admin,{"message":"Invalid namespace"}'
        socket.send("41")
        with pytest.raises(ConnectionClosed):
            while True:
                socket.recv(timeout=ANSWER_TAKES)


@pytest.mark.parametrize("packet", ["", "9", "4", "45-", "42", "42{}", "42[]", "42[7]", "42[" * 500, "b" + "A" * 20])
def test_packets_nobody_could_read_end_nothing_but_their_own_line(server: Server, packet: str):
    sid = opened(server)
    post(server, sid, "40")
    answers = [post(server, sid, packet) for _ in range(12)]
    assert answers[-1].status in (400, 404)
    assert all(answer.status < 500 for answer in answers)
    assert server.get("/health").status == 200


@pytest.mark.parametrize("sid", ["nobody", "0", "[]", "null", "../x", "%00"])
def test_a_line_that_is_not_there_is_refused(server: Server, sid: str):
    assert server.get(f"{POLLING}&sid={sid}").status == 404
    assert server.post(f"{POLLING}&sid={sid}", raw=b"40").status == 404


def test_other_versions_and_foreign_pages_stay_outside(server: Server):
    assert server.get("/socket.io/?EIO=3&transport=polling").status == 400
    for origin in ("https://evil.example", "null", "https://evil-harbour.example"):
        assert server.get(POLLING, Origin=origin).status == 403
        with pytest.raises(InvalidStatus):
            websocket(server, origin=origin).close()
    answer = server.get(POLLING, Origin="https://harbour.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://harbour.example"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_too_much_at_once_is_the_end_of_the_line(server: Server):
    sid = opened(server)
    assert post(server, sid, "40", *["3"] * 100).status == 429
    assert post(server, sid, "3").status == 404
    assert post(server, opened(server), "4" + "x" * 70_000).status == 413


def test_a_frame_too_big_closes_its_own_socket_alone(server: Server):
    with websocket(server) as socket:
        socket.recv(timeout=ANSWER_TAKES)
        socket.send("4" + "x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=ANSWER_TAKES)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    assert server.get("/health").status == 200


def test_two_polls_at_once_are_not_one_client(server: Server):
    sid = opened(server)
    waiting = Thread(target=lambda: poll(server, sid))
    waiting.start()
    wait_for(lambda: server.get(f"{POLLING}&sid={sid}").status in (400, 404), ANSWER_TAKES)
    assert server.get(f"{POLLING}&sid={sid}").status == 404
    waiting.join(ANSWER_TAKES)
    assert not waiting.is_alive()


def test_who_is_connected_as_the_server_stops_is_sent_away_to_come_back(tmp_path: Path):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    server = Server(site, f"sqlite:///{tmp_path}/parlour.db", options=("--door", "socketio")).start()
    try:
        sid = opened(server)
        waiting = HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_TAKES)
        with websocket(server) as socket:
            socket.recv(timeout=ANSWER_TAKES)
            waiting.request("GET", f"{POLLING}&sid={sid}")
            # A second line is answered after the poll of the first has come in and waits.
            assert poll(server, began(server)) != []
            Thread(target=server.stop).start()
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=ANSWER_TAKES)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
        assert waiting.getresponse().read() == b"1"
    finally:
        server.stop()
