"""Invitations: the first link, and links from the shell; each makes one account that may do everything, once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from web.accounts.entries import CannotAdd, taken
from web.accounts.models import AccountRow, InvitationRow
from web.accounts.secret import hashed, new_secret
from web.accounts.ways_in import WaysIn, has_admin

INVITATION_LASTS = timedelta(days=1)

_accounts = table_of(AccountRow)
_invitations = table_of(InvitationRow)


class Invitations(WaysIn):
    """Accounts, and the links that make one."""

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
            return first is not None and not (first and has_admin(connection))

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
                if first is None or (first and has_admin(connection)):
                    raise over
                connection.execute(delete(_invitations))
                agent_id = self._insert(connection, entry, name=name, role="admin", departments=departments)
                return cast(str, connection.scalar(select(_accounts.c.id).where(_accounts.c.agent_id == agent_id)))
        except IntegrityError:
            raise taken(email) from None

    def _invite(self, *, first: bool) -> str:
        secret = new_secret()
        row = {"id": hashed(secret), "first": first, "ends_at": self._now() + INVITATION_LASTS}
        with self._database.writing() as connection:
            connection.execute(delete(_invitations).where(_invitations.c.first.is_(first)))
            connection.execute(insert(_invitations).values(**row))
        return secret


def _invitation(secret: str, now: datetime) -> Any:
    return (_invitations.c.id == hashed(secret)) & (_invitations.c.ends_at > now)
