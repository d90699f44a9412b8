"""The site's actions for a command that speaks with the bot: a server elsewhere, or one that is started when needed."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import random
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import click

from bot.actions.actions import Actions
from bot.actions.client import Address, Client, Failed, address_of
from bot.actions.files import has_actions, mentions
from bot.actions.roster import Roster, read_status
from bot.actions.server import LOADS_WITHIN, ActionServer
from flows.validating import VALIDATES


@contextmanager
def served_actions(site: Path, url: str | None) -> Iterator[Actions]:
    """Yields the site's actions: those of a server elsewhere, or of one that runs as long as the command.

    Raises NotAnAddress.
    """
    if url is None and not has_actions(site):
        yield Actions()
        return
    with ExitStack() as later:
        client = _Elsewhere(address_of(url)) if url else later.enter_context(_own_server(site))
        actions = Actions(client, Roster(client), clock=monotonic)
        if url or mentions(site, VALIDATES):
            actions.roster.wait()
        yield actions


class _Elsewhere(Client):
    """Calls the actions of a server that runs already."""

    def __init__(self, address: Address):
        super().__init__(address, clock=monotonic, sleep=sleep, chance=random)


class _OfOurOwn(_Elsewhere):
    """Starts the action server with the first question to it: most talks need none."""

    def __init__(self, server: ActionServer):
        super().__init__(server.address)
        self._server = server

    def call(self, action: str, body: Mapping[str, Any], *, within: float) -> Any:
        self.names()
        return super().call(action, body, within=within)

    def names(self, *, within: float = LOADS_WITHIN) -> frozenset[str]:
        until = monotonic() + within
        while True:
            self._server.look()
            try:
                return super().names()
            except Failed:
                if monotonic() > until or read_status(self._server.status).state == "down":
                    raise


@contextmanager
def _own_server(site: Path) -> Iterator[Client]:
    with TemporaryDirectory() as folder:
        server = ActionServer(site, Path(folder) / "actions.json", clock=monotonic, sleep=sleep, log=_complain)
        try:
            yield _OfOurOwn(server)
        finally:
            server.stop()


def _complain(what: str, **more: Any) -> None:
    click.echo(f"  ({what}: {', '.join(str(each) for each in more.values())})", err=True)
