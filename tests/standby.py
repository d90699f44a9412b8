"""Two PostgreSQL servers, one the stand-by of the other, set up by the commands of the page for operators."""

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import postgres
from tests.server import wait_for

PAGE = Path(__file__).parents[1] / "docs" / "operators" / "standby.md"
FOLLOWS_WITHIN = 30


@dataclass(frozen=True)
class Place:
    """One of the two."""

    name: str
    data: Path
    port: int

    def asked(self, question: str) -> str:
        """Says something in psql and returns what it answers, without any decoration."""
        place = ["--host=127.0.0.1", f"--port={self.port}", "--username=parlour", "--dbname=postgres"]
        return postgres.run(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", *place, f"--command={question}"
        )

    @property
    def options(self) -> str:
        """How it is started here."""
        where = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        return f"{where} -c max_connections=60 {postgres.SOMEWHERE} {postgres.SAFE_ENOUGH}"

    def start(self) -> None:
        """Starts it as what its data say it is."""
        self._control(f"--log={self.data}.log", f"--options={self.options}", "start")

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._control("--mode=immediate", "stop")

    def _control(self, *words: str) -> None:
        postgres.run("pg_ctl", f"--pgdata={self.data}", "--wait", *words)


@dataclass(frozen=True)
class Pair:
    first: Place
    second: Place

    def new_database(self, name: str) -> str:
        """Makes an empty database and returns its address, which is that of both."""
        self.first.asked(f"CREATE DATABASE {name}")
        address = re.search(r"^PARLOUR_DATABASE='(\S+)'$", PAGE.read_text(), re.M)
        assert address
        return self._here(address[1].replace("/parlour?", f"/{name}?"))

    def follow(self) -> None:
        """Makes the second the stand-by of the first, as the page says."""
        self._type("Copy it")
        wait_for(lambda: "streaming" in self.first.asked(_STATE), FOLLOWS_WITHIN)
        assert "second|streaming" in self.first.asked(_STATE)

    def wait_for_second(self) -> None:
        """Has every commit wait for the stand-by, as the page says."""
        self._type("Wait for it")
        wait_for(lambda: "second|streaming|sync" in self.first.asked(_STATE), FOLLOWS_WITHIN)
        assert "second|streaming|sync" in self.first.asked(_STATE)

    def catch_up(self) -> None:
        """Waits until the stand-by has all that was committed so far."""
        written = self.first.asked("SELECT pg_current_wal_lsn()").strip()
        has_it = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        wait_for(lambda: self.second.asked(has_it).strip() == "t", FOLLOWS_WITHIN)
        assert self.second.asked(has_it).strip() == "t"

    def part(self) -> None:
        """Keeps from the stand-by whatever is committed from now on."""
        self.second.asked("ALTER SYSTEM SET primary_conninfo = ''")
        self.second.asked("SELECT pg_reload_conf()")
        wait_for(lambda: not self.first.asked(_STATE).strip(), FOLLOWS_WITHIN)
        assert not self.first.asked(_STATE).strip()

    def take_over(self) -> None:
        """Lets the stand-by take over, as the page says."""
        self._type("When the first one breaks")

    def go_on_alone(self) -> None:
        """Lets the second commit without a stand-by of its own, as the page says."""
        self._type("And then")

    def _type(self, heading: str) -> None:
        """Types what stands under a heading of the page, in its order."""
        found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
        assert found
        fences = re.findall(r"^```(sh|sql) ?(\w*)\n(.*?)```$", found[1], re.M | re.S)
        assert fences
        for language, where, text in fences:
            if language == "sh":
                postgres.run("sh", "-ec", self._here(text))
            else:
                place = {"db1": self.first, "db2": self.second}[where]
                for sentence in filter(str.strip, text.split(";")):
                    place.asked(sentence)

    def _here(self, text: str) -> str:
        for documented, ours in {
            "db1.example:5432": f"127.0.0.1:{self.first.port}",
            "db2.example:5432": f"127.0.0.1:{self.second.port}",
            "/var/lib/postgresql/main": str(self.second.data),
            "/var/log/postgresql/main": f"{self.second.data}.log",
            "--wait start": f"--wait --options='{self.second.options}' start",
        }.items():
            text = text.replace(documented, ours)
        assert ".example" not in text
        return text


_STATE = "SELECT application_name, state, sync_state FROM pg_stat_replication"


@contextmanager
def _kept_port() -> Iterator[int]:
    """Yields a port that nobody else is given, and on which PostgreSQL, which says SO_REUSEADDR too, may listen."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@contextmanager
def pair() -> Iterator[Pair]:
    """Yields the two, the first of them running and the second to be made."""
    folder = Path(tempfile.mkdtemp(prefix="parlour-pair-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with _kept_port() as first, _kept_port() as second:
        both = Pair(Place("db1", folder / "db1", first), Place("db2", folder / "db2", second))
        try:
            postgres.make_data(both.first.data)
            both.first.start()
            yield both
        finally:
            for each in (both.second, both.first):
                if (each.data / "postmaster.pid").exists():
                    each.kill()
            shutil.rmtree(folder, ignore_errors=True)
