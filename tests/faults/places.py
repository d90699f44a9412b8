"""What a server of a fault test is: which database, how many workers, which site; and people who may speak with it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from tests.faults.oracle import Violation
from tests.faults.simulation import LIGHTHOUSE
from tests.receiver import Receiver
from tests.server import AgentLine, Server
from tests.web.road.conftest import HARBOUR
from web.cli import main
from web.commands.agents import add_agent

PASSWORD = "three blue teapots"
AGENTS = ("Ann", "Ben", "Eva", "Fay", "Gus", "Ida", "Jon", "Kim")
"""Names of agents."""


@dataclass(frozen=True)
class Layout:
    """One way to run Parlour."""

    name: str
    database: str
    options: tuple[str, ...] = ()


SQLITE = Layout("SQLite", "sqlite")
POSTGRES = Layout("PostgreSQL", "postgresql")
TWO_WORKERS = Layout("PostgreSQL, two workers", "postgresql", ("--workers", "2"))
LAYOUTS = (SQLITE, POSTGRES, TWO_WORKERS)


@dataclass
class Outcome:
    """What came of a run; `counts` says how much of what there was."""

    violations: list[Violation] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def harbour(folder: Path, **tuned: object) -> Server:
    """Returns a server over a copy of the harbour's site, not started yet."""
    site = Path(shutil.copytree(HARBOUR, folder / "site"))
    return Server(site, f"sqlite:///{folder}/parlour.db", tuned=tuned)


@contextmanager
def lighthouse(layout: Layout, folder: Path, database_url: str, *, room: int | None = None) -> Iterator[Server]:
    """Yields a started server over a copy of the lighthouse's site; an agent has `room` for so many conversations."""
    site = Path(shutil.copytree(LIGHTHOUSE, folder / "site"))
    if room is not None:
        settings = site / "site.yaml"
        settings.write_text(re.sub(r"max_chats: \d+", f"max_chats: {room}", settings.read_text()))
    options = ("--no-demo", "--webhooks-may-be-local", *layout.options)
    server = Server(site, database_url, options=options, otherwise={})
    try:
        yield server.start()
    finally:
        server.kill()


def sign_in(server: Server, name: str) -> AgentLine:
    """Hires an agent and opens their panel."""
    email = f"{name.lower()}@lighthouse.example"
    hired = {"departments": ("keepers",), "role": "agent", "ask": lambda: PASSWORD, "data": None}
    add_agent(server.site, email, name=name, database=server.database_url, **hired)  # type: ignore[arg-type]
    return AgentLine(server, email, PASSWORD)


def tell(server: Server, receiver: Receiver, *kinds: str) -> None:
    """Has somebody outside told of these kinds of events."""
    chosen = [word for kind in kinds for word in ("--kind", kind)]
    place = ["--site", str(server.site), "--database", server.database_url, "--webhooks-may-be-local"]
    told = CliRunner().invoke(main, ["webhook", "add", receiver.url, *chosen, *place])
    assert told.exit_code == 0, told.output
