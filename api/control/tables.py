"""Fovea's own tables about control, beside MLflow's in the same database unless another is named."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

runs = Table(
    "fovea_controlled_runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("workspace", String(63), nullable=True),
    Column("status", String(16), nullable=False),
    Column("desired", String(16), nullable=False),
    Column("release", Boolean, nullable=False),
    Column("command_id", Integer, nullable=False),
    Column("heard_command_id", Integer, nullable=False),
    Column("is_released", Boolean, nullable=False),
    Column("has_link", Boolean, nullable=False),
    Column("step", BigInteger, nullable=True),
    Column("message", Text, nullable=False),
    Column("heartbeat_ms", BigInteger, nullable=True),
    Column("deadline_ms", BigInteger, nullable=True),
)
"""What is wanted of each run, and what it says; times in ms since the Unix epoch."""

commands = Table(
    "fovea_commands",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(32), nullable=False),
    Column("command_id", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("release", Boolean, nullable=False),
    Column("who", String(256), nullable=False),
    Column("source", String(256), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("outcome_ms", BigInteger, nullable=True),
    Column("message", Text, nullable=False),
    Index("ix_fovea_commands_run", "run_id", "id"),
)
"""Who told which run what, from where, and what came of it: nothing is ever deleted here."""

jobs = Table(
    "fovea_jobs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("workspace", String(63), nullable=True),
    Column("kind", String(64), nullable=False),
    Column("spec", Text, nullable=False),
    Column("tracking_uri", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("submission_id", String(128), nullable=True),
    Column("ray_address", Text, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
    Index("ix_fovea_jobs_state", "state"),
    Index("ix_fovea_jobs_created", "created_ms"),
)
"""Trainings that this server starts; `spec` is JSON."""

leases = Table(
    "fovea_leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
"""Which server process does what only one may do at a time."""
