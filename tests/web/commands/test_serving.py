"""What ends a start: a port that is taken, a site that is served already, a record that is gone."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import in_use
from bot.database import CannotOpen
from tests import databases
from tests.prepared import prepared
from web.cli import main
from web.commands.places import open_database
from web.commands.serving import serve_site
from web.tokens import KEY_BYTES, KEY_FILE


def test_a_taken_port_is_said_and_a_free_one_named(site: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        serve = [sys.executable, "-m", "web.cli", "serve", str(site), "--port", str(port)]
        done = subprocess.run(serve, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert re.fullmatch(rf"parlour: Port {port} cannot be used \(.*\)\. This one is free:  --port \d+\n", done.stderr)


def test_of_a_site_that_is_served_already_no_free_port_is_told(site: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_use, "ENDS_WITHIN", 0.0)
    (site / ".parlour").mkdir()
    with socket.socket() as taken, in_use.used(site / ".parlour" / "parlour.db"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = main.commands["serve"].make_context("serve", [str(site), "--port", str(taken.getsockname()[1])]).params
        with pytest.raises(CannotOpen, match="Another Parlour serves"):
            serve_site(**given)


@pytest.fixture(params=["sqlite", "postgresql"])
def gone(request: pytest.FixtureRequest, site: Path) -> tuple[str, str]:
    """The place of a record that is gone, as an option and in words; what was kept beside it is there."""
    (site / ".parlour").mkdir()
    (site / ".parlour" / KEY_FILE).write_text("k" * KEY_BYTES)
    if request.param == "sqlite":
        return f"sqlite:///{site}/.parlour/parlour.db", f"The database {site}/.parlour/parlour.db is not there"
    address = databases.empty_in_cluster(request.getfixturevalue("cluster"))
    return address, f"The database {address.replace('+psycopg', '').partition('?')[0]} is empty"


@pytest.mark.parametrize(
    "words", [["serve", "--port", "0"], ["agent", "add", "a@shop.example", "--name", "A", "--site"]]
)
def test_no_empty_record_is_begun_in_the_place_of_one_that_is_gone(site: Path, gone: tuple[str, str], words: list[str]):
    address, is_gone = gone
    key = site / ".parlour" / KEY_FILE
    assert prepared().run(*words, str(site), "--database", address) == (
        1,
        f"parlour: {is_gone}, but {key} says that there was a record here. Nothing was changed. Look at --data and "
        "--database, and whether its disk is there; or restore a backup:  parlour restore FILE  "
        f"(or delete {key}, to begin an empty record)\n",
    )
    assert list(key.parent.glob("actions-*")) == []
    key.unlink()
    open_database(site, None, address, makes=True).close()
    key.write_text("k" * KEY_BYTES)
    open_database(site, None, address, makes=True).close()


def test_who_moves_to_postgresql_begins_beside_the_file_of_before(site: Path, cluster: str):
    open_database(site, None, None, makes=True).close()
    (site / ".parlour" / KEY_FILE).write_text("k" * KEY_BYTES)
    address = databases.empty_in_cluster(cluster)
    open_database(site, None, address, makes=True).close()
    (site / ".parlour" / "parlour.db").unlink()
    with pytest.raises(CannotOpen, match="says that there was a record here"):
        open_database(site, None, databases.empty_in_cluster(cluster), makes=True)
