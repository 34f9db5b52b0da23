"""Adds priorities, the time since which a job waits, and why it was interrupted; and the slots of the queues."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JOBS = "fovea_jobs"


def upgrade() -> None:
    op.add_column(JOBS, sa.Column("priority", sa.Integer, nullable=False, server_default="5"))
    op.add_column(JOBS, sa.Column("queued_ms", sa.BigInteger))
    op.add_column(JOBS, sa.Column("interruption", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "fovea_job_slots",
        sa.Column("pool", sa.String(16), primary_key=True),
        sa.Column("num_slots", sa.Integer),
    )


def downgrade() -> None:
    op.drop_table("fovea_job_slots")
    with op.batch_alter_table(JOBS) as table:
        table.drop_column("interruption")
        table.drop_column("queued_ms")
        table.drop_column("priority")
