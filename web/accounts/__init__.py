"""Accounts: who may sign in, which sign-ins hold, and the secrets that are good once (tickets, the first link).

Everything secret is random, kept as a hash, and looked up by it. Knows nothing of Flask; `web/sign_in.py` puts it
behind pages.
"""

from web.accounts.entries import CannotAdd, normal_email
from web.accounts.invitations import Invitations
from web.accounts.passwords import Passwords, weakness
from web.accounts.tickets import Tickets
from web.accounts.ways_in import Account, Person


class Accounts(Invitations, Tickets):
    """The accounts of this installation, with all that lets people in."""


__all__ = ["Account", "Accounts", "CannotAdd", "Passwords", "Person", "normal_email", "weakness"]
