"""Ray's job API over HTTP (https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html).

Its own client waits without a limit, and importing Ray costs a server seconds and 200 MB.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

from api.errors import ApiError
from tracking_plugin.ray_status import RayStatus

REQUEST_TIMEOUT_S = 30.0
SUBMIT_TIMEOUT_S = 120.0
"""A head that has only just started looks for its agent for a while."""

LARGEST_LOG_MESSAGE_BYTES = 1024 * 1024


class RayError(ApiError):
    """The cluster did not do what it was asked to."""


class UnknownRayJobError(RayError):
    """The cluster knows of no such job: it may have been replaced by another."""


@dataclass(frozen=True, kw_only=True)
class RayJob:
    status: RayStatus
    message: str


class RayJobs:
    """The jobs of the cluster whose dashboard is at `address`."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            base_url=self.address, headers=self._headers, timeout=REQUEST_TIMEOUT_S
        )

    async def submit(
        self, submission_id: str, command: str, variables: Mapping[str, str], run_id: str
    ) -> None:
        """Start a job; one that is there already under this id is left alone."""
        job = {
            "entrypoint": command,
            "submission_id": submission_id,
            "runtime_env": {"env_vars": dict(variables)},
            "metadata": {"mlflow_run_id": run_id},
        }
        try:
            await self._ask("POST", "/api/jobs/", json=job, timeout=SUBMIT_TIMEOUT_S)
        except RayError:
            # The answer to an earlier attempt may have been lost on its way.
            await self.find(submission_id)

    async def find(self, submission_id: str) -> RayJob:
        job = (await self._ask("GET", f"/api/jobs/{submission_id}")).json()
        return RayJob(status=RayStatus(job["status"]), message=str(job.get("message") or ""))

    async def stop(self, submission_id: str) -> None:
        """Ask for the job's end; Ray kills what has not ended after its own deadline."""
        await self._ask("POST", f"/api/jobs/{submission_id}/stop")

    async def logs(self, submission_id: str) -> str:
        """All that the job has written so far."""
        return str((await self._ask("GET", f"/api/jobs/{submission_id}/logs")).json()["logs"])

    async def follow_logs(self, submission_id: str) -> AsyncIterator[str]:
        """What the job writes, from its beginning to its end, in pieces of any length."""
        url = f"{self.address.replace('http', 'ws', 1)}/api/jobs/{submission_id}/logs/tail"
        async with connect(
            url,
            additional_headers=self._headers,
            open_timeout=REQUEST_TIMEOUT_S,
            max_size=LARGEST_LOG_MESSAGE_BYTES,
            compression=None,
        ) as connection:
            async for piece in connection:
                yield piece if isinstance(piece, str) else piece.decode(errors="replace")

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **options: object) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise RayError(
                f"Ray does not answer at {_shown(self.address)} ({type(error).__name__})"
            ) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise UnknownRayJobError(f"Ray at {_shown(self.address)} knows of no such job")
        if answer.is_error:
            last_line = (answer.text.strip().splitlines() or [""])[-1][:300]
            raise RayError(
                f"Ray at {_shown(self.address)} answered {answer.status_code}: {last_line}"
            )
        return answer


def _shown(address: str) -> str:
    """Without a user's name and password."""
    return urlsplit(address).netloc.rpartition("@")[2]
