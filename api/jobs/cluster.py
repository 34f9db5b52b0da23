"""The Ray cluster that runs the server's jobs: the configured one, else a head on this machine."""

import asyncio
import os

from api.errors import UnavailableError
from api.jobs.ray_jobs import RayJobs
from tracking_plugin.ray_head import HeadError, LocalHead


class JobCluster:
    """Opened at first use. A local head ends with this process, even if that is killed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._head: LocalHead | None = None
        self._opened: RayJobs | None = None
        self._opening = asyncio.Lock()

    @property
    def is_local(self) -> bool:
        return not self._address

    async def opened(self) -> RayJobs:
        """The client of the cluster. Raises UnavailableError if a local head does not start."""
        async with self._opening:
            if self._opened is not None and self._is_alive:
                return self._opened
            await self._close_jobs()
            self._opened = await self._open()
            return self._opened

    def is_open_at(self, address: str) -> bool:
        """Whether the open cluster is the one at `address`; opens none."""
        return self._opened is not None and self._opened.address == address and self._is_alive

    async def close(self) -> None:
        await self._close_jobs()
        if self._head is not None:
            await asyncio.to_thread(self._head.close)

    @property
    def _is_alive(self) -> bool:
        """Whether the local head runs; a cluster elsewhere is assumed to."""
        return self._head is None or self._head.is_alive

    async def _open(self) -> RayJobs:
        if self._address:
            return RayJobs(self._address, os.environ.get("RAY_AUTH_TOKEN", ""))
        try:
            self._head = await asyncio.to_thread(LocalHead)
        except (HeadError, OSError) as error:
            raise UnavailableError(str(error)) from error
        return RayJobs(self._head.address, self._head.token)

    async def _close_jobs(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None
