"""Accounts: who may sign in, by which address and password."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from handoff import agents
from web.accounts.entries import CannotAdd, is_address, normal_email, taken, wrong_with, wrong_with_person
from web.accounts.models import AccountRow
from web.accounts.passwords import Passwords, weakness
from web.accounts.sign_ins import SignIns
from web.audience import Role

_accounts = table_of(AccountRow)


@dataclass(frozen=True, slots=True)
class Account:
    """A way in, as sign-in needs it."""

    id: str
    agent_id: str
    email: str
    password: str
    active: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has an account, as operators see them."""

    agent_id: str
    email: str
    name: str
    role: Role
    active: bool
    departments: frozenset[str]


class WaysIn(SignIns):
    """Accounts; their sign-ins end when what they stand on changes."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], passwords: Passwords | None = None):
        super().__init__(database, now=now)
        self._passwords = passwords or Passwords()

    def add(self, *, email: str, name: str, departments: Collection[str], role: Role, password: str) -> str:
        """Makes an agent who can sign in and returns the agent's id; raises CannotAdd."""
        entry = self._entry(email, name, role, password)
        try:
            with self._database.writing() as connection:
                return self._insert(connection, entry, name=name, role=role, departments=departments)
        except IntegrityError:
            raise taken(email) from None

    def refuse_unfit(self, *, email: str, name: str, role: str) -> None:
        """Raises CannotAdd where no password would make an account of this."""
        if problems := wrong_with(email, name, role):
            raise CannotAdd(**problems)
        if self.find(normal_email(email)):
            raise taken(email)

    def has_admin(self) -> bool:
        """Says whether somebody is there who may do everything."""
        with self._database.reading() as connection:
            return has_admin(connection)

    def find(self, email: str) -> Account | None:
        """Returns the account of this address, however it is written; None also for what can be no address."""
        if not is_address(email):
            return None
        return self._account(_accounts.c.email == normal_email(email))

    def get(self, account_id: str) -> Account | None:
        """Returns one account, or None."""
        return self._account(_accounts.c.id == account_id)

    def all(self) -> list[Person]:
        """Returns everybody who has an account, by their addresses."""
        query = select(_accounts.c.agent_id, _accounts.c.email, _accounts.c.active).order_by(_accounts.c.email)
        with self._database.reading() as connection:
            found = connection.execute(query).all()
            known = agents.all_named(connection)
            joined = agents.departments_by_agent(connection)
        return [
            Person(
                row.agent_id,
                row.email,
                known[row.agent_id].name,
                cast(Role, known[row.agent_id].role),
                row.active,
                joined.get(row.agent_id, frozenset()),
            )
            for row in found
        ]

    def matches(self, account: Account | None, password: str) -> bool:
        """Says whether the password is the account's and the account is open; takes as long for no account."""
        held = self._passwords.matches(password, account.password if account else None)
        return held and account is not None and account.active

    def set_password(self, account_id: str, password: str) -> None:
        """Changes the password and signs the account out everywhere; raises CannotAdd for a weak one."""
        account = self.get(account_id)
        if weak := weakness(password, email=account.email if account else ""):
            raise CannotAdd(password=weak)
        self._update(account_id, password=self._passwords.hash(password))

    def change(
        self,
        account_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        departments: Collection[str] | None = None,
    ) -> None:
        """Changes what is not None; raises CannotAdd. With another role the account is signed out everywhere."""
        with self._database.writing() as connection:
            mine = select(_accounts.c.agent_id).where(_accounts.c.id == account_id).with_for_update()
            agent = agents.named(connection, connection.execute(mine).scalar_one(), to_change=True)
            values = {"name": (name or agent.name).strip(), "role": role or agent.role}
            if problems := wrong_with_person(**values):
                raise CannotAdd(**problems)
            if role not in (None, "admin"):
                _refuse_last_admin(connection, account_id)
            agents.change(connection, agent.id, departments=departments, **values)
        if values["role"] != agent.role:
            self.end_all(account_id)

    def set_active(self, account_id: str, active: bool) -> None:
        """Opens or closes the account; closing signs it out everywhere. Raises CannotAdd for the only admin."""
        self._update(account_id, keeps_admin=not active, active=active)

    def _update(self, account_id: str, *, keeps_admin: bool = False, **values: Any) -> None:
        with self._database.writing() as connection:
            if keeps_admin:
                _refuse_last_admin(connection, account_id)
            connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(**values))
        self.end_all(account_id)

    def _account(self, condition: Any) -> Account | None:
        columns = (_accounts.c.id, _accounts.c.agent_id, _accounts.c.email, _accounts.c.password, _accounts.c.active)
        with self._database.reading() as connection:
            found = connection.execute(select(*columns).where(condition)).one_or_none()
        return Account(*found) if found else None

    def _entry(self, email: str, name: str, role: str, password: str) -> dict[str, str]:
        address, problems = normal_email(email), wrong_with(email, name, role)
        if weak := weakness(password, email=address):
            problems["password"] = weak
        if problems:
            raise CannotAdd(**problems)
        return {"email": address, "password": self._passwords.hash(password)}

    def _insert(
        self, connection: Connection, entry: dict[str, str], *, name: str, role: Role, departments: Collection[str]
    ) -> str:
        at = self._now()
        agent_id = agents.add(connection, name=name.strip(), role=role, departments=departments, at=at)
        row = {"id": new_id(), "agent_id": agent_id, "active": True, "created_at": at, **entry}
        connection.execute(insert(_accounts).values(**row))
        return agent_id


def has_admin(connection: Connection, *, beside: str = "") -> bool:
    """Says whether somebody may do everything, of those whose account is open, beside one."""
    of_admin = _accounts.c.agent_id.in_(agents.with_role(connection, "admin"))
    query = select(_accounts.c.id).where(of_admin, _accounts.c.active, _accounts.c.id != beside)
    return bool(connection.scalar(select(exists(query))))


def _refuse_last_admin(connection: Connection, account_id: str) -> None:
    if has_admin(connection) and not has_admin(connection, beside=account_id):
        raise CannotAdd(role="Nobody else is admin. Make somebody else admin first.")
