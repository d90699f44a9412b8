"""A port that is taken, a site that is served already."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import in_use
from bot.database import CannotOpen
from web.cli import main
from web.commands.serving import serve_site


def test_a_taken_port_is_said_and_a_free_one_named(site: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", "serve", str(site), "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
        )
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
