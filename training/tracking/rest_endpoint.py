"""Sends one run's records to a tracking server over HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from tracking_plugin.server_address import without_credentials
from training.tracking.artifact_repository import open_artifact_repository, upload_to_repository
from training.tracking.failures import (
    Blocked,
    Refused,
    Unavailable,
    failure,
    is_temporary,
    require_active,
)
from training.tracking.records import Entry, MetricRecord, finite_or_name, split_by_kind

CONNECT_TIMEOUT_S = 5.0
RESPONSE_TIMEOUT_S = 15.0
MIN_UPLOAD_BYTES_PER_S = 1_000_000
API = "/api/2.0/mlflow"
HISTORY_PAGE = 5000
"""Points of a metric that are read in one request."""

# MLflow declares no types for these.
_send: Callable[..., requests.Response] = http_request
_credentials: Callable[[str], Any] = get_default_host_creds


class RestEndpoint:
    """A tracking server.

    MLflow's own client retries a failed request for minutes, as configured for the whole process.
    This one sends a request once, with timeouts that add up to about 20 s.
    """

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._run_id = run_id
        self._tracking_uri = tracking_uri.rstrip("/")

    def latest_steps(self) -> dict[str, int]:
        run = self._get("runs/get")["run"]
        require_active(run["info"]["lifecycle_stage"], self._run_id)
        metrics = run.get("data", {}).get("metrics", [])
        return {metric["key"]: int(metric.get("step", 0)) for metric in metrics}

    def metric_steps(self, key: str) -> Iterator[int]:
        page_token = ""
        while True:
            page = {"page_token": page_token} if page_token else {}
            answer = self._get(
                "metrics/get-history", metric_key=key, max_results=str(HISTORY_PAGE), **page
            )
            yield from (int(point.get("step", 0)) for point in answer.get("metrics", []))
            if not (page_token := answer.get("next_page_token", "")):
                return

    def log_batch(self, entries: Sequence[Entry]) -> None:
        metrics, params, tags = split_by_kind(entries)
        body = {
            "run_id": self._run_id,
            "metrics": [_metric_json(metric) for metric in metrics],
            "params": [{"key": param.key, "value": param.value} for param in params],
            "tags": [{"key": tag.key, "value": tag.value} for tag in tags],
        }
        _require_json(self._request(self._tracking_uri, f"{API}/runs/log-batch", "POST", json=body))

    def list_files(self, folder: str) -> list[str]:
        listing = self._get("artifacts/list", path=folder)
        return [file["path"] for file in listing.get("files", [])]

    def upload(self, file: Path, artifact_path: str) -> None:
        repository = self._artifacts
        if not isinstance(repository, HttpArtifactRepository):
            upload_to_repository(repository, file, artifact_path)
            return
        timeout_s = RESPONSE_TIMEOUT_S + file.stat().st_size / MIN_UPLOAD_BYTES_PER_S
        path = f"/{quote(artifact_path)}"
        with file.open("rb") as content:
            self._request(repository.artifact_uri, path, "PUT", timeout_s, data=content)

    @cached_property
    def _artifacts(self) -> Any:
        info = self._get("runs/get")["run"]["info"]
        return open_artifact_repository(info["artifact_uri"], self._tracking_uri)

    def _get(self, resource: str, **params: str) -> dict[str, Any]:
        params["run_id"] = self._run_id
        return _require_json(
            self._request(self._tracking_uri, f"{API}/{resource}", "GET", params=params)
        )

    def _request(
        self,
        host: str,
        path: str,
        method: str,
        timeout_s: float = RESPONSE_TIMEOUT_S,
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
            reason = without_credentials(str(error))
            raise (Unavailable if is_temporary(error) else Blocked)(reason) from error
        if response.status_code != requests.codes.ok:
            raise _response_failure(response)
        return response


def _metric_json(metric: MetricRecord) -> Mapping[str, Any]:
    return {
        "key": metric.key,
        "value": finite_or_name(metric.value),
        "timestamp": metric.timestamp_ms,
        "step": metric.step,
    }


def _require_json(response: requests.Response) -> dict[str, Any]:
    content = _json_object(response)
    if content is None:
        # The 200 of a login page, for example, does not mean that MLflow stored anything.
        url = without_credentials(response.url)
        reason = f"{url} did not answer with MLflow's JSON, but with: {response.text[:200]}"
        raise Blocked(reason, may_pass=True)
    return content


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        content = response.json()
    except requests.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def _response_failure(response: requests.Response) -> Unavailable | Refused:
    content = _json_object(response) or {}
    reason = content.get("message") or response.text or response.reason
    return failure(response.status_code, str(content.get("error_code", "")), str(reason))
