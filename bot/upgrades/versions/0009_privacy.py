"""Whose record is held, what was done with records, and the visitors behind a contact found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KNOWN = sa.text("contact_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("visitor_id", sa.String(length=32), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("visitor_id", name=op.f("pk_hold")),
    )
    op.create_table(
        "privacy_act",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("visitor_id", sa.String(length=32), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_act")),
    )
    op.create_index("ix_visitor_contact", "visitor", ["contact_id"], sqlite_where=_KNOWN, postgresql_where=_KNOWN)


def downgrade() -> None:
    op.drop_index("ix_visitor_contact", "visitor")
    op.drop_table("privacy_act")
    op.drop_table("hold")
