"""The definitions of Fovea's own tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

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
    Column("link_digest", String(64), nullable=False, server_default=""),
    Column("is_link_of_job", Boolean, nullable=False, server_default=false()),
    Column("program", String(64), nullable=True),
    Column("understands", Text, nullable=True),
)
"""The desired and the observed state of each run; times in ms since the Unix epoch."""

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
    Column("name", String(64), nullable=True),
    Column("arguments", Text, nullable=True),
    Column("step", BigInteger, nullable=True),
    Column("taken_by", String(64), nullable=True),
    Column("taken_ms", BigInteger, nullable=True),
    Index("ix_fovea_commands_run", "run_id", "id"),
    Index("ix_fovea_commands_outcome", "run_id", "outcome"),
)
"""The audit log of commands: who sent which command from where, and its outcome. Rows are never deleted.

An instruction has a name, and `arguments` as JSON; `taken_by` is the program that carries it out.
"""

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
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("queued_ms", BigInteger, nullable=True),
    Column("interruption", Text, nullable=False, server_default=""),
    Index("ix_fovea_jobs_state", "state"),
    Index("ix_fovea_jobs_created", "created_ms"),
)
"""Jobs that this server starts; `spec` is JSON.

`queued_ms` is since when the job waits to be started, `interruption` why its process ended before
its run did.
"""

job_slots = Table(
    "fovea_job_slots",
    metadata,
    Column("pool", String(16), primary_key=True),
    Column("num_slots", Integer, nullable=True),
)
"""How many ranks can run at once on the GPUs and on the CPUs of the cluster, as its server found last."""

leases = Table(
    "fovea_leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
"""Which server process does the work that only one may do at a time."""

last_writes = Table(
    "fovea_last_writes",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("workspace", String(63), nullable=True),
    Column("accepted_ms", BigInteger, nullable=False),
    Index("ix_fovea_last_writes_accepted", "accepted_ms"),
)
"""When the server last accepted a write of each run, or of a run below it, by the server's clock."""

