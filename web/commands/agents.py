"""`parlour agent`: who may sign in. What can be found wrong without a password is, before one is asked for."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.database import CannotOpen, Database
from bot.ids import new_id
from bot.site.loading import load
from bot.versions import SiteVersions
from handoff.privacy.acts import Acts
from rules.problems import suggestion
from web.accounts import Account, Accounts, CannotAdd, Person
from web.app import utc_now
from web.audience import Role
from web.commands.advice import again
from web.commands.places import open_database
from web.commands.visitors import by_whom


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
    with _accounts_of(site, data, database, makes=True) as (opened, accounts, acts):
        accounts.refuse_unfit(email=email, name=name, role=role)
        joins = _named(departments, site, opened) or _departments(site, opened)
        agent_id = accounts.add(email=email, name=name, departments=joins, role=role, password=ask())
        acts.changed_account("agent_add", agent_id, by=by_whom(), role=role, departments=sorted(joins))


def all_agents(*, site: Path, data: Path | None, database: str | None) -> list[Person]:
    """Returns everybody who may sign in, or could."""
    with _accounts_of(site, data, database) as (_, accounts, _acts):
        return accounts.all()


def change_agent(
    email: str,
    *,
    site: Path,
    name: str | None,
    departments: tuple[str, ...],
    role: Role | None,
    data: Path | None,
    database: str | None,
) -> None:
    """Changes what was named; with another role they are signed out everywhere."""
    with _accounts_of(site, data, database) as (opened, accounts, acts):
        account = _account(accounts, email)
        joins = _named(departments, site, opened) or None
        accounts.change(account.id, name=name, role=role, departments=joins)
        to = {"name": name, "role": role, "departments": sorted(joins) if joins else None}
        named = {key: value for key, value in to.items() if value is not None}
        acts.changed_account("agent_change", account.agent_id, by=by_whom(), **named)


def let_in(email: str, yes: bool, *, site: Path, data: Path | None, database: str | None) -> None:
    """Opens an account, or closes it and signs it out everywhere."""
    with _accounts_of(site, data, database) as (_, accounts, acts):
        account = _account(accounts, email)
        accounts.set_active(account.id, yes)
        acts.changed_account("agent_open" if yes else "agent_close", account.agent_id, by=by_whom())


def set_password(email: str, *, site: Path, ask: Callable[[], str], data: Path | None, database: str | None) -> None:
    """Gives an account a new password, which `ask` returns, and signs it out everywhere."""
    with _accounts_of(site, data, database) as (_, accounts, acts):
        account = _account(accounts, email)
        accounts.set_password(account.id, ask())
        acts.changed_account("new_password", account.agent_id, by=by_whom())


@contextmanager
def _accounts_of(
    site: Path, data: Path | None, database: str | None, *, makes: bool = False
) -> Iterator[tuple[Database, Accounts, Acts]]:
    """Opens the accounts; whatever cannot be done with them is raised as CannotAddAgent."""
    try:
        opened = open_database(site, data, database, makes=makes)
        try:
            yield opened, Accounts(opened, now=utc_now), Acts(opened, now=utc_now, new_id=new_id)
        finally:
            opened.close()
    except (CannotOpen, CannotAdd) as problem:
        raise CannotAddAgent(str(problem)) from problem


def _account(accounts: Accounts, email: str) -> Account:
    account = accounts.find(email)
    if account is None:
        add = again(f"agent add {shlex.quote(email)} --name …")
        raise CannotAddAgent(f"Nobody signs in as {email}. Add them with:  {add}")
    return account


def _named(departments: tuple[str, ...], site: Path, database: Database) -> tuple[str, ...]:
    """Returns the departments that are named; raises CannotAddAgent for one that is not there."""
    known = _departments(site, database) if departments else ()
    for department in departments:
        if department not in known:
            meant = suggestion(department, known) or "."
            raise CannotAddAgent(f"There is no department '{department}'{meant} Known: {', '.join(known)}.")
    return departments


def _departments(site: Path, database: Database) -> tuple[str, ...]:
    """Returns those of the folder; where nothing can be read in it, those of what is deployed."""
    sites = SiteVersions(database, now=utc_now)
    newest = sites.deployments.newest()
    for loaded in (load(site), sites.load(newest.version) if newest else None):
        if loaded and loaded.site:
            return tuple(loaded.site.departments)
    raise CannotAddAgent(f"The site cannot be read, so nobody knows its departments. See  parlour check {site}")
