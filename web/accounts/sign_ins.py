"""Sign-ins: which hold. Each is a row; ending it ends it everywhere, in every process, for a copied cookie too."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, insert, select, update

from bot.change import table_of
from bot.database import Database
from handoff import agents
from web.accounts.models import AccountRow, SignInRow
from web.accounts.secret import hashed, new_secret
from web.audience import Role, SignedIn

SIGN_IN_LASTS = timedelta(days=30)
IDLE_SIGN_IN_LASTS = timedelta(hours=12)
"""A sign-in that was not asked to stay ends this long after it was last used; an open panel uses it."""
NOTE_USE_EVERY = timedelta(minutes=10)

Revoked = Callable[[frozenset[str]], None]

_accounts = table_of(AccountRow)
_sign_ins = table_of(SignInRow)


class SignIns:
    """The browsers that are signed in."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]):
        self._database = database
        self._now = now
        self._hear: list[Revoked] = []

    def begin(self, account_id: str, *, stays: bool = False) -> str:
        """Signs the account in and returns the secret its browser keeps; each time a new one."""
        secret, now = new_secret(), self._now()
        row = {"id": hashed(secret), "account_id": account_id, "started_at": now, "used_at": now, "stays": stays}
        with self._database.writing() as connection:
            connection.execute(delete(_sign_ins).where(~_lasting(now)))
            connection.execute(insert(_sign_ins).values(**row))
        return secret

    def signed_in(self, secret: str | None) -> SignedIn | None:
        """Returns who brings this secret, while the sign-in holds."""
        if not secret:
            return None
        stamp, now = hashed(secret), self._now()
        with self._database.reading() as connection:
            found = connection.execute(_account_of(stamp, now)).one_or_none()
            if found is None:
                return None
            agent = agents.named(connection, found.agent_id)
        if now - found.used_at >= NOTE_USE_EVERY:
            self._note_use({stamp}, now)
        return SignedIn(agent.id, found.id, agent.name, cast(Role, agent.role), stamp)

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


def _account_of(stamp: str, now: datetime) -> Any:
    query = select(_accounts.c.id, _accounts.c.agent_id, _sign_ins.c.used_at)
    query = query.join(_sign_ins, _sign_ins.c.account_id == _accounts.c.id)
    return query.where(_sign_ins.c.id == stamp, _accounts.c.active, _lasting(now))


def _lasting(now: datetime) -> Any:
    in_use = _sign_ins.c.stays | (_sign_ins.c.used_at > now - IDLE_SIGN_IN_LASTS)
    return in_use & (_sign_ins.c.started_at > now - SIGN_IN_LASTS)
