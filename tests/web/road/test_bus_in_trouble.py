"""A bus that dies, hangs or forgets: nothing is lost, nobody waits for it, and it is used again when it is back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests import valkey
from tests.faults.proxy import FaultProxy
from tests.server import ANSWER_TAKES, Server, wait_for
from tests.web.road.conftest import hired
from tests.web.road.test_several_workers import asking, talk

Pair = tuple[Server, Server]


@pytest.fixture
def open_pair(site: Path, postgres_url: str) -> Iterator[Callable[[str], Pair]]:
    with ExitStack() as ends:

        def open_(bus: str) -> Pair:
            here, there = (Server(site, postgres_url, options=("--bus", bus)) for _ in range(2))
            for each in (here, there):
                ends.callback(each.kill)
                each.start()
            return here, there

        yield open_


def times(server: Server, event: str) -> int:
    """How often the log says so."""
    return server.output.read_text().count(f'"event": "{event}"')


@pytest.mark.fault("F14")
def test_the_bus_dies_in_the_middle_and_comes_back(open_pair, valkey_address, tmp_path):
    port = valkey.free_port()
    with valkey.serving(tmp_path, port):
        here, there = open_pair(f"redis://127.0.0.1:{port}")
        anna = hired(there, "Anna", "support", "sales")
        ann = asking(here)
        talk(ann, anna)
    ann.says("Anybody there?")
    anna.until(lambda: any("Anybody there?" in raw for raw in anna.raw))
    assert times(there, "bus.not_heard") == 1, "an operator is told once"
    with valkey.serving(tmp_path, port) as address:
        with valkey.valkey.from_url(address) as client:
            wait_for(lambda: client.pubsub_numsub(*client.pubsub_channels() or ["none"])[0][1] == 2, 10)
            client.flushall()
        ann.tell(op="typing", conversation=ann.conversation, on=True, text="I am wri")
        anna.until(lambda: anna.last("typing", text="I am wri"))


@pytest.mark.fault("F15")
@pytest.mark.parametrize("trouble", [{"mode": "blackhole"}, {"delay": 1.5 * ANSWER_TAKES}], ids=["hangs", "slow"])
def test_nobody_waits_for_a_bus_that_hangs(open_pair, valkey_address, trouble):
    with FaultProxy(int(valkey_address.rsplit(":", 1)[1])) as proxy:
        here, there = open_pair(f"redis://127.0.0.1:{proxy.port}")
        anna = hired(there, "Anna", "support", "sales")
        ann = asking(here)
        conversation = anna.sees_waiting()
        for name, value in trouble.items():
            setattr(proxy, name, value)
        proxy.catches_up()
        passed = proxy.bytes_up, proxy.bytes_down
        for number in range(10):
            ann.says(f"words {number}")
        assert trouble != {"mode": "blackhole"} or (proxy.bytes_up, proxy.bytes_down) == passed
        anna.tell(op="watch", conversation=conversation, after=0)
        anna.until(lambda: any("words 9" in raw for raw in anna.raw))


@pytest.mark.fault("F14")
def test_a_bus_whose_connections_are_ended_is_heard_again(open_pair, postgres_url):
    here, there = open_pair("postgres")
    anna = hired(there, "Anna", "support", "sales")
    ann = asking(here)
    of_the_bus = "FROM pg_stat_activity WHERE query ~* '^(LISTEN|SELECT pg_notify|SELECT 1$)'"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        assert len(connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {of_the_bus}").all()) >= 2
    engine.dispose()
    talk(ann, anna)
    wait_for(lambda: times(there, "bus.not_heard") == 1, 10)
    with engine.connect() as connection:
        wait_for(lambda: connection.exec_driver_sql(f"SELECT count(*) {of_the_bus}").scalar() >= 2, 10)
    engine.dispose()

    def hears_of_it() -> bool:
        """Told again and again: what is told before both hear again is lost."""
        anna.tell(op="typing", conversation=ann.conversation, on=True)
        return any(frame["op"] == "typing" for frame in ann.frames)

    ann.until(hears_of_it)
