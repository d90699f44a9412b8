"""Indexes by which the lists of the panel are read without meeting what has long been closed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TO_BE_ANSWERED = {
    "sqlite": sa.text("open = 1 AND (holder = 'queue' OR \"left\" = 1)"),
    "postgresql": sa.text("open AND (holder = 'queue' OR \"left\")"),
}
_HELD = sa.text("holder = 'agent'")
_OWNED = sa.text("owner IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_conversation_holder", "conversation")
    op.drop_index("ix_conversation_owner", "conversation")
    op.create_index(
        "ix_conversation_waiting",
        "conversation",
        ["open", "department", "queued_at"],
        sqlite_where=_TO_BE_ANSWERED["sqlite"],
        postgresql_where=_TO_BE_ANSWERED["postgresql"],
    )
    op.create_index(
        "ix_conversation_held", "conversation", ["holder", "owner"], sqlite_where=_HELD, postgresql_where=_HELD
    )
    op.create_index(
        "ix_conversation_owner", "conversation", ["owner", "last_at"], sqlite_where=_OWNED, postgresql_where=_OWNED
    )
    op.create_index("ix_conversation_department", "conversation", ["department", "last_at"])


def downgrade() -> None:
    for index in ("department", "owner", "held", "waiting"):
        op.drop_index(f"ix_conversation_{index}", "conversation")
    op.create_index("ix_conversation_owner", "conversation", ["owner"])
    op.create_index("ix_conversation_holder", "conversation", ["holder", "department", "queued_at"])
