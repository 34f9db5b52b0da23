"""Finds the Ray cluster of `mlflow run`, or starts a local head, and submits a job to it."""

import importlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import ExecutionException

from tracking_plugin.ray_head import HeadError, local_head
from tracking_plugin.server_address import without_credentials

ADDRESS_VARIABLE = "FOVEA_RAY_ADDRESS"

AGENT_DEADLINE_S = 120.0

_AGENT_POLL_S = 1.0
_TOKEN_VARIABLE = "RAY_AUTH_TOKEN"  # noqa: S105
# Ray's client uses these instead of the address that is passed to it.
_OVERRIDING_VARIABLES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster that runs jobs. A local one uses the files of this machine and ends with this process."""

    address: str
    token: str
    is_local: bool
    is_alive: Callable[[], bool]


def find_cluster(backend_config: Mapping[str, Any]) -> Cluster:
    """The cluster at `address` or FOVEA_RAY_ADDRESS, or else a local head."""
    if address := backend_config.get("address") or os.environ.get(ADDRESS_VARIABLE, ""):
        token = os.environ.get(_TOKEN_VARIABLE, "")
        return Cluster(address=address, token=token, is_local=False, is_alive=lambda: True)
    if not backend_config.get("wait", True):
        raise ExecutionException(
            '"wait": false needs a cluster that outlives this process: name one as "address" in '
            f"the backend configuration or in {ADDRESS_VARIABLE}"
        )
    try:
        head = local_head()
    except HeadError as error:
        raise ExecutionException(str(error)) from None
    return Cluster(
        address=head.address, token=head.token, is_local=True, is_alive=lambda: head.is_alive
    )


def job_client(cluster: Cluster) -> Any:
    """Ray's own client, which packages and uploads a project's files on submission.

    Raises ExecutionException if the cluster does not accept jobs.
    """
    try:
        # Ray is an optional dependency, and its import takes seconds.
        job_submission = importlib.import_module("ray.job_submission")
    except ImportError:
        raise ExecutionException(
            "The backend fovea-ray needs Ray: pip install 'mlflow-fovea[ray]'"
        ) from None
    headers = {"Authorization": f"Bearer {cluster.token}"} if cluster.token else None
    try:
        with _without_overriding_variables():
            return job_submission.JobSubmissionClient(cluster.address, headers=headers)
    except Exception as error:
        raise ExecutionException(
            without_credentials(f"The Ray cluster at {cluster.address} accepts no jobs: {error}")
        ) from error


def submit_job(client: Any, **job: Any) -> str:
    """Submit a job and return its id; waits for the agent of a head that has just started."""
    deadline = time.monotonic() + AGENT_DEADLINE_S
    while True:
        try:
            return str(client.submit_job(**job))
        except RuntimeError as error:
            if "No available agent" not in str(error) or time.monotonic() > deadline:
                raise ExecutionException(f"Ray refused the job: {error}") from error
            time.sleep(_AGENT_POLL_S)


@contextmanager
def _without_overriding_variables() -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in _OVERRIDING_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
