"""Erasing a person: everything of theirs goes in one transaction, and whoever was told of them is told that it went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import DBAPIError

from bot.change import table_of
from bot.database import Database
from bot.epoch import renew_epoch
from bot.ids import NewId
from bot.models import ConversationRow, Visitor
from bot.webhooks import plan_told_of_erasure
from handoff.models import Hold, PrivacyAct
from handoff.privacy.acts import Acts
from handoff.privacy.forgetting import TOUCHED, forget_conversations, forget_visitors
from handoff.privacy.people import Held, NobodyFound, Person, conversations_of, person_of

RETRIES = 3
"""How often it is tried again when verbs of a running server cross it."""

_conversations = table_of(ConversationRow)
_visitors = table_of(Visitor)
_holds = table_of(Hold)


class UnderHold(Exception):
    """The record must stay; `held` says why and since when."""

    def __init__(self, held: Held):
        super().__init__()
        self.held = held


@dataclass(frozen=True, slots=True)
class Erased:
    """What went. `all_cleared`: nothing of it is in the database's unused space either."""

    person: Person
    conversations: tuple[str, ...]
    counts: Mapping[str, int]
    all_cleared: bool


class Erasing:
    """Erases people, also while servers run beside."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], new_id: NewId):
        self._database = database
        self._now = now
        self._new_id = new_id
        self._acts = Acts(database, now=now, new_id=new_id)

    def erase(self, person: Person, *, by: str) -> Erased:
        """Erases a person as of now. Raises UnderHold, or NobodyFound when nothing is there any more."""
        for attempt in range(RETRIES + 1):
            try:
                erased, conversations, counts = self._erase(person, by)
                break
            except DBAPIError as problem:
                crossed = getattr(problem.orig, "sqlstate", None) in ("40001", "40P01")
                if not crossed or attempt == RETRIES:
                    raise
        cleared = self._database.scrub([table.name for table in (*TOUCHED, table_of(Hold), table_of(PrivacyAct))])
        return Erased(erased, conversations, counts, cleared)

    def _erase(self, person: Person, by: str) -> tuple[Person, tuple[str, ...], Mapping[str, int]]:
        with self._database.erasing() as connection:
            now_known = _locked(connection, person.visitors)
            if now_known.held:
                raise UnderHold(now_known.held)
            conversations = tuple(conversations_of(connection, now_known.visitors))
            gone = forget_conversations(connection, conversations, now=self._now(), new_id=self._new_id)
            gone += forget_visitors(connection, now_known.visitors, now_known.contacts)
            if not gone:
                raise NobodyFound
            connection.execute(delete(_holds).where(_holds.c.visitor_id.in_(now_known.visitors)))
            act = self._acts.note(connection, "erased", by=by, visitor_id=None, counts=gone)
            plan_told_of_erasure(connection, act, conversations, at=self._now())
            renew_epoch(connection)
        return now_known, conversations, dict(gone)


def _locked(connection: Connection, visitors: tuple[str, ...]) -> Person:
    """Returns the person as of now, whom no verb of a running server changes any more; raises NobodyFound.

    Read once everything is held: meanwhile they may have come back, from another browser too, said who they are, or
    somebody holds their record.
    """
    while True:
        mine = _conversations.c.visitor_id.in_(visitors)
        connection.execute(select(_conversations.c.id).where(mine).with_for_update())
        connection.execute(select(_visitors.c.id).where(_visitors.c.id.in_(visitors)).with_for_update())
        found = person_of(connection, visitors)
        if found is None:
            raise NobodyFound
        if set(found.visitors) <= set(visitors):
            return found
        visitors = found.visitors
