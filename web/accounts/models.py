"""The four tables of accounts. Everything secret in them is random, and kept as a hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models import ID_LENGTH, Base, identity
from web.accounts.secret import HASH_LENGTH


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
    id: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime]
    used_at: Mapped[datetime]
    stays: Mapped[bool]
    """Somebody said that this computer is theirs: unused nights do not end it."""


class TicketRow(Base):
    """Opens one socket for a sign-in, once, within seconds."""

    __tablename__ = "ticket"
    id: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    sign_in_id: Mapped[str] = mapped_column(String(HASH_LENGTH))
    ends_at: Mapped[datetime]


class InvitationRow(Base):
    """Makes one account that may do everything, once."""

    __tablename__ = "invitation"
    id: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    first: Mapped[bool]
    """Good only while nobody is admin yet."""
    ends_at: Mapped[datetime]
