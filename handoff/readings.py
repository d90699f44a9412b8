"""How far each participant has read; losing the last mark costs nothing, so these are ordinary short writes."""

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.blocking import RunBlocking, at_once
from bot.change import table_of
from bot.database import Database
from bot.models import ConversationRow, EventRow, Reading

_readings = table_of(Reading)
_conversations = table_of(ConversationRow)
_events = table_of(EventRow)


class Readings:
    """Reading marks, which only grow."""

    def __init__(self, database: Database, *, run_blocking: RunBlocking = at_once):
        self._database = database
        self._run_blocking = run_blocking

    def note(self, participant: str, conversation_id: str, seq: int) -> None:
        """Notes that the participant has read up to this number."""
        self._run_blocking(self._note, participant, conversation_id, seq)

    def read_by(self, participant: str, conversation_ids: list[str]) -> dict[str, int]:
        """Returns conversation → number for those the participant has read anything of."""
        mine = (_readings.c.participant == participant) & _readings.c.conversation_id.in_(conversation_ids)
        with self._database.reading() as connection:
            return dict(connection.execute(select(_readings.c.conversation_id, _readings.c.read_seq).where(mine)).all())

    def unheard_of(self, visitor_id: str) -> str | None:
        """Returns the visitor's last conversation if it was ended before they read what a person wrote in it last."""
        columns = _conversations.c
        mark = (_readings.c.conversation_id == columns.id) & (_readings.c.participant == f"visitor:{visitor_id}")
        last = (
            select(columns.id, columns.open, columns.last_message, func.coalesce(_readings.c.read_seq, 0))
            .select_from(_conversations.outerjoin(_readings, mark))
            .where(columns.visitor_id == visitor_id)
            .order_by(columns.created_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            found = connection.execute(last).first()
            if found is None or found.open or found.last_message.get("from") != "agent":
                return None
            conversation_id, _, _, read_seq = found
            said = (_events.c.conversation_id == conversation_id) & (_events.c.visitor_seq > read_seq)
            by_people = said & (_events.c.kind == "message") & _events.c.actor.startswith("agent:")
            is_unread = connection.execute(select(_events.c.seq).where(by_people).limit(1)).first()
        return conversation_id if is_unread else None

    def _note(self, participant: str, conversation_id: str, seq: int) -> None:
        mine = (_readings.c.participant == participant) & (_readings.c.conversation_id == conversation_id)
        try:
            with self._database.writing() as connection:
                grown = update(_readings).where(mine, _readings.c.read_seq < seq).values(read_seq=seq)
                if (
                    connection.execute(grown).rowcount
                    or connection.execute(select(_readings.c.read_seq).where(mine)).first()
                ):
                    return
                there = select(_conversations.c.id).where(_conversations.c.id == conversation_id)
                if connection.execute(there).first() is None:
                    return  # It was erased while somebody had it open.
                row = {"participant": participant, "conversation_id": conversation_id, "read_seq": seq}
                connection.execute(_readings.insert().values(row))
        except IntegrityError:
            return  # Another tab was first, with as good a mark.
        except DBAPIError:
            return  # A mark is not worth a refusal; the next one comes soon.
