"""Accounts: who may sign in, which sign-ins hold, and the secrets that are good once (tickets, the first link).

Everything secret is random, kept as a hash, and looked up by it. A sign-in is a row: ending it ends it everywhere, in
every process, for a copied cookie too. Knows nothing of Flask; `web/sign_in.py` puts it behind pages.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, ForeignKey, String, Text, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from bot.blocking import RunBlocking, at_once
from bot.change import table_of
from bot.database import Database
from bot.ids import new_id
from bot.models import ID_LENGTH, Base, identity
from handoff import agents
from handoff.models import AgentRow
from rules.readable import without_controls
from web.audience import ROLES, Role, SignedIn

SIGN_IN_LASTS = timedelta(days=30)
IDLE_SIGN_IN_LASTS = timedelta(hours=12)
"""A sign-in that was not asked to stay ends this long after it was last used; an open panel uses it."""
NOTE_USE_EVERY = timedelta(minutes=10)
TICKET_LASTS = timedelta(seconds=30)
INVITATION_LASTS = timedelta(days=1)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_HASH_LENGTH = 64


class AccountRow(Base):
    """The way in of one agent: an address and a password."""

    __tablename__ = "account"
    id: Mapped[str] = identity()
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agent.id"), unique=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class SignInRow(Base):
    """One browser signed in; deleted when it signs out or is signed out."""

    __tablename__ = "sign_in"
    id: Mapped[str] = mapped_column(String(_HASH_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime]
    used_at: Mapped[datetime]
    stays: Mapped[bool]
    """Somebody said that this computer is theirs: unused nights do not end it."""


class TicketRow(Base):
    """Opens one socket for a sign-in, once, within seconds."""

    __tablename__ = "ticket"
    id: Mapped[str] = mapped_column(String(_HASH_LENGTH), primary_key=True)
    sign_in_id: Mapped[str] = mapped_column(String(_HASH_LENGTH))
    ends_at: Mapped[datetime]


class InvitationRow(Base):
    """Makes one account that may do everything, once."""

    __tablename__ = "invitation"
    id: Mapped[str] = mapped_column(String(_HASH_LENGTH), primary_key=True)
    first: Mapped[bool]
    """Good only while nobody is admin yet."""
    ends_at: Mapped[datetime]


class CannotAdd(Exception):
    """An account cannot be made or changed like this; `problems` says of each wrong entry what to do."""

    def __init__(self, **problems: str):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


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


Revoked = Callable[[frozenset[str]], None]


class Passwords:
    """Hashes and checks passwords where it holds nobody up: `run_blocking(call, *arguments)` waits elsewhere."""

    def __init__(self, run_blocking: RunBlocking = at_once):
        # OWASP's smallest advised argon2id: signing in is rare, and many at once must not take all memory.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._run = run_blocking

    def hash(self, password: str) -> str:
        """Returns the password as it is kept."""
        return cast(str, self._run(self._hasher.hash, _normal(password)))

    def matches(self, password: str, kept: str | None) -> bool:
        """Says whether this is the password; costs the same when there is none to compare with."""
        if kept is None:
            self.hash(password)
            return False
        return cast(bool, self._run(self._verify, kept, _normal(password)))

    def _verify(self, kept: str, password: bytes) -> bool:
        # Answered here, in the pool: an exception that leaves it is written to the log by gevent.
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


class Accounts:
    """The accounts of this installation."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], passwords: Passwords | None = None):
        self._database = database
        self._now = now
        self._passwords = passwords or Passwords()
        self._hear: list[Revoked] = []

    # Accounts

    def add(self, *, email: str, name: str, departments: Collection[str], role: Role, password: str) -> str:
        """Makes an agent who can sign in and returns the agent's id; raises CannotAdd."""
        entry = self._entry(email, name, role, password)
        try:
            with self._database.writing() as connection:
                return self._insert(connection, entry, name=name, role=role, departments=departments)
        except IntegrityError:
            raise _taken(email) from None

    def refuse_unfit(self, *, email: str, name: str, role: str) -> None:
        """Raises CannotAdd where no password would make an account of this."""
        if problems := _wrong_with(email, name, role):
            raise CannotAdd(**problems)
        if self.find(normal_email(email)):
            raise _taken(email)

    def has_admin(self) -> bool:
        """Says whether somebody is there who may do everything."""
        with self._database.reading() as connection:
            return _has_admin(connection)

    def find(self, email: str) -> Account | None:
        """Returns the account of this address, however it is written."""
        return self._account(_accounts.c.email == normal_email(email))

    def get(self, account_id: str) -> Account | None:
        """Returns one account, or None."""
        return self._account(_accounts.c.id == account_id)

    def all(self) -> list[Person]:
        """Returns everybody who has an account, by their addresses."""
        columns = (_agents.c.id, _accounts.c.email, _agents.c.name, _agents.c.role, _accounts.c.active)
        query = select(*columns).join(_accounts, _accounts.c.agent_id == _agents.c.id).order_by(_accounts.c.email)
        with self._database.reading() as connection:
            found = connection.execute(query).all()
            joined = agents.departments_by_agent(connection)
        return [Person(*row, departments=joined.get(row[0], frozenset())) for row in found]

    def matches(self, account: Account | None, password: str) -> bool:
        """Says whether the password is the account's and the account is open; takes as long for no account."""
        held = self._passwords.matches(password, account.password if account else None)
        return held and account is not None and account.active

    def set_password(self, account_id: str, password: str) -> None:
        """Changes the password and signs the account out everywhere; raises CannotAdd for a weak one."""
        account = self.get(account_id)
        if weak := _weakness(password, email=account.email if account else ""):
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
            agent = connection.execute(_agent_of(account_id)).one()
            values = {"name": (name or agent.name).strip(), "role": role or agent.role}
            if problems := _wrong_with_person(**values):
                raise CannotAdd(**problems)
            if role not in (None, "admin"):
                _refuse_last_admin(connection, account_id)
            changed = update(_agents).where(_agents.c.id == agent.id)
            connection.execute(changed.values(revision=_agents.c.revision + 1, **values))
            if departments is not None:
                agents.join(connection, agent.id, departments)
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
        address, problems = normal_email(email), _wrong_with(email, name, role)
        if weak := _weakness(password, email=address):
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

    # Sign-ins

    def begin(self, account_id: str, *, stays: bool = False) -> str:
        """Signs the account in and returns the secret its browser keeps; each time a new one."""
        secret, now = _secret(), self._now()
        row = {"id": _hashed(secret), "account_id": account_id, "started_at": now, "used_at": now, "stays": stays}
        with self._database.writing() as connection:
            connection.execute(delete(_sign_ins).where(~_lasting(now)))
            connection.execute(insert(_sign_ins).values(**row))
        return secret

    def signed_in(self, secret: str | None) -> SignedIn | None:
        """Returns who brings this secret, while the sign-in holds."""
        if not secret:
            return None
        stamp, now = _hashed(secret), self._now()
        with self._database.reading() as connection:
            found = connection.execute(_who(stamp, now)).one_or_none()
        if found is None:
            return None
        agent_id, account_id, name, role, used_at = found
        if now - used_at >= NOTE_USE_EVERY:
            self._note_use({stamp}, now)
        return SignedIn(agent_id, account_id, name, role, stamp)

    def valid_among(self, stamps: Iterable[str]) -> frozenset[str]:
        """Returns which of these sign-ins still hold: nobody signed them out, and their accounts are open.

        Asking for the sockets that are open counts as their use.
        """
        asked, now = list(dict.fromkeys(stamps)), self._now()
        if not asked:
            return frozenset()
        query = select(_sign_ins.c.id, _sign_ins.c.used_at).join(_accounts, _accounts.c.id == _sign_ins.c.account_id)
        with self._database.reading() as connection:
            found = connection.execute(query.where(_sign_ins.c.id.in_(asked), _accounts.c.active, _lasting(now))).all()
        stale = {stamp for stamp, used_at in found if now - used_at >= NOTE_USE_EVERY}
        if stale:
            self._note_use(stale, now)
        return frozenset(stamp for stamp, _ in found)

    def end(self, stamp: str) -> None:
        """Signs one browser out."""
        self._end(_sign_ins.c.id == stamp)

    def end_all(self, account_id: str) -> None:
        """Signs an account out everywhere."""
        self._end(_sign_ins.c.account_id == account_id)

    def on_revoked(self, hear: Revoked) -> None:
        """Calls `hear(stamps)` when sign-ins are ended in this process; other processes find out by `valid_among`."""
        self._hear.append(hear)

    def _end(self, condition: Any) -> None:
        with self._database.writing() as connection:
            ended = frozenset(connection.scalars(delete(_sign_ins).where(condition).returning(_sign_ins.c.id)))
        if ended:
            for hear in self._hear:
                hear(ended)

    def _note_use(self, stamps: Collection[str], now: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(update(_sign_ins).where(_sign_ins.c.id.in_(stamps)).values(used_at=now))

    # Tickets

    def issue_ticket(self, stamp: str) -> str:
        """Returns a ticket that opens one socket for this sign-in within 30 seconds."""
        secret, now = _secret(), self._now()
        row = {"id": _hashed(secret), "sign_in_id": stamp, "ends_at": now + TICKET_LASTS}
        with self._database.writing() as connection:
            connection.execute(delete(_tickets).where(_tickets.c.ends_at <= now))
            connection.execute(insert(_tickets).values(**row))
        return secret

    def redeem_ticket(self, ticket: str | None, stamp: str) -> bool:
        """Says whether the ticket was issued to this sign-in and is still good; it is not, ever after."""
        if not ticket:
            return False
        used = delete(_tickets).where(_tickets.c.id == _hashed(ticket))
        with self._database.writing() as connection:
            found = connection.execute(used.returning(_tickets.c.sign_in_id, _tickets.c.ends_at)).one_or_none()
        return found is not None and secrets.compare_digest(found[0], stamp) and self._now() < found[1]

    # Invitations

    def first_invitation(self) -> str | None:
        """Returns the secret of a link that makes the first account; None when there is an admin. Older ones end."""
        if self.has_admin():
            return None
        return self._invite(first=True)

    def invitation(self) -> str:
        """Returns the secret of a link that makes one more admin, for somebody at the shell. Older ones end."""
        return self._invite(first=False)

    def is_invited(self, secret: str) -> bool:
        """Says whether this link would still make an account."""
        query = select(_invitations.c.first).where(_invitation(secret, self._now()))
        with self._database.reading() as connection:
            first = connection.scalar(query)
            return first is not None and not (first and _has_admin(connection))

    def accept_invitation(
        self, secret: str, *, email: str, name: str, departments: Collection[str], password: str
    ) -> str:
        """Makes the account the link is for and returns its id; the link is used up. Raises CannotAdd.

        Its problem is the "link" when that is not good (any more).
        """
        entry = self._entry(email, name, "admin", password)
        over = CannotAdd(link="This link was used already, or has run out.")
        try:
            with self._database.writing() as connection:
                used = delete(_invitations).where(_invitation(secret, self._now())).returning(_invitations.c.first)
                first = connection.scalar(used)
                if first is None or (first and _has_admin(connection)):
                    raise over
                connection.execute(delete(_invitations))
                agent_id = self._insert(connection, entry, name=name, role="admin", departments=departments)
                return cast(str, connection.scalar(select(_accounts.c.id).where(_accounts.c.agent_id == agent_id)))
        except IntegrityError:
            raise _taken(email) from None

    def _invite(self, *, first: bool) -> str:
        secret = _secret()
        row = {"id": _hashed(secret), "first": first, "ends_at": self._now() + INVITATION_LASTS}
        with self._database.writing() as connection:
            connection.execute(delete(_invitations).where(_invitations.c.first.is_(first)))
            connection.execute(insert(_invitations).values(**row))
        return secret


def normal_email(email: str) -> str:
    """Returns an address as it is compared: without the differences people do not see."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


_accounts = table_of(AccountRow)
_sign_ins = table_of(SignInRow)
_tickets = table_of(TicketRow)
_invitations = table_of(InvitationRow)
_agents = table_of(AgentRow)


def _wrong_with(email: str, name: str, role: str) -> dict[str, str]:
    """Returns field → what is wrong, of what can be nobody's."""
    address, problems = normal_email(email), _wrong_with_person(name, role)
    if not _EMAIL.fullmatch(address) or len(address) > 254:
        problems["email"] = f"{email!r} is not an e-mail address. What is it in full?"
    return problems


def _wrong_with_person(name: str, role: str) -> dict[str, str]:
    problems = {}
    if not name.strip() or len(name) > 100 or not name.isprintable():
        problems["name"] = "A name is needed, as visitors will see it: 1 to 100 letters."
    if role not in ROLES:
        problems["role"] = f"{role!r} is no role. Roles are {', '.join(ROLES)}."
    return problems


def _refuse_last_admin(connection: Connection, account_id: str) -> None:
    if _has_admin(connection) and not _has_admin(connection, beside=account_id):
        raise CannotAdd(role="Nobody else is admin. Make somebody else admin first.")


def _taken(email: str) -> CannotAdd:
    return CannotAdd(email=f"{normal_email(email)} has an account already.")


def _weakness(password: str, *, email: str) -> str | None:
    if len(password) < SHORTEST_PASSWORD:
        return f"A password has at least {SHORTEST_PASSWORD} characters. Three or four words do well."
    if len(password) > LONGEST_PASSWORD:
        return f"A password has at most {LONGEST_PASSWORD} characters."
    if without_controls(password) != password:
        return "There is a character in this password that no keyboard types."
    if len(set(password)) < 4 or password.casefold() == email:
        return "This password is the first one somebody would try. Three or four words do well."
    return None


def _who(stamp: str, now: datetime) -> Any:
    columns = (_agents.c.id, _accounts.c.id, _agents.c.name, _agents.c.role, _sign_ins.c.used_at)
    joined = _sign_ins.join(_accounts, _accounts.c.id == _sign_ins.c.account_id).join(
        _agents, _agents.c.id == _accounts.c.agent_id
    )
    return select(*columns).select_from(joined).where(_sign_ins.c.id == stamp, _accounts.c.active, _lasting(now))


def _lasting(now: datetime) -> Any:
    in_use = _sign_ins.c.stays | (_sign_ins.c.used_at > now - IDLE_SIGN_IN_LASTS)
    return in_use & (_sign_ins.c.started_at > now - SIGN_IN_LASTS)


def _invitation(secret: str, now: datetime) -> Any:
    return (_invitations.c.id == _hashed(secret)) & (_invitations.c.ends_at > now)


def _agent_of(account_id: str) -> Any:
    mine = _accounts.c.id == account_id
    return select(_agents.c.id, _agents.c.name, _agents.c.role).join(_accounts).where(mine).with_for_update()


def _has_admin(connection: Connection, *, beside: str = "") -> bool:
    of_admin = _accounts.join(_agents, _agents.c.id == _accounts.c.agent_id)
    query = select(_accounts.c.id).select_from(of_admin).where(_agents.c.role == "admin", _accounts.c.active)
    query = query.where(_accounts.c.id != beside)
    return bool(connection.scalar(select(exists(query))))


def _secret() -> str:
    return secrets.token_urlsafe(24)


def _hashed(secret: str) -> str:
    # No salt and no slow hash: a random secret of 192 bits cannot be guessed, only stolen.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
