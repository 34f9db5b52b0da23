"""Ray's job API: the requests and the meaning of the responses, for any HTTP client.

Source: https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html. Ray's own
client waits without a limit, and importing Ray costs seconds and 200 MB.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

REQUEST_TIMEOUT_S = 30.0
SUBMIT_TIMEOUT_S = 120.0
"""Longer, because a head that has just started first waits for its job agent."""

_MAX_MESSAGE_CHARS = 300
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class RayError(Exception):
    """The cluster did not respond, or refused the request; the message names it without secrets."""


class RayRefusedError(RayError):
    """The cluster refuses this user or the request: to ask again changes nothing."""


class UnknownRayJobError(RayError):
    """The cluster does not know the job, for example because it replaces an earlier cluster."""


class RayStatus(StrEnum):
    """The values of `ray.job_submission.JobStatus`."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_end(self) -> bool:
        return self in (RayStatus.STOPPED, RayStatus.SUCCEEDED, RayStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class RayJob:
    status: RayStatus
    message: str


@dataclass(frozen=True, kw_only=True)
class RayRequest:
    method: str = "GET"
    path: str
    body: Mapping[str, Any] | None = None
    timeout_s: float = REQUEST_TIMEOUT_S


def submit_request(
    submission_id: str, command: str, variables: Mapping[str, str], run_id: str
) -> RayRequest:
    body = {
        "entrypoint": command,
        "submission_id": submission_id,
        "runtime_env": {"env_vars": dict(variables)},
        "metadata": {"mlflow_run_id": run_id},
    }
    return RayRequest(method="POST", path="/api/jobs/", body=body, timeout_s=SUBMIT_TIMEOUT_S)


def find_request(submission_id: str) -> RayRequest:
    return RayRequest(path=f"/api/jobs/{submission_id}")


def list_request() -> RayRequest:
    return RayRequest(path="/api/jobs/")


def stop_request(submission_id: str) -> RayRequest:
    """Ray kills the job if it has not ended after Ray's own timeout."""
    return RayRequest(method="POST", path=f"/api/jobs/{submission_id}/stop")


def logs_request(submission_id: str) -> RayRequest:
    return RayRequest(path=f"/api/jobs/{submission_id}/logs")


def nodes_request() -> RayRequest:
    """Of Ray's state API: https://docs.ray.io/en/latest/ray-observability/reference/api.html."""
    return RayRequest(path="/api/v0/nodes?limit=10000")


def read_resources(document: Mapping[str, Any]) -> Mapping[str, float]:
    """What the nodes that are alive have together, from the response to `nodes_request`.

    Raises RayError if the response has another form.
    """
    total: dict[str, float] = {}
    try:
        for node in document["data"]["result"]["result"]:
            if node["state"] != "ALIVE":
                continue
            for name, number in node["resources_total"].items():
                total[name] = total.get(name, 0.0) + float(number)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RayError("Ray's answer about its nodes has another form than was expected") from None
    return total


def read_job(document: Mapping[str, Any]) -> RayJob:
    """The response to `find_request`."""
    message = str(document.get("message") or "")
    return RayJob(status=RayStatus(document["status"]), message=message)


def unfinished_jobs(document: Sequence[Mapping[str, Any]]) -> list[str]:
    """The submission ids of the jobs that run or wait, from the response to `list_request`.

    Programs that are connected without a submission, such as the head itself, are no jobs.
    """
    return [
        str(job["submission_id"])
        for job in document
        if job.get("submission_id") and not RayStatus(job["status"]).is_end
    ]


def read_logs(document: Mapping[str, Any]) -> str:
    """The response to `logs_request`: all that the job has printed so far."""
    return str(document["logs"])


@dataclass(frozen=True)
class RayEndpoint:
    """The dashboard of a cluster, which serves the job API; `token` is empty if none is needed."""

    address: str
    token: str

    @property
    def url(self) -> str:
        return self.address.rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def read(self, status: int, text: str) -> Any:
        """The JSON of a response. Raises RayError for a refusal, UnknownRayJobError for a 404."""
        if status == HTTPStatus.NOT_FOUND:
            raise UnknownRayJobError(f"Ray at {self._host} does not know the job")
        if status >= HTTPStatus.BAD_REQUEST:
            last_line = (text.strip().splitlines() or [""])[-1][:_MAX_MESSAGE_CHARS]
            message = f"Ray at {self._host} answered {status}: {last_line}"
            is_temporary = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TEMPORARY
            raise RayError(message) if is_temporary else RayRefusedError(message)
        try:
            document: Any = json.loads(text)
        except ValueError:
            raise RayError(f"Ray at {self._host} answered {status} without JSON") from None
        return document

    def unreachable(self, error: Exception) -> RayError:
        """The error to raise after `error` of the HTTP client."""
        return RayError(f"Ray does not answer at {self._host} ({type(error).__name__})")

    @property
    def _host(self) -> str:
        """Host and port, without credentials."""
        return urlsplit(self.address).netloc.rpartition("@")[2]
