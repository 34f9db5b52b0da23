"""The server's asynchronous client of Ray's job API, with the logs of jobs as they are printed."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tracking_plugin.ray_job_api import (
    REQUEST_TIMEOUT_S,
    RayEndpoint,
    RayError,
    RayJob,
    RayRequest,
    find_request,
    list_request,
    nodes_request,
    read_job,
    read_resources,
    stop_request,
    submit_request,
    unfinished_jobs,
)
from tracking_plugin.server_address import socket_url
from tracking_plugin.server_connection import proxy_for, websocket_logger

MAX_LOG_MESSAGE_BYTES = 1024 * 1024


class RayJobs:
    """Every method raises RayError if the cluster does not respond or refuses."""

    def __init__(
        self, address: str, token: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._endpoint = RayEndpoint(address, token)
        self._proxy = None if transport is not None else proxy_for(self._endpoint.url)
        self._client = httpx.AsyncClient(
            base_url=self._endpoint.url,
            headers=self._endpoint.headers,
            transport=transport,
            proxy=self._proxy,
            # httpx knows no networks in NO_PROXY.
            trust_env=False,
        )

    @property
    def address(self) -> str:
        return self._endpoint.url

    def is_for(self, address: str, token: str) -> bool:
        return self._endpoint == RayEndpoint(address, token)

    async def submit(
        self, submission_id: str, command: str, variables: Mapping[str, str], run_id: str
    ) -> None:
        """Start a job, unless a job with this id exists."""
        try:
            await self._send(submit_request(submission_id, command, variables, run_id))
        except RayError:
            # The response to an earlier attempt may have been lost.
            await self.find(submission_id)

    async def find(self, submission_id: str) -> RayJob:
        return read_job(await self._send(find_request(submission_id)))

    async def unfinished(self) -> list[str]:
        """The ids of the jobs that run or wait."""
        return unfinished_jobs(await self._send(list_request()))

    async def resources(self) -> Mapping[str, float]:
        """What the cluster has in all, used or not, such as CPU and GPU."""
        return read_resources(await self._send(nodes_request()))

    async def stop(self, submission_id: str) -> None:
        await self._send(stop_request(submission_id))

    async def follow_logs(self, submission_id: str) -> AsyncIterator[str]:
        """The output of the job from its beginning to its end, in pieces of any length."""
        async with connect(
            socket_url(self.address, f"/api/jobs/{submission_id}/logs/tail"),
            proxy=self._proxy,
            logger=websocket_logger,
            additional_headers=self._endpoint.headers,
            open_timeout=REQUEST_TIMEOUT_S,
            max_size=MAX_LOG_MESSAGE_BYTES,
            compression=None,
        ) as connection:
            async for piece in connection:
                yield piece if isinstance(piece, str) else piece.decode(errors="replace")

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(self, request: RayRequest) -> Any:
        try:
            response = await self._client.request(
                request.method, request.path, json=request.body, timeout=request.timeout_s
            )
        except httpx.HTTPError as error:
            raise self._endpoint.unreachable(error) from error
        return self._endpoint.read(response.status_code, response.text)
