"""`parlour agent add`: somebody who may sign in."""

from pathlib import Path

from bot.database import CannotOpen
from bot.site.loading import load
from rules.problems import suggestion
from web.accounts import Accounts, CannotAdd, add_account
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
    password: str,
    data: Path | None,
    database: str | None,
) -> None:
    """Makes an agent with an account."""
    known = _departments(site)
    for department in departments:
        if known and department not in known:
            meant = suggestion(department, known) or "."
            raise CannotAddAgent(f"There is no department '{department}'{meant} Known: {', '.join(known)}.")
    try:
        opened = open_database(site, data, database, makes=True)
        try:
            add_account(opened, email, name, departments or tuple(known), role, password, now=utc_now)
        finally:
            opened.close()
    except (CannotOpen, CannotAdd) as problem:
        raise CannotAddAgent(str(problem)) from problem


def set_password(site: Path, email: str, password: str, *, data: Path | None, database: str | None) -> None:
    """Gives an account a new password and signs it out everywhere."""
    try:
        opened = open_database(site, data, database)
        try:
            accounts = Accounts(opened, now=utc_now)
            account = accounts.find(email)
            if account is None:
                raise CannotAddAgent(f"Nobody signs in as {email}. Add them with:  parlour agent add {email} --name …")
            accounts.set_password(account.id, password)
        finally:
            opened.close()
    except (CannotOpen, CannotAdd) as problem:
        raise CannotAddAgent(str(problem)) from problem


def _departments(site: Path) -> list[str]:
    loaded = load(site)
    return list(loaded.site.departments) if loaded.site else []
