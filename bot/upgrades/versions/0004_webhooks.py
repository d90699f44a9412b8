"""Webhooks, and what a job that goes outside needs: whom it goes to, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OUTSIDE = sa.text("target IS NOT NULL")
_WAITING_OUTSIDE = sa.text("target IS NOT NULL AND state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.add_column("job", sa.Column("target", sa.String(length=32), nullable=True))
    op.add_column("job", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("job", sa.Column("done_at", sa.DateTime(timezone=True), nullable=True))
    # By kind, so that timers are found at once however much waits for somebody outside.
    op.drop_index("ix_job_due", "job")
    op.create_index("ix_job_due", "job", ["state", "kind", "run_at"])
    op.create_index(
        "ix_job_in_order",
        "job",
        ["target", "conversation_id", "id"],
        sqlite_where=_WAITING_OUTSIDE,
        postgresql_where=_WAITING_OUTSIDE,
    )
    op.create_index("ix_job_target", "job", ["target", "id"], sqlite_where=_OUTSIDE, postgresql_where=_OUTSIDE)


def downgrade() -> None:
    for index in ("ix_job_target", "ix_job_in_order", "ix_job_due"):
        op.drop_index(index, "job")
    op.create_index("ix_job_due", "job", ["state", "run_at"])
    for column in ("done_at", "outcome", "target"):
        op.drop_column("job", column)
    op.drop_table("webhook")
