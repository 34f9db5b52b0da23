"""Stores the kind of a job instead of the recipe: all earlier jobs were trainings."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

jobs = sa.table(
    "fovea_jobs", sa.column("run_id", sa.String), sa.column("kind", sa.String), sa.column("spec")
)


def upgrade() -> None:
    op.execute(jobs.update().values(kind="training"))


def downgrade() -> None:
    """Jobs of other kinds are removed: earlier servers know trainings only."""
    op.execute(jobs.delete().where(jobs.c.kind != "training"))
    connection = op.get_bind()
    for run_id, spec in connection.execute(sa.select(jobs.c.run_id, jobs.c.spec)).all():
        recipe = json.loads(spec)["recipe"]
        connection.execute(jobs.update().where(jobs.c.run_id == run_id).values(kind=recipe))
