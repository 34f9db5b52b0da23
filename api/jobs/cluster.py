"""The Ray cluster that runs the server's jobs: the configured one, else the head of the data folder."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.errors import UnavailableError
from api.jobs.ray_jobs import RayJobs
from api.settings import Settings
from tracking_plugin.ray_detached_head import HeadUse, find_head, open_head
from tracking_plugin.ray_folder import remove_dead_folders
from tracking_plugin.ray_head import HeadError
from tracking_plugin.ray_head_record import HeadRecord
from tracking_plugin.ray_job_api import RayError

logger = logging.getLogger(__name__)

_ANNOUNCE_TIMEOUT_S = 5.0


class JobCluster:
    """Opened at first use. A head on this machine outlives this server, and the next one finds it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: RayJobs | None = None
        self._opening = asyncio.Lock()

    @property
    def is_local(self) -> bool:
        return not self._settings.ray_address

    async def remove_leftovers(self) -> None:
        """Remove the files of heads that were killed, and end the processes that these have left."""
        if self.is_local:
            await asyncio.to_thread(remove_dead_folders)

    async def find(self, address: str) -> RayJobs | None:
        """The client of the cluster at `address`; None if that was a head here and has ended.

        Raises UnavailableError if a head of another machine holds the data folder.
        """
        async with self._opening:
            if not self.is_local:
                return await self._client(
                    self._settings.ray_address, os.environ.get("RAY_AUTH_TOKEN", "")
                )
            head = await self._find_head()
            if head is None or head.address != address:
                return None
            return await self._client(head.address, head.token)

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[RayJobs]:
        """While inside, the cluster accepts jobs: a head is started if needed, and none ends as idle.

        Raises UnavailableError if a head does not start.
        """
        if not self.is_local:
            async with self._opening:
                client = await self._client(
                    self._settings.ray_address, os.environ.get("RAY_AUTH_TOKEN", "")
                )
            yield client
            return
        try:
            use = await asyncio.to_thread(HeadUse, self._settings.data_dir)
        except HeadError as error:
            raise UnavailableError(str(error)) from error
        try:
            async with self._opening:
                head = await self._open_head()
                client = await self._client(head.address, head.token)
            yield client
        finally:
            use.end()

    async def close(self) -> None:
        """Let go of the cluster. A head on this machine goes on with its jobs."""
        if self.is_local and self._opened is not None:
            await self._announce_jobs(self._opened)
        await self._close_client()

    async def _announce_jobs(self, client: RayJobs) -> None:
        try:
            async with asyncio.timeout(_ANNOUNCE_TIMEOUT_S):
                num_jobs = len(await client.unfinished()) if await self._find_head() else 0
        except (RayError, UnavailableError, TimeoutError):
            return
        if num_jobs:
            logger.warning(
                "%d job(s) go on without the server. The next server on the same port and "
                "FOVEA_DATA_DIR continues to control them; `fovea ray stop` ends them",
                num_jobs,
            )

    async def _find_head(self) -> HeadRecord | None:
        try:
            return await asyncio.to_thread(find_head, self._settings.data_dir)
        except HeadError as error:
            raise UnavailableError(str(error)) from error

    async def _open_head(self) -> HeadRecord:
        settings = self._settings
        try:
            return await asyncio.to_thread(
                open_head,
                settings.data_dir,
                idle_s=settings.ray_idle_s,
                owner_pid=settings.ray_owner_pid,
            )
        except HeadError as error:
            raise UnavailableError(str(error)) from error

    async def _client(self, address: str, token: str) -> RayJobs:
        if self._opened is None or not self._opened.is_for(address, token):
            await self._close_client()
            self._opened = RayJobs(address, token)
        return self._opened

    async def _close_client(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None
