"""Creates the tables of diagnoses and of the model versions that made them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_diagnoses",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("model", sa.String(250), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("predicted_class", sa.String(250), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("true_class", sa.String(250)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("verdict_ms", sa.BigInteger),
    )
    op.create_index("ix_fovea_diagnoses_at", "fovea_diagnoses", ["at_ms"])
    op.create_index(
        "ix_fovea_diagnoses_model", "fovea_diagnoses", ["workspace", "model", "version"]
    )
    op.create_table(
        "fovea_diagnosing_models",
        sa.Column("workspace", sa.String(63), primary_key=True),
        sa.Column("model", sa.String(250), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("classes", sa.Text, nullable=False),
        sa.Column("feedback_run_id", sa.String(32)),
        sa.Column("feedback_step", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("fovea_diagnosing_models")
    op.drop_table("fovea_diagnoses")
