"""Reports the end of the process that started the service, also by kill -9."""

import asyncio

import psutil

POLL_INTERVAL_S = 1.0


async def until_ended(pid: int) -> None:
    """Return once the process has ended."""
    # Another process's end is no event that every platform can wait for.
    while _is_alive(pid):  # noqa: ASYNC110
        await asyncio.sleep(POLL_INTERVAL_S)


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
