"""A blocking client of Ray's job API whose waits are bounded."""

from typing import Any

import requests

from tracking_plugin.ray_job_api import (
    RayEndpoint,
    RayJob,
    RayRequest,
    find_request,
    list_request,
    logs_request,
    read_job,
    read_logs,
    stop_request,
    unfinished_jobs,
)


class RayJobClient:
    """Every method raises RayError if the cluster does not respond or refuses."""

    def __init__(self, endpoint: RayEndpoint) -> None:
        self._endpoint = endpoint

    def find(self, submission_id: str) -> RayJob:
        return read_job(self._send(find_request(submission_id)))

    def unfinished(self) -> list[str]:
        """The ids of the jobs that run or wait."""
        return unfinished_jobs(self._send(list_request()))

    def stop(self, submission_id: str) -> None:
        self._send(stop_request(submission_id))

    def logs(self, submission_id: str) -> str:
        return read_logs(self._send(logs_request(submission_id)))

    def _send(self, request: RayRequest) -> Any:
        try:
            response = requests.request(
                request.method,
                f"{self._endpoint.url}{request.path}",
                headers=self._endpoint.headers,
                json=request.body,
                timeout=request.timeout_s,
            )
        except requests.RequestException as error:
            raise self._endpoint.unreachable(error) from error
        return self._endpoint.read(response.status_code, response.text)
