"""Submits a job to Ray: its command, and the environment variables of its program."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from api.jobs.kinds import stored_kind
from api.jobs.ray_jobs import RayJobs
from api.jobs.store import Job
from api.location import ROOT
from tracking_plugin.control_secret import LINK_VARIABLE
from tracking_plugin.data_roots import VARIABLE
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT
from tracking_plugin.server_environment import direct_variables


def new_submission_id(job: Job) -> str:
    """The id on Ray of the job's next attempt."""
    return f"fovea-{job.run_id[:12]}-{job.attempt + 1}-{secrets.token_hex(3)}"


async def submit(
    cluster: RayJobs,
    job: Job,
    submission_id: str,
    *,
    control_secret: str,
    local_data_dir: Path | None,
    data_roots: Sequence[Path] | None,
) -> None:
    """Raises RayError if the cluster refuses. `control_secret` opens the control link of the run.

    `local_data_dir` is that of a cluster on this machine; the job checks its paths against
    `data_roots` once more, where it opens them.
    """
    command = stored_kind(job).command(job.params, job.run_id)
    variables = _variables(job, local_data_dir, data_roots) | {LINK_VARIABLE: control_secret}
    await cluster.submit(submission_id, command, variables, job.run_id)


def _variables(
    job: Job, local_data_dir: Path | None, data_roots: Sequence[Path] | None
) -> dict[str, str]:
    variables = {
        **JOB_STOP_ENVIRONMENT,
        "MLFLOW_RUN_ID": job.run_id,
        "MLFLOW_TRACKING_URI": job.tracking_uri,
        **direct_variables(job.tracking_uri),
    }
    if job.workspace:
        variables["MLFLOW_WORKSPACE"] = job.workspace
    if data_roots is not None:
        variables[VARIABLE] = os.pathsep.join(map(str, data_roots))
    if local_data_dir is not None:
        # A cluster elsewhere has its own copy of the code, and its own data folder.
        variables |= {"FOVEA_DATA_DIR": str(local_data_dir), "PYTHONPATH": str(ROOT)}
    return variables
