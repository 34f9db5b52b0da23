"""The MLflow project backend `fovea-ray`: runs an MLproject's entry point as a Ray job."""

import logging
import secrets
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import ExecutionException
from mlflow.projects.backend.abstract_backend import AbstractBackend
from mlflow.projects.utils import (
    PROJECT_STORAGE_DIR,
    fetch_and_validate_project,
    get_entry_point_command,
    get_or_create_run,
    load_project,
)

from tracking_plugin.adopted_server import adopt_server
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import RunStatus, Tag
from tracking_plugin.ray_cluster import find_cluster, job_client, submit_job
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT
from tracking_plugin.ray_job_api import RayEndpoint
from tracking_plugin.ray_job_client import RayJobClient
from tracking_plugin.ray_run import MAX_TAG_CHARS, RayRun
from tracking_plugin.server_address import AddressError, is_server, without_credentials
from tracking_plugin.server_environment import credential_variables, direct_variables

# Below MLflow's own logger, so that `mlflow run` shows these lines among its own.
logger = logging.getLogger("mlflow.projects.fovea-ray")

EXCLUDES = (
    "/.fovea",
    "/.git",
    "/.venv",
    "/data",
    "/mlartifacts",
    "/mlruns",
    "__pycache__",
    ".*_cache",
)
"""Paths not copied to a cluster, in .gitignore syntax; the setting `excludes` replaces them."""

_SQLITE_PREFIX = "sqlite:///"


class RayProjectBackend(AbstractBackend):
    """Implements MLflow's backend interface.

    Its configuration (`-c`) accepts `address` (the URL of a Ray dashboard; the default is
    FOVEA_RAY_ADDRESS, or else a new local head), `excludes`, `runtime_env` (merged with Fovea's)
    and `wait` (true: this process stays until the job has ended; false, only on a cluster: it
    exits at once).
    """

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: dict[str, str],
        version: str | None,
        backend_config: dict[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> RayRun:
        """Create the MLflow run, submit the job and return without waiting for it."""
        tracking_uri = _without_password(tracking_uri)
        work_dir = fetch_and_validate_project(project_uri, version, entry_point, params)
        run = get_or_create_run(
            None, project_uri, experiment_id, work_dir, version, entry_point, params
        )
        with _fail_run_on_error(MlflowClient(tracking_uri), run.info.run_id):
            submitted = _submit(run, work_dir, entry_point, params, backend_config, tracking_uri)
        if backend_config.get("wait", True):
            submitted.keep_process_until_end()
        return submitted


def _without_password(tracking_uri: str) -> str:
    """The same server; its user name and password move to variables, which a local job inherits."""
    if not is_server(tracking_uri):
        return tracking_uri
    try:
        return adopt_server(tracking_uri)
    except AddressError as error:
        raise ExecutionException(str(error)) from None


@contextmanager
def _fail_run_on_error(client: MlflowClient, run_id: str) -> Iterator[None]:
    """If the submission fails, end the run as FAILED with the reason in its message."""
    client.update_run(run_id, status=MlflowStatus.SCHEDULED)
    client.set_tag(run_id, Tag.STATUS, RunStatus.PENDING)
    try:
        yield
    except Exception as error:
        client.set_tag(run_id, Tag.STATUS, RunStatus.ERROR)
        client.set_tag(run_id, Tag.MESSAGE, without_credentials(str(error))[:MAX_TAG_CHARS])
        client.set_terminated(run_id, MlflowStatus.FAILED)
        raise


def _submit(
    run: Run,
    work_dir: str,
    entry_point: str,
    params: dict[str, str],
    backend_config: Mapping[str, Any],
    tracking_uri: str,
) -> RayRun:
    cluster = find_cluster(backend_config)
    client = job_client(cluster)
    run_id = run.info.run_id
    variables = {
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_EXPERIMENT_ID": str(run.info.experiment_id),
        "MLFLOW_TRACKING_URI": absolute_uri(tracking_uri),
        **direct_variables(tracking_uri),
    }
    if cluster.is_local:
        storage_dir = backend_config.get(PROJECT_STORAGE_DIR)
        command = local_command(work_dir, entry_point, params, storage_dir)
        runtime_env = _runtime_env(backend_config, variables)
    else:
        command = cluster_command(work_dir, entry_point, params)
        variables |= credential_variables()
        excludes = list(backend_config.get("excludes", EXCLUDES))
        runtime_env = {"working_dir": work_dir, "excludes": excludes}
        runtime_env |= _runtime_env(backend_config, variables)
    job_id = submit_job(
        client,
        entrypoint=command,
        submission_id=f"fovea-{run_id[:12]}-{secrets.token_hex(3)}",
        runtime_env=runtime_env,
        metadata={"mlflow_run_id": run_id},
    )
    logger.info(
        "=== Ray job %s at %s is run %s ===", job_id, without_credentials(cluster.address), run_id
    )
    return RayRun(
        run_id=run_id,
        job_id=job_id,
        client=RayJobClient(RayEndpoint(client.get_address(), cluster.token)),
        tracking_uri=tracking_uri,
        cluster_is_alive=cluster.is_alive,
    )


def local_command(
    work_dir: str, entry_point: str, params: dict[str, str], storage_dir: str | None
) -> str:
    """The entry point's command, run in the project's own folder: a local job needs no copy."""
    project = load_project(work_dir)
    commands = get_entry_point_command(project, entry_point, params, storage_dir)
    return " && ".join([f"cd {shlex.quote(work_dir)}", *commands])


def cluster_command(work_dir: str, entry_point: str, params: dict[str, str]) -> str:
    """The entry point's command with its paths unchanged, because they are paths on the cluster."""
    return str(load_project(work_dir).get_entry_point(entry_point).compute_command(params, None))


def absolute_uri(tracking_uri: str) -> str:
    """Make the path of a store on disk absolute, so that it holds in any working directory."""
    if tracking_uri.startswith(_SQLITE_PREFIX):
        return f"{_SQLITE_PREFIX}{Path(tracking_uri.removeprefix(_SQLITE_PREFIX)).absolute()}"
    if not urlsplit(tracking_uri).scheme and tracking_uri != "databricks":
        return Path(tracking_uri).absolute().as_uri()
    return tracking_uri


def _runtime_env(backend_config: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    runtime_env = dict(backend_config.get("runtime_env") or {})
    env_vars = {**JOB_STOP_ENVIRONMENT, **runtime_env.pop("env_vars", {}), **variables}
    return {**runtime_env, "env_vars": env_vars}
