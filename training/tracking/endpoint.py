"""One attempt to hand something to MLflow, over HTTP or straight to a store."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import requests
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Metric, RunTag
from mlflow.entities import Param as MlflowParam
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from training.tracking.failures import Refused, RunGone, Unavailable, failure, store_failure
from training.tracking.records import Entry, MetricPoint, Param, Tag, finite_or_name

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 15.0
SLOWEST_UPLOAD_BYTES_PER_S = 1_000_000
API = "/api/2.0/mlflow"

# MLflow declares no types for these.
_send: Callable[..., requests.Response] = http_request
_credentials: Callable[[str], Any] = get_default_host_creds


class Endpoint(Protocol):
    """Takes one run's records; every method raises Unavailable or Refused."""

    def latest_steps(self) -> dict[str, int]:
        """The highest step of each metric of the run; RunGone if the run is deleted."""

    def log_batch(self, entries: Sequence[Entry]) -> None: ...

    def list_files(self, folder: str) -> list[str]:
        """Paths of the run's artifacts in `folder`."""

    def upload(self, file: Path, artifact_path: str) -> None:
        """Make `file` the run's artifact at `artifact_path`."""


def endpoint_for(run_id: str, tracking_uri: str) -> Endpoint:
    if urlsplit(tracking_uri).scheme in ("http", "https"):
        return RestEndpoint(run_id, tracking_uri)
    return StoreEndpoint(run_id, tracking_uri)


class RestEndpoint:
    """A tracking server.

    MLflow's own client repeats a failed request for minutes, by settings of the whole process;
    this one asks once, and gives up within about 20 s.
    """

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._run_id = run_id
        self._tracking_uri = tracking_uri.rstrip("/")

    def latest_steps(self) -> dict[str, int]:
        run = self._get("runs/get")["run"]
        _require_active(run["info"]["lifecycle_stage"], self._run_id)
        metrics = run.get("data", {}).get("metrics", [])
        return {metric["key"]: int(metric.get("step", 0)) for metric in metrics}

    def log_batch(self, entries: Sequence[Entry]) -> None:
        metrics, params, tags = _by_kind(entries)
        body = {
            "run_id": self._run_id,
            "metrics": [_metric_json(metric) for metric in metrics],
            "params": [{"key": param.key, "value": param.value} for param in params],
            "tags": [{"key": tag.key, "value": tag.value} for tag in tags],
        }
        self._json(self._request(self._tracking_uri, f"{API}/runs/log-batch", "POST", json=body))

    def list_files(self, folder: str) -> list[str]:
        answer = self._get("artifacts/list", path=folder)
        return [file["path"] for file in answer.get("files", [])]

    def upload(self, file: Path, artifact_path: str) -> None:
        repository = self._artifacts
        if not isinstance(repository, HttpArtifactRepository):
            _log_artifact(repository, file, artifact_path)
            return
        timeout_s = ANSWER_TIMEOUT_S + file.stat().st_size / SLOWEST_UPLOAD_BYTES_PER_S
        path = f"/{quote(artifact_path)}"
        with file.open("rb") as content:
            self._request(repository.artifact_uri, path, "PUT", timeout_s, data=content)

    @cached_property
    def _artifacts(self) -> Any:
        info = self._get("runs/get")["run"]["info"]
        return _artifact_repository(info["artifact_uri"], self._tracking_uri)

    def _get(self, what: str, **params: str) -> dict[str, Any]:
        params["run_id"] = self._run_id
        return self._json(self._request(self._tracking_uri, f"{API}/{what}", "GET", params=params))

    def _request(
        self,
        host: str,
        path: str,
        method: str,
        timeout_s: float = ANSWER_TIMEOUT_S,
        **content: Any,
    ) -> requests.Response:
        try:
            response = _send(
                _credentials(host),
                path,
                method,
                max_retries=0,
                retry_codes=frozenset(),
                raise_on_status=False,
                timeout=(CONNECT_TIMEOUT_S, timeout_s),
                **content,
            )
        except (MlflowException, requests.RequestException) as error:
            raise Unavailable(str(error)) from error
        if response.status_code != requests.codes.ok:
            raise _answer_failure(response)
        return response

    def _json(self, response: requests.Response) -> dict[str, Any]:
        answer = _json_object(response)
        if answer is None:
            # A login page, say: its 200 does not mean that anything was taken.
            raise Unavailable(
                f"{response.url} did not answer as MLflow does, but with: {response.text[:200]}"
            )
        return answer


class StoreEndpoint:
    """A database, a folder or whatever else MLflow's client opens by its URI."""

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._run_id = run_id
        self._tracking_uri = tracking_uri

    def latest_steps(self) -> dict[str, int]:
        run = self._ask("get_run", self._run_id)
        _require_active(run.info.lifecycle_stage, self._run_id)
        return {metric.key: metric.step for metric in run.data.to_proto().metrics}

    def log_batch(self, entries: Sequence[Entry]) -> None:
        metrics, params, tags = _by_kind(entries)
        self._ask(
            "log_batch",
            self._run_id,
            [Metric(it.key, it.value, it.timestamp_ms, it.step) for it in metrics],
            [MlflowParam(it.key, it.value) for it in params],
            [RunTag(it.key, it.value) for it in tags],
        )

    def list_files(self, folder: str) -> list[str]:
        return [file.path for file in self._ask("list_artifacts", self._run_id, folder)]

    def upload(self, file: Path, artifact_path: str) -> None:
        run = self._ask("get_run", self._run_id)
        repository = _artifact_repository(run.info.artifact_uri, self._tracking_uri)
        _log_artifact(repository, file, artifact_path)

    @cached_property
    def _client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self._tracking_uri)

    def _ask(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._client, method)(*arguments)
        except Exception as error:  # Stores raise whatever their drivers raise.
            raise store_failure(error) from error


def _by_kind(entries: Sequence[Entry]) -> tuple[list[MetricPoint], list[Param], list[Tag]]:
    metrics = [entry for entry in entries if isinstance(entry, MetricPoint)]
    params = [entry for entry in entries if isinstance(entry, Param)]
    tags = [entry for entry in entries if isinstance(entry, Tag)]
    return metrics, params, tags


def _metric_json(metric: MetricPoint) -> Mapping[str, Any]:
    return {
        "key": metric.key,
        "value": finite_or_name(metric.value),
        "timestamp": metric.timestamp_ms,
        "step": metric.step,
    }


def _require_active(lifecycle_stage: str, run_id: str) -> None:
    if lifecycle_stage != LifecycleStage.ACTIVE:
        raise RunGone(f"the run {run_id} is {lifecycle_stage}; restore it to go on")


def _artifact_repository(artifact_uri: str, tracking_uri: str) -> Any:
    try:
        return get_artifact_repository(artifact_uri, tracking_uri=tracking_uri)
    except Exception as error:  # A store's own library may be missing, or its keys.
        raise store_failure(error) from error


def _log_artifact(repository: Any, file: Path, artifact_path: str) -> None:
    folder = str(PurePosixPath(artifact_path).parent)
    try:
        repository.log_artifact(str(file), None if folder == "." else folder)
    except Exception as error:  # Stores raise whatever their libraries raise.
        raise store_failure(error) from error


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        content = response.json()
    except requests.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def _answer_failure(response: requests.Response) -> Unavailable | Refused:
    answer = _json_object(response) or {}
    reason = answer.get("message") or response.text or response.reason
    return failure(response.status_code, str(answer.get("error_code", "")), str(reason))
