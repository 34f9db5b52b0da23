"""Stores a digest of the secret that a run's program presents to open its control link."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "fovea_controlled_runs"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("link_digest", sa.String(64), nullable=False, server_default=""))
    op.add_column(
        TABLE,
        sa.Column("is_link_of_job", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.drop_column("is_link_of_job")
        table.drop_column("link_digest")
