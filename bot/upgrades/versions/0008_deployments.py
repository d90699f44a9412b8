"""Which version of the content is current, and which were."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    deployment = op.create_table(
        "deployment",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deployment")),
    )
    # What ran before can be gone back to; the files that were stored last were the current ones.
    bundle = sa.table("bundle", sa.column("version"), sa.column("stored_at"))
    number = sa.func.row_number().over(order_by=(bundle.c.stored_at, bundle.c.version))
    before = sa.select(
        number, bundle.c.version, bundle.c.stored_at, sa.literal("serve"), sa.literal("saved"), sa.literal("")
    )
    op.execute(deployment.insert().from_select(["number", "version", "at", "by", "why", "source"], before))


def downgrade() -> None:
    op.drop_table("deployment")
