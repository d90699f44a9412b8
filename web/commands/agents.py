"""`parlour agent`: somebody who may sign in. What can be found wrong without a password is, before one is asked for."""

from collections.abc import Callable
from pathlib import Path

from bot.database import CannotOpen, Database
from bot.site.loading import load
from bot.versions import SiteVersions
from rules.problems import suggestion
from web.accounts import Accounts, CannotAdd
from web.app import utc_now
from web.audience import Role
from web.commands.places import open_database


class CannotAddAgent(Exception):
    """The text says what to do."""


def add_agent(
    site: Path,
    email: str,
    *,
    name: str,
    departments: tuple[str, ...],
    role: Role,
    ask: Callable[[], str],
    data: Path | None,
    database: str | None,
) -> None:
    """Makes an agent with an account; `ask` returns the password."""
    try:
        opened = open_database(site, data, database, makes=True)
        try:
            accounts = Accounts(opened, now=utc_now)
            accounts.refuse_unfit(email=email, name=name, role=role)
            joins = _joined(departments, _departments(site, opened))
            accounts.add(email=email, name=name, departments=joins, role=role, password=ask())
        finally:
            opened.close()
    except (CannotOpen, CannotAdd) as problem:
        raise CannotAddAgent(str(problem)) from problem


def set_password(email: str, *, site: Path, ask: Callable[[], str], data: Path | None, database: str | None) -> None:
    """Gives an account a new password, which `ask` returns, and signs it out everywhere."""
    try:
        opened = open_database(site, data, database)
        try:
            accounts = Accounts(opened, now=utc_now)
            account = accounts.find(email)
            if account is None:
                raise CannotAddAgent(f"Nobody signs in as {email}. Add them with:  parlour agent add {email} --name …")
            accounts.set_password(account.id, ask())
        finally:
            opened.close()
    except (CannotOpen, CannotAdd) as problem:
        raise CannotAddAgent(str(problem)) from problem


def _joined(named: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the departments somebody joins: those that are named, else all there are."""
    for department in named:
        if department not in known:
            meant = suggestion(department, known) or "."
            raise CannotAddAgent(f"There is no department '{department}'{meant} Known: {', '.join(known)}.")
    return named or known


def _departments(site: Path, database: Database) -> tuple[str, ...]:
    """Returns those of the folder; where nothing can be read in it, those of what is deployed."""
    sites = SiteVersions(database, now=utc_now)
    newest = sites.deployments.newest()
    for loaded in (load(site), sites.load(newest.version) if newest else None):
        if loaded and loaded.site:
            return tuple(loaded.site.departments)
    raise CannotAddAgent(f"The site cannot be read, so nobody knows its departments. See  parlour check {site}")
