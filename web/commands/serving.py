"""`parlour serve`: everything that must hold before the first request, and the addresses to open."""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import click
import structlog

from bot.actions.client import NotAnAddress, address_of
from bot.actions.roster import Served
from bot.actions.server import ActionServer
from bot.database import CannotOpen, Database
from bot.deployments import Deployments
from bot.in_use import used
from bot.logs import set_up_logs
from bot.site.loading import load
from bot.site.starting import CannotMake, make_site
from rules.problems import has_errors, shown
from web.accounts import Accounts
from web.app import utc_now
from web.bus.choosing import POSTGRES, NoSuchBus, check_bus
from web.channels.doors import CannotOpenDoor, Doors, doors_of
from web.commands.places import data_folder, database_address, refuse_lost
from web.origins import is_loopback
from web.parts import Options
from web.serving import Server
from web.strength import WeakToken, strong
from web.tokens import UnusableKey, signing_key
from web.tracing import CannotTrace, exporter_of

FIRST_SITE = "site"
ACTIONS_STATUS = "actions-{port}.json"
"""In the data folder: what the process that keeps the action server tells the others."""

log = structlog.get_logger()


class Refused(Exception):
    """The site cannot be served; the text says what to do."""


def serve_site(
    site: Path,
    *,
    host: str,
    port: int,
    data: Path | None,
    database: str | None,
    workers: int,
    bus: str | None,
    demo: bool | None,
    watch: bool,
    dev: bool,
    trusted_proxies: int,
    webhooks_may_be_local: bool,
    doors: Iterable[str],
    api_token: str | None,
    metrics_token: str,
    actions_url: str | None,
) -> None:
    """Prepares and serves until told to stop."""
    set_up_logs()
    try:
        opened = doors_of(doors, api_token)
        if metrics_token:
            strong(metrics_token, "The token of /metrics")
    except (CannotOpenDoor, WeakToken) as problem:
        raise Refused(str(problem)) from problem
    try:
        exporter_of(os.environ)
    except CannotTrace as problem:
        raise Refused(str(problem)) from problem
    if watch or data is None:
        _make_first_site(site)
    folder = data_folder(site, data)
    address = database_address(folder, database)
    options = Options(
        site=site,
        data=folder,
        database=address,
        demo=is_loopback(host) if demo is None else demo,
        watch=watch,
        dev=dev,
        proxies=trusted_proxies,
        webhooks_may_be_local=webhooks_may_be_local,
        doors=opened,
        metrics_token=metrics_token,
        bus=_bus(bus, workers, address, opened),
        actions=_elsewhere(actions_url),
    )
    with _database_held(options):
        port = _free_port(host, port)  # Which one is free is of no use to whoever serves this site already.
        invitation = _prepare(options)
        options, actions = _with_actions(replace(options, service=str(port)), port)
        here = f"http://{host if ':' not in host else f'[{host}]'}:{port}"
        ready = partial(_greet, here, options, invitation)
        Server(options, host=host, port=port, workers=workers, actions=actions, ready=ready).run()


def _free_port(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise Refused(_why_not(family, host, port, problem)) from problem
        return int(probe.getsockname()[1])


def _why_not(family: int, host: str, port: int, problem: OSError) -> str:
    with socket.socket(family) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return f"{host} is no address of this computer ({problem.strerror}). Try --host 127.0.0.1"
        free = probe.getsockname()[1]
    return f"Port {port} cannot be used ({problem.strerror}). This one is free:  --port {free}"


def _make_first_site(site: Path) -> None:
    if site.is_dir() and any(site.iterdir()):
        return
    if site != Path(FIRST_SITE) and not site.is_dir():
        raise Refused(f"There is no site at {site}. Make one with:  parlour init {site}")
    try:
        make_site(site)
    except CannotMake as problem:
        raise Refused(str(problem)) from problem
    _say(f"Made {site}/ from the starter content; it is yours to change.")


@contextmanager
def _database_held(options: Options) -> Iterator[None]:
    """Keeps `parlour restore` from taking the database away below us."""
    url = Database(options.database).url
    with used(Path(str(url.database))) if url.get_backend_name() == "sqlite" else nullcontext():
        yield


def _bus(word: str | None, workers: int, database: str, doors: Doors) -> str | None:
    """Returns by what several workers hear of one another, or None where there is only one."""
    if word is None and workers == 1:
        return None
    try:
        check_bus(word or POSTGRES, is_sqlite=database.startswith("sqlite"))
    except NoSuchBus as problem:
        raise Refused(str(problem)) from problem
    if workers > 1 and doors.socketio:
        raise Refused("Socket.IO's long polling needs one process: leave --workers at 1, or the door shut.")
    return word or POSTGRES


def _elsewhere(url: str | None) -> Served | None:
    """Returns where actions are served if another server was named for that."""
    try:
        return Served(address_of(url)) if url else None
    except NotAnAddress as problem:
        raise Refused(str(problem)) from problem


def _with_actions(options: Options, port: int) -> tuple[Options, ActionServer | None]:
    """Returns the options with where actions are served, and the server of our own unless another was named.

    It comes last, so that a start that was refused leaves no file and no process of it.
    """
    if options.actions is not None:
        return options, None
    status = options.data / ACTIONS_STATUS.format(port=port)
    server = ActionServer(options.site, status, clock=monotonic, sleep=sleep, log=log.error)
    server.look()
    return replace(options, actions=Served(server.address, status)), server


def _prepare(options: Options) -> str | None:
    """Brings database and key up to date; returns the secret of the first account's link while there is no admin."""
    try:
        database = Database(options.database)
        refuse_lost(database, options.data)
        database.migrate()
        signing_key(options.data)  # Only now: where it is, there was a record.
    except (CannotOpen, UnusableKey) as problem:
        raise Refused(str(problem)) from problem
    try:
        _refuse_broken_first_site(options, database)
        return Accounts(database, now=utc_now).first_invitation()
    finally:
        database.close()


def _refuse_broken_first_site(options: Options, database: Database) -> None:
    """A site that never ran must be without errors; later ones give way to the version before (`web/content.py`)."""
    if Deployments(database, now=utc_now).newest() is not None:
        return
    if not options.site.is_dir():
        site = options.site
        raise Refused(f"Nothing was deployed yet, and there is no site at {site}. Make one with:  parlour init {site}")
    loaded = load(options.site)
    if not has_errors(loaded.problems):
        return
    errors = [shown(each, loaded.files.get(each.place.file)) for each in loaded.problems if each.level == "error"]
    raise Refused("\n\n".join(["The site has errors:", *errors]))


def _greet(address: str, options: Options, invitation: str | None) -> None:
    lines = [f"Parlour is serving {options.site}.", ""]
    if options.demo:
        lines.append(f"  Sample shop   {address}/demo/")
    lines.append(f"  Panel         {address}/panel/")
    if invitation:
        lines += ["", f"  Make the first account (this link works once):  {address}/panel/first/{invitation}"]
    _say("\n".join([*lines, "", "Stop it with Ctrl+C."]))


def _say(words: str) -> None:
    """Prints what nothing depends on: where it goes there may be no room, or nobody."""
    with suppress(OSError):
        click.echo(words)
