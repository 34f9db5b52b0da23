"""`fovea watch`: which viewer the terminal allows, and what the command ends with."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console

from api.cli.live_screen import ScreenViewer
from api.cli.run_choice import chosen_run
from api.cli.watch import watch
from api.cli.watch_lines import LineViewer
from api.cli.watched_run import WatchedRun
from api.client import AsyncFoveaClient, FoveaClient
from tracking_plugin.names import RunStatus

EXIT_CODES: Mapping[RunStatus, int] = {
    RunStatus.COMPLETED: 0,
    RunStatus.ERROR: 1,
    RunStatus.STOPPED: 3,
}
"""By how the run ended; 2 is what a wrong option ends with."""

DELETED = 4
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
READER_LEFT = 128 + signal.SIGPIPE


@dataclass(frozen=True, kw_only=True)
class WatchRequest:
    """What the caller of `fovea watch` asked for."""

    wanted: str | None
    url: str | None
    plain: bool
    shows_logs: bool = False
    farewell: str = "the run goes on"
    """What is said to those who leave before its end."""


def run_watch(request: WatchRequest) -> int:
    """Watch until the run ends; the exit code says how it did."""
    # What libraries log about lost connections is on the screen already.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        with FoveaClient(request.url) as client:
            run_id = chosen_run(client, request.wanted)
        return exit_code(asyncio.run(_watch(request, run_id)))
    except KeyboardInterrupt:
        print(f"fovea: no longer watching, {request.farewell}", file=sys.stderr)
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT


def exit_code(run: WatchedRun) -> int:
    """What the command ends with after `run` has ended."""
    return DELETED if run.status.deleted else EXIT_CODES.get(run.status.status, 1)


async def _watch(request: WatchRequest, run_id: str) -> WatchedRun:
    watching = asyncio.current_task()
    assert watching is not None
    # As Ctrl-C does it, so that the terminal is given back.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    console = Console()
    async with AsyncFoveaClient(request.url) as client:
        if request.plain or not _has_screen(console):
            return await watch(client, run_id, LineViewer(shows_logs=request.shows_logs))
        with ScreenViewer(console, shows_logs=request.shows_logs) as viewer:
            return await watch(client, run_id, viewer)


def _has_screen(console: Console) -> bool:
    is_utf = console.encoding.lower().startswith("utf")
    return console.is_terminal and not console.is_dumb_terminal and is_utf
