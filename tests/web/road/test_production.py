"""The layout for production, as it is written down: nginx before two services, restarted one after the other."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import sleep

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests import nginx
from tests.server import NO_LIMITS, Server, VisitorLine, wait_for
from tests.valkey import free_port
from tests.web.road.conftest import hired
from tests.web.road.test_several_workers import talk
from web.shell.serving import serve

TALKERS = 6


@dataclass
class Front(Server):
    """The services, as browsers reach them."""

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@pytest.fixture
def services(site: Path, postgres_url: str) -> Iterator[list[Server]]:
    options = ("--bus", "postgres", "--trusted-proxies", "1")
    both = [Server(site, postgres_url, port=free_port(), options=options, tuned=NO_LIMITS) for _ in range(2)]
    try:
        yield [each.start() for each in both]
    finally:
        for each in both:
            each.kill()


@pytest.fixture
def front(services: list[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    if nginx.program() is None:
        if os.environ.get("REQUIRE_NGINX") == "1":
            pytest.fail("REQUIRE_NGINX=1, but there is no nginx")
        pytest.skip("no nginx here: the layout for production is not tested")
    with nginx.in_front_of([each.port for each in services], tmp_path / "nginx") as (port, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield Front(services[0].site, services[0].database_url, port=port)


@dataclass
class Talker:
    """A visitor who goes on writing whatever happens to the line, as the widget does."""

    front: Front
    said: list[str] = field(default_factory=list)
    refused: list[object] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def talk(self) -> None:
        self.line = VisitorLine(self.front, self.front.view()["token"])
        while not self.enough.is_set():
            text = f"words {len(self.said)}"
            self.said.append(text)
            self.send(text)
            sleep(0.05)

    def send(self, text: str) -> None:
        client_id = f"{id(self)}-{text.replace(' ', '-')}"
        with suppress(ConnectionClosed, OSError):
            self.line.say(text, client_id=client_id)
        while client_id not in self.line.acked:
            try:
                self.line.until(lambda: client_id in self.line.acked)
            except (ConnectionClosed, OSError):
                self.come_back()
        self.refused += [frame for frame in self.line.frames if frame["op"] == "refused"]

    def come_back(self) -> None:
        for _ in range(100):
            with suppress(ConnectionClosed, InvalidHandshake, OSError):
                return self.line.reconnect()
            sleep(0.1)
        raise AssertionError("nobody let this visitor back in")


def test_behind_nginx_an_agent_and_a_visitor_talk(front):
    anna = hired(front, "Anna", "support", "sales")
    ann = front.visitor()
    ann.says("Hi")
    ann.says("human")
    talk(ann, anna)


@pytest.mark.fault("F10")
def test_services_restarted_one_after_the_other_fail_nobody(front, services, seed):
    dice = Random(seed)
    talkers = [Talker(front) for _ in range(TALKERS)]
    threads = [threading.Thread(target=each.talk, daemon=True) for each in talkers]
    for thread in threads:
        thread.start()
    for service in dice.sample(services, len(services)):
        everybody_says(talkers, dice.randrange(2, 15))
        sleep(dice.uniform(0, 0.05))
        service.stop()
        service.start()
    for each in talkers:
        each.enough.set()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    for each in talkers:
        assert each.refused == []
        each.line.hears(each.said[-1])
        mine = [text for text in each.line.texts() if text.startswith("words ")]
        assert mine == each.said
        assert sorted(each.line.events) == list(range(1, len(each.line.events) + 1))


def everybody_says(talkers: list[Talker], more: int) -> None:
    """Waits until each has said so much more than any of them had."""
    enough = max(len(each.said) for each in talkers) + more
    wait_for(lambda: all(len(each.said) >= enough for each in talkers), 30)
    assert all(len(each.said) >= enough for each in talkers)


def test_the_unit_starts_a_command_there_is_with_settings_there_are():
    page = nginx.PAGE.read_text()
    started = re.search(r"^ExecStart=\S+/parlour serve (.*)$", page, re.M)
    assert started
    context = serve.make_context("serve", started[1].replace("%i", "8001").split(), resilient_parsing=True)
    assert (context.params["site"], context.params["port"]) == (Path("/srv/parlour/site"), 8001)
    known = {option.envvar for option in serve.params}
    written = re.findall(r"^(PARLOUR_\w+)=", page, re.M)
    assert written
    assert set(written) <= known
