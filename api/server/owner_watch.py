"""Ends this server once the process that started it is gone, however that one ended."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from api.background import in_background

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 1.0
INIT_PID = 1


@asynccontextmanager
async def ends_with(owner_pid: int | None) -> AsyncIterator[None]:
    """While inside, watch `owner_pid`; a killed `mlflow server` would else leave uvicorn behind."""
    if owner_pid is None:
        yield
        return
    async with in_background(_watch(owner_pid)):
        yield


async def _watch(owner_pid: int) -> None:
    parent_pid = os.getppid()
    # Another process's end is no event that every platform can wait for.
    while _is_alive(owner_pid) and os.getppid() == parent_pid:  # noqa: ASYNC110
        await asyncio.sleep(POLL_INTERVAL_S)
    logger.warning("process %d, which started this server, is gone: ending too", owner_pid)
    if os.getppid() == parent_pid != INIT_PID:
        # `mlflow server` or uvicorn's supervisor: the latter would replace this process.
        os.kill(parent_pid, signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
