"""Tickets: each opens one socket for a sign-in, once, within seconds."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, insert

from bot.change import table_of
from web.accounts.models import TicketRow
from web.accounts.secret import hashed, new_secret
from web.accounts.sign_ins import SignIns

TICKET_LASTS = timedelta(seconds=30)

_tickets = table_of(TicketRow)


class Tickets(SignIns):
    """Sign-ins, and what opens their sockets."""

    def issue_ticket(self, stamp: str) -> str:
        """Returns a ticket that opens one socket for this sign-in within 30 seconds."""
        secret, now = new_secret(), self._now()
        row = {"id": hashed(secret), "sign_in_id": stamp, "ends_at": now + TICKET_LASTS}
        with self._database.writing() as connection:
            connection.execute(delete(_tickets).where(_tickets.c.ends_at <= now))
            connection.execute(insert(_tickets).values(**row))
        return secret

    def redeem_ticket(self, ticket: str | None, stamp: str) -> bool:
        """Says whether the ticket was issued to this sign-in and is still good; it is not, ever after."""
        if not ticket:
            return False
        used = delete(_tickets).where(_tickets.c.id == hashed(ticket))
        with self._database.writing() as connection:
            found = connection.execute(used.returning(_tickets.c.sign_in_id, _tickets.c.ends_at)).one_or_none()
        return found is not None and secrets.compare_digest(found[0], stamp) and self._now() < found[1]
