"""Creates the tables of control and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_controlled_runs",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(63)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("desired", sa.String(16), nullable=False),
        sa.Column("release", sa.Boolean, nullable=False),
        sa.Column("command_id", sa.Integer, nullable=False),
        sa.Column("heard_command_id", sa.Integer, nullable=False),
        sa.Column("is_released", sa.Boolean, nullable=False),
        sa.Column("has_link", sa.Boolean, nullable=False),
        sa.Column("step", sa.BigInteger),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("heartbeat_ms", sa.BigInteger),
        sa.Column("deadline_ms", sa.BigInteger),
    )
    op.create_table(
        "fovea_commands",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("command_id", sa.Integer, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("release", sa.Boolean, nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("source", sa.String(256), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_ms", sa.BigInteger),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("ix_fovea_commands_run", "fovea_commands", ["run_id", "id"])
    op.create_table(
        "fovea_jobs",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(63)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("tracking_uri", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("submission_id", sa.String(128)),
        sa.Column("ray_address", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("ended_ms", sa.BigInteger),
    )
    op.create_index("ix_fovea_jobs_state", "fovea_jobs", ["state"])
    op.create_index("ix_fovea_jobs_created", "fovea_jobs", ["created_ms"])
    op.create_table(
        "fovea_leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("fovea_leases", "fovea_jobs", "fovea_commands", "fovea_controlled_runs"):
        op.drop_table(table)
