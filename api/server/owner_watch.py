"""Ends this server process when the process that started it has ended, also by kill -9."""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from api.background import in_background

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 1.0


@asynccontextmanager
async def ends_with(owner_pid: int | None) -> AsyncIterator[None]:
    """End this server, while inside, as soon as the process `owner_pid` has ended."""
    if owner_pid in (None, os.getpid()):
        yield
        return
    assert owner_pid is not None
    async with in_background(_watch(owner_pid)):
        yield


async def _watch(owner_pid: int) -> None:
    # Uvicorn's supervisor, where the server has several processes.
    supervisor = multiprocessing.parent_process()
    # Another process's end is no event that every platform can wait for.
    while _is_alive(owner_pid) and (supervisor is None or supervisor.is_alive()):  # noqa: ASYNC110
        await asyncio.sleep(POLL_INTERVAL_S)
    logger.warning("process %d, which started this server, has ended: ending too", owner_pid)
    if supervisor is not None and supervisor.is_alive():
        # It would replace this process.
        supervisor.terminate()
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
