"""Creates the tables of notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_outbox",
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("change_id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("notification_id", sa.String(32)),
    )
    op.create_index("ix_fovea_outbox_notification", "fovea_outbox", ["notification_id"])
    op.create_table(
        "fovea_notifications",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("sent_ms", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("ix_fovea_notifications_due", "fovea_notifications", ["due_ms"])
    op.create_index(
        "ix_fovea_notifications_run", "fovea_notifications", ["run_id", "target", "created_ms"]
    )
    op.create_index("ix_fovea_notifications_created", "fovea_notifications", ["created_ms"])


def downgrade() -> None:
    op.drop_table("fovea_notifications")
    op.drop_table("fovea_outbox")
