"""Creates the table of the last write of each run."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_last_writes",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(63)),
        sa.Column("accepted_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_fovea_last_writes_accepted", "fovea_last_writes", ["accepted_ms"])


def downgrade() -> None:
    op.drop_table("fovea_last_writes")
