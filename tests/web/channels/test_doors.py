"""Doors are shut until an operator opens them, and lead nobody to somebody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from bot.database import Database
from web.app import create_app
from web.channels.doors import DOORS, Senders
from web.cli import main
from web.commands.serving import Refused, serve_site
from web.parts import Options

SITE = "site: {name: Tea, timezone: Europe/Berlin, languages: [en], domains: [tea.example]}\n"
BEHIND_DOORS = [
    "/webhooks/rest/",
    "/webhooks/rest/webhook",
    "/webhooks/callback/webhook",
    "/socket.io/?EIO=4&transport=polling",
    "/conversations/ann/tracker",
    "/version",
    "/status",
    "/domain",
]


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("shut")
    (folder / "site").mkdir()
    (folder / "site" / "site.yaml").write_text(SITE)
    address = f"sqlite:///{folder / 'parlour.db'}"
    database = Database(address)
    database.migrate()
    yield create_app(Options(folder / "site", folder / "data", address))
    database.close()


@pytest.mark.parametrize("path", BEHIND_DOORS)
def test_what_nobody_opened_does_not_exist(shut: Flask, path: str):
    assert shut.test_client().get(path).status_code == 404
    assert shut.test_client().post(path, json={}).status_code == 404


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (["--door", "rset"], "There is no door 'rset'. Did you mean rest?"),
        (["--door", "fax"], "There is no door 'fax'. Doors are rest, callback, socketio."),
        (["--door", "rest=http://x"], "The door rest takes no address. Write:  --door rest"),
        (
            ["--door", "callback"],
            "The door callback needs the address to post to, found none. "
            "Write:  --door callback=https://bot.example/answers",
        ),
        (
            ["--door", "callback=file:///etc/passwd"],
            "The door callback needs the address to post to, found 'file:///etc/passwd'. "
            "Write:  --door callback=https://bot.example/answers",
        ),
        (
            ["--api-token", "short"],
            "The API's token must have at least 20 plain characters. Make one with:  openssl rand -hex 24",
        ),
        (
            ["--metrics-token", "é" * 20],
            "The token of /metrics must have at least 20 plain characters. Make one with:  openssl rand -hex 24",
        ),
    ],
)
def test_a_door_written_wrongly_is_told_with_what_to_write(tmp_path: Path, written: list[str], told: str):
    (tmp_path / "site.yaml").write_text(SITE)
    given = main.commands["serve"].make_context("serve", [str(tmp_path), *written]).params
    with pytest.raises(Refused) as refused:
        serve_site(**given)
    assert str(refused.value) == told


def test_a_visitor_is_the_same_for_the_same_name_and_another_for_each_other():
    senders = Senders(b"k" * 48)
    visitors = {(door, name): senders.visitor_of(door, name) for door in DOORS for name in ("ann", "ben", "")}
    assert len(set(visitors.values())) == len(visitors)
    assert all(len(each) == 22 for each in visitors.values())
    assert senders.visitor_of("rest", "ann") == visitors["rest", "ann"]
    assert Senders(b"o" * 48).visitor_of("rest", "ann") not in visitors.values()
