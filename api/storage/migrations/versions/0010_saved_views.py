"""Creates the table of saved views."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_saved_views",
        sa.Column("view_id", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("page", sa.String(16), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ux_fovea_saved_views_name", "fovea_saved_views", ["workspace", "name"], unique=True
    )


def downgrade() -> None:
    op.drop_table("fovea_saved_views")