alerts = Table(
    "fovea_alerts",
    metadata,
    Column("alert_id", String(32), primary_key=True),
    Column("run_id", String(32), nullable=False),
    Column("workspace", String(63), nullable=True),
    Column("rule", String(64), nullable=False),
    Column("metric", String(250), nullable=False),
    Column("began_step", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("value", String(32), nullable=False),
    Column("threshold", Float, nullable=True),
    Column("support", BigInteger, nullable=True),
    Column("interval_low", Float, nullable=True),
    Column("interval_high", Float, nullable=True),
    Column("is_insufficient", Boolean, nullable=False),
    Column("epoch", Integer, nullable=True),
    Column("batch", Integer, nullable=True),
    Column("recommendation", Text, nullable=False),
    Column("action", String(16), nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("acknowledged_by", String(256), nullable=True),
    Column("acknowledged_ms", BigInteger, nullable=True),
    Column("note", Text, nullable=False),
    Index("ux_fovea_alerts_episode", "run_id", "rule", "metric", "began_step", unique=True),
    Index("ix_fovea_alerts_changed", "changed_ms", "alert_id"),
    Index("ix_fovea_alerts_open", "state", "level"),
)
"""One row per episode; `value` is text, because databases have no NaN."""

alert_changes = Table(
    "fovea_alert_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("alert_id", String(32), nullable=False),
    Column("run_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("value", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String(256), nullable=False),
    Column("note", Text, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Index("ix_fovea_alert_changes_alert", "alert_id", "id"),
    Index("ix_fovea_alert_changes_run", "run_id", "id"),
    Index("ix_fovea_alert_changes_untold", "is_told"),
)
"""The changes of each alert, in the order in which they were recorded. Rows are never deleted."""

outbox = Table(
    "fovea_outbox",
    metadata,
    Column("target", String(64), primary_key=True),
    Column("change_id", Integer, primary_key=True),
    Column("run_id", String(32), nullable=False),
    Column("workspace", String(63), nullable=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("is_urgent", Boolean, nullable=False),
    Column("notification_id", String(32), nullable=True),
    Index("ix_fovea_outbox_notification", "notification_id"),
)
"""Each change of an alert for each service to notify, and the notification that contains it."""

notifications = Table(
    "fovea_notifications",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("target", String(64), nullable=False),
    Column("run_id", String(32), nullable=False),
    Column("workspace", String(63), nullable=True),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=True),
    Column("sent_ms", BigInteger, nullable=True),
    Column("error", Text, nullable=False),
    Index("ix_fovea_notifications_due", "due_ms"),
    Index("ix_fovea_notifications_run", "run_id", "target", "created_ms"),
    Index("ix_fovea_notifications_created", "created_ms"),
)
"""Notifications as sent; `due_ms` is null once a service has accepted it."""

diagnoses = Table(
    "fovea_diagnoses",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("workspace", String(63), nullable=False),
    Column("model", String(250), nullable=False),
    Column("version", String(64), nullable=False),
    Column("predicted_class", String(250), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("verdict", String(16), nullable=True),
    Column("true_class", String(250), nullable=True),
    Column("note", Text, nullable=False),
    Column("verdict_ms", BigInteger, nullable=True),
    Index("ix_fovea_diagnoses_at", "at_ms"),
    Index("ix_fovea_diagnoses_model", "workspace", "model", "version"),
)
"""Which model version predicted which class, and what a clinician said to it; nothing about the patient.

The predicted class is empty if the model abstained. The oldest rows are removed.
"""

diagnosing_models = Table(
    "fovea_diagnosing_models",
    metadata,
    Column("workspace", String(63), primary_key=True),
    Column("model", String(250), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("classes", Text, nullable=False),
    Column("feedback_run_id", String(32), nullable=True),
    Column("feedback_step", BigInteger, nullable=False),
)
"""The model versions that have diagnosed; `classes` is a JSON list, and feedback is logged to the run."""

projects = Table(
    "fovea_projects",
    metadata,
    Column("project_id", String(32), primary_key=True),
    Column("workspace", String(63), nullable=True),
    Column("experiment_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(250), nullable=False),
    Column("description", Text, nullable=False),
    Column("dataset_name", String(250), nullable=False),
    Column("dataset_digest", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("tracking_uri", Text, nullable=False),
    Column("inspection", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("overrides", Text, nullable=False),
    Column("run_id", String(32), nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ix_fovea_projects_created", "created_ms"),
    Index("ix_fovea_projects_experiment", "experiment_id"),
)
"""Projects that this server has made of uploads; `run_id` is the newest run of the pipeline.

`inspection`, `settings`, `answers` and `overrides` are JSON.
"""

saved_views = Table(
    "fovea_saved_views",
    metadata,
    Column("view_id", String(32), primary_key=True),
    Column("workspace", String(63), nullable=False),
    Column("name", String(250), nullable=False),
    Column("page", String(16), nullable=False),
    Column("query", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ux_fovea_saved_views_name", "workspace", "name", unique=True),
)
"""Named addresses of the table of runs and of comparisons; the workspace is empty without workspaces."""

datasets = Table(
    "fovea_datasets",
    metadata,
    Column("dataset_id", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(63), nullable=False),
    Column("name", String(250), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("path", Text, nullable=False),
    Column("num_images", BigInteger, nullable=True),
    Column("num_captions", BigInteger, nullable=True),
    Column("num_unmatched_captions", BigInteger, nullable=True),
    Column("unknown", Text, nullable=False),
    Column("counted_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ux_fovea_datasets_name", "workspace", "name", unique=True),
    # The id of a deleted one is not given again: jobs have stored it.
    sqlite_autoincrement=True,
)
"""Registered folders of images; `unknown` is why the numbers are null, else empty."""

base_models = Table(
    "fovea_base_models",
    metadata,
    Column("model_id", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String(63), nullable=False),
    Column("name", String(250), nullable=False),
    Column("path", Text, nullable=True),
    Column("hub_id", String(250), nullable=True),
    Column("family", String(64), nullable=True),
    Column("pipeline", String(250), nullable=True),
    Column("licence", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=True),
    Column("unknown", Text, nullable=False),
    Column("inspected_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ux_fovea_base_models_name", "workspace", "name", unique=True),
    sqlite_autoincrement=True,
)
"""Registered models that trainings start from, at a path or on the Hugging Face hub.

`unknown` is why a fact is null, else empty.
"""
