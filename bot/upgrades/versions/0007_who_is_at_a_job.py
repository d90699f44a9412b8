"""Who is at a job, so that only they write what came of it; and what is over is found by when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OVER = sa.text("done_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("job", sa.Column("taken_by", sa.String(length=32), nullable=True))
    op.create_index("ix_job_over", "job", ["state", "done_at"], sqlite_where=_OVER, postgresql_where=_OVER)


def downgrade() -> None:
    op.drop_index("ix_job_over", "job")
    op.drop_column("job", "taken_by")
