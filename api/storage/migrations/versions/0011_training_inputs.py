"""Creates the tables of data sets and base models."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fovea_datasets",
        sa.Column("dataset_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("num_images", sa.BigInteger),
        sa.Column("num_captions", sa.BigInteger),
        sa.Column("num_unmatched_captions", sa.BigInteger),
        sa.Column("unknown", sa.Text, nullable=False),
        sa.Column("counted_ms", sa.BigInteger, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ux_fovea_datasets_name", "fovea_datasets", ["workspace", "name"], unique=True)
    op.create_table(
        "fovea_base_models",
        sa.Column("model_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("hub_id", sa.String(250)),
        sa.Column("family", sa.String(64)),
        sa.Column("pipeline", sa.String(250)),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("unknown", sa.Text, nullable=False),
        sa.Column("inspected_ms", sa.BigInteger, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_fovea_base_models_name", "fovea_base_models", ["workspace", "name"], unique=True
    )


def downgrade() -> None:
    op.drop_table("fovea_base_models")
    op.drop_table("fovea_datasets")
