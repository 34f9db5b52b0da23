"""Creates the tables of alerts and their changes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_alerts",
        sa.Column("alert_id", sa.String(32), primary_key=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63)),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("metric", sa.String(250), nullable=False),
        sa.Column("began_step", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("value", sa.String(32), nullable=False),
        sa.Column("threshold", sa.Float),
        sa.Column("support", sa.BigInteger),
        sa.Column("interval_low", sa.Float),
        sa.Column("interval_high", sa.Float),
        sa.Column("is_insufficient", sa.Boolean, nullable=False),
        sa.Column("epoch", sa.Integer),
        sa.Column("batch", sa.Integer),
        sa.Column("recommendation", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("began_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_by", sa.String(256)),
        sa.Column("acknowledged_ms", sa.BigInteger),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index(
        "ux_fovea_alerts_episode",
        "fovea_alerts",
        ["run_id", "rule", "metric", "began_step"],
        unique=True,
    )
    op.create_index("ix_fovea_alerts_changed", "fovea_alerts", ["changed_ms", "alert_id"])
    op.create_index("ix_fovea_alerts_open", "fovea_alerts", ["state", "level"])
    op.create_table(
        "fovea_alert_changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("alert_id", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("value", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("is_told", sa.Boolean, nullable=False),
    )
    op.create_index("ix_fovea_alert_changes_alert", "fovea_alert_changes", ["alert_id", "id"])
    op.create_index("ix_fovea_alert_changes_run", "fovea_alert_changes", ["run_id", "id"])
    op.create_index("ix_fovea_alert_changes_untold", "fovea_alert_changes", ["is_told"])


def downgrade() -> None:
    op.drop_table("fovea_alert_changes")
    op.drop_table("fovea_alerts")
