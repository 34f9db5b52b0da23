"""Creates the table of projects."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_projects",
        sa.Column("project_id", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(63)),
        sa.Column("experiment_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("dataset_name", sa.String(250), nullable=False),
        sa.Column("dataset_digest", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("tracking_uri", sa.Text, nullable=False),
        sa.Column("inspection", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("overrides", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(32)),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_fovea_projects_created", "fovea_projects", ["created_ms"])
    op.create_index("ix_fovea_projects_experiment", "fovea_projects", ["experiment_id"])


def downgrade() -> None:
    op.drop_table("fovea_projects")
