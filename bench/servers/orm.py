"""The product with another way of writing: objects through a session, and a commit for each turn.

Everything else is the same, so the difference is what the journal's group commit and the conversations kept in memory
are worth.
"""

from bench.servers import product  # noqa: I001  patches the process before anything else is imported

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

import web.app
from bot.change import Change, Refused, revision_of
from bot.database import Database
from bot.journal import Journal
from bot.models import ConversationRow
from handoff.live import Live, LiveConversations


class OrmJournal(Journal):
    """Writes each change as objects of a session and commits it alone."""

    def __init__(self, database: Database, **how: Any):
        super().__init__(database, run_blocking=how["run_blocking"])
        self._sessions = sessionmaker(database.engine.execution_options(immediate=True))

    def commit(self, change: Change) -> None:
        """Returns once the change is durable; raises Refused when a guard no longer holds."""
        refused = self._run_blocking(self._write_alone, change)
        if refused is not None:
            raise refused

    def post(self, change: Change) -> None:
        """Writes a change nobody waits for."""
        self._run_blocking(self._write_alone, change)

    def _write_alone(self, change: Change) -> Refused | None:
        try:
            with self._sessions.begin() as session:
                self._add(session, change)
        except Refused as refused:
            return refused
        except IntegrityError as problem:
            return Refused(str(problem))
        return None

    def _add(self, session: Session, change: Change) -> None:
        session.add_all([row.model(**row.values) for row in change.rows])
        session.flush()
        for guard in change.guards:
            found = session.get(guard.model, guard.key)
            if found is None or getattr(found, revision_of(guard.model)) != guard.expected:
                raise Refused(f"{guard.model.__tablename__} has changed since it was read")
            for name, value in guard.values.items():
                setattr(found, name, value)


class FreshConversations(LiveConversations):
    """Keeps nothing: every look is a query for the object."""

    def get(self, conversation_id: str) -> Live | None:
        """Returns the conversation from the database."""
        self._look_up(ConversationRow.id == conversation_id)
        self._by_id.clear()
        return super().get(conversation_id)

    def open_of(self, visitor_id: str) -> Live | None:
        """Returns the visitor's open conversation from the database."""
        self._look_up(ConversationRow.visitor_id == visitor_id)
        self._by_id.clear()
        self._open_of.clear()
        return super().open_of(visitor_id)

    def _look_up(self, condition: Any) -> None:
        with Session(self._database.engine) as session:
            session.scalars(select(ConversationRow).where(condition)).first()


if __name__ == "__main__":
    web.app.Journal = OrmJournal  # type: ignore[misc]
    web.app.LiveConversations = FreshConversations  # type: ignore[misc]
    product.serve(int(sys.argv[1]), Path(sys.argv[2]))
