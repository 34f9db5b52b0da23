"""Submits a job to Ray: its command, and the environment variables of its program."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from api.jobs.kinds import stored_kind
from api.jobs.ray_jobs import RayJobs
from api.jobs.store import Job
from api.location import ROOT
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT


def new_submission_id(job: Job) -> str:
    """The id on Ray of the job's next attempt."""
    return f"fovea-{job.run_id[:12]}-{job.attempt + 1}-{secrets.token_hex(3)}"


async def submit(
    cluster: RayJobs, job: Job, submission_id: str, local_data_dir: Path | None
) -> None:
    """Raises RayError if the cluster refuses. `local_data_dir` is that of a cluster on this machine."""
    command = stored_kind(job).command(job.params, job.run_id)
    await cluster.submit(submission_id, command, _variables(job, local_data_dir), job.run_id)


def _variables(job: Job, local_data_dir: Path | None) -> Mapping[str, str]:
    variables = {
        **JOB_STOP_ENVIRONMENT,
        "MLFLOW_RUN_ID": job.run_id,
        "MLFLOW_TRACKING_URI": job.tracking_uri,
    }
    if job.workspace:
        variables["MLFLOW_WORKSPACE"] = job.workspace
    if local_data_dir is not None:
        # A cluster elsewhere has its own copy of the code, and its own data folder.
        variables |= {"FOVEA_DATA_DIR": str(local_data_dir), "PYTHONPATH": str(ROOT)}
    return variables
