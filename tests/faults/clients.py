"""Visitors and agents who never give up: each a thread that lives by `line.py` over real sockets and requests.

What one does follows from its dice; what comes of it from the server, which may be gone at any moment.
"""

import http.client
import json
import logging
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from random import Random
from threading import Thread
from urllib.error import URLError

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

from tests.faults.history import History
from tests.faults.line import Frame, Line, Panel
from tests.faults.oracle import CALL
from tests.faults.scale import SCALE
from tests.server import AgentLine, Server
from tests.sockets import open_socket, received

ANSWER_TAKES = 15
"""Seconds after which a client believes that nobody is there; `line.js` waits as long."""
BROKEN = (OSError, URLError, WebSocketException, http.client.HTTPException, json.JSONDecodeError)
"""What a line that breaks at any byte may look like from here."""


logging.getLogger("websockets.client").setLevel(logging.CRITICAL)  # It has much to say about lines that break.


class Client(Thread):
    """Opens a line, acts, and opens another when it breaks, until it may rest and shows everything."""

    line: Line

    def __init__(self, server: Server, dice: Random):
        super().__init__(daemon=True)
        self.server = server
        self.dice = dice
        self.may_act = True
        self.heads: Mapping[str, int] | None = None
        """Conversation → where it ends, once nothing more will happen: what is to be shown before this client ends."""
        self._epoch = ""
        """The record that ends so."""
        self.failed: BaseException | None = None
        self.breaks = 0
        self._failures = 0

    def run(self) -> None:
        try:
            while not self.shows_all():
                try:
                    self._live()
                except BROKEN:
                    self.breaks += 1
                    self._failures += 1
                self.line.lost()
                if self.may_act and self.dice.random() < 0.1:
                    self.line.reload()
                time.sleep(self.dice.uniform(0.01, 0.08))
        except BaseException as problem:
            self.failed = problem

    def rest_at(self, epoch: str, heads: Mapping[str, int]) -> None:
        """Lets it end once it shows this record up to its heads; what it shows of another one may go as far."""
        self._epoch = epoch
        self.heads = heads  # Last: by this the client knows.

    def shows_all(self) -> bool:
        """Says whether everything has ended, and been shown to its end."""
        heads, followed = self.heads, self.line.followed
        if heads is None or self.line.epoch != self._epoch:
            return False
        return all(heard.last >= heads.get(each, 0) for each, heard in list(followed.items()))

    @abstractmethod
    def _live(self) -> None:
        """Opens a line and lives on it until it breaks, raising one of BROKEN, or everything is shown."""

    @abstractmethod
    def _act(self) -> None:
        """Does something a person would."""

    def _converse(self, socket: ClientConnection, pace: float) -> None:
        self.line.opened(lambda frame: socket.send(json.dumps(frame)))
        heard_at, again_at = time.monotonic(), 0.0
        while not self.shows_all():
            raw = received(socket, timeout=pace)
            now = time.monotonic()
            if raw is not None:
                heard_at = now
                self._failures = 0
                self.line.receive(json.loads(raw))
                if self.dice.random() < 0.7:
                    continue
            if self.line.again and now > again_at:
                again_at = now + 0.3
                self.line.a_moment_later()
            if self.may_act:
                self._act()
                if self.dice.random() < 0.01:
                    raise ConnectionResetError  # Leaves without a word.
            if (self.line.pending() or self.heads) and now - heard_at > ANSWER_TAKES:
                raise TimeoutError


class Visitor(Client):
    """Somebody in a widget. Every third attempt goes by request, as the real one's do."""

    def __init__(self, server: Server, dice: Random, history: History, name: str, *, calls: float = 0.1):
        super().__init__(server, dice)
        viewed = server.view()
        self.token, self._calls = viewed["token"], calls
        self.line = Line(name, f"visitor:{viewed['visitor']}", history)

    def another_tab(self, name: str) -> "Visitor":
        """Returns the same person in another tab."""
        tab = object.__new__(Visitor)
        Client.__init__(tab, self.server, Random(self.dice.random()))
        tab.token, tab._calls = self.token, self._calls
        tab.line = Line(name, self.line.actor, self.line.history)
        return tab

    def _act(self) -> None:
        if len(self.line.pending()) < 5 and self.dice.random() < 0.5:
            call = self.dice.random() < self._calls
            self.line.write(CALL if call else f"{self.line.name} sees {self.dice.getrandbits(40):x}")

    def _live(self) -> None:
        if self._failures % 3 == 2:
            self._ask()
            return
        url = self.server.address.replace("http", "ws") + "/widget/socket"
        socket = open_socket(url, self.server.address, f"tok.{self.token}")
        try:
            self._converse(socket, SCALE.pause * self.dice.uniform(0.005, 0.04))
        finally:
            socket.close_socket()

    def _ask(self) -> None:
        """Speaks by request for a while."""
        unsaid: deque[Frame] = deque()
        self.line.opened(unsaid.append)
        for _ in range(3):
            if self.may_act:
                self._act()
            while unsaid:
                for frame in self._post(unsaid.popleft()):
                    self.line.receive(frame)
            self.line.look()
        self._failures = 0

    def _post(self, frame: Frame) -> list[Frame]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=ANSWER_TAKES)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Origin": self.server.address,
            "Content-Type": "application/json",
        }
        try:
            connection.request("POST", "/widget/op", json.dumps(frame), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 429:
            raise ConnectionError(answer.status)
        if "error" in told:
            return [{"op": "refused", "client_id": frame.get("client_id"), "error": told["error"]}]
        frames: list[Frame] = told["frames"]
        return frames


class Agent(Client):
    """Somebody at a panel, who takes what waits, answers, and gives it away again."""

    line: Panel

    def __init__(self, server: Server, dice: Random, history: History, signed_in: AgentLine):
        super().__init__(server, dice)
        self._browser = signed_in
        welcome = signed_in.last("welcome")
        assert welcome is not None
        signed_in.socket.close()
        self.line = Panel(
            f"{welcome['agent']['name'].lower()}-{dice.getrandbits(20):x}", welcome["agent"]["id"], history
        )

    def _act(self) -> None:
        panel, chance = self.line, self.dice.random()
        held = list(panel.held)
        if chance < 0.3 and panel.waiting:
            panel.accept(self.dice.choice(panel.waiting))
        elif chance < 0.6 and held and len(panel.pending()) < 5:
            panel.say(self.dice.choice(held), f"{panel.name} answers {self.dice.getrandbits(40):x}")
        elif chance < 0.66 and held:
            panel.give_up(self.dice.choice(["return", "return", "close"]), self.dice.choice(held))

    def _live(self) -> None:
        browser, server = self._browser, self.server
        asked = browser.ask("POST", "/panel/ticket", b"", X_CSRFToken=browser.csrf, Origin=server.address)
        if asked.status != 200:
            raise ConnectionError(asked.status)
        ticket = asked.json()["ticket"]
        url = server.address.replace("http", "ws") + "/panel/socket"
        socket = open_socket(url, server.address, f"tic.{ticket}", Cookie=browser.cookie)
        try:
            self._converse(socket, SCALE.pause * self.dice.uniform(0.01, 0.05))
        finally:
            socket.close_socket()
