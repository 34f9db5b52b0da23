"""Stores instructions among the commands, and which of them the program of each run understands."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RUNS = "fovea_controlled_runs"
COMMANDS = "fovea_commands"


def upgrade() -> None:
    op.add_column(RUNS, sa.Column("program", sa.String(64)))
    op.add_column(RUNS, sa.Column("understands", sa.Text))
    op.add_column(COMMANDS, sa.Column("name", sa.String(64)))
    op.add_column(COMMANDS, sa.Column("arguments", sa.Text))
    op.add_column(COMMANDS, sa.Column("step", sa.BigInteger))
    op.add_column(COMMANDS, sa.Column("taken_by", sa.String(64)))
    op.add_column(COMMANDS, sa.Column("taken_ms", sa.BigInteger))
    op.create_index("ix_fovea_commands_outcome", COMMANDS, ["run_id", "outcome"])


def downgrade() -> None:
    op.drop_index("ix_fovea_commands_outcome", COMMANDS)
    with op.batch_alter_table(COMMANDS) as table:
        for name in ("name", "arguments", "step", "taken_by", "taken_ms"):
            table.drop_column(name)
    with op.batch_alter_table(RUNS) as table:
        table.drop_column("program")
        table.drop_column("understands")
