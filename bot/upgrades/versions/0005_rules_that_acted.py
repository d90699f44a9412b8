"""Which rules have acted, in a conversation and for a visitor."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("conversation", "visitor"):
        op.add_column(table, sa.Column("rules", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for table in ("conversation", "visitor"):
        op.drop_column(table, "rules")
