"""`fovea watch`: follow a run on a screen or as lines until it ends."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import typer
from rich.console import Console

from api.cli.follow_run import follow_run
from api.cli.line_viewer import LineViewer
from api.cli.main import PIPE_CLOSED
from api.cli.options import Logs, Plain, Run, Url
from api.cli.run_choice import resolve_run
from api.cli.screen_viewer import ScreenViewer
from api.cli.watched_run import WatchedRun
from api.client import AsyncFoveaClient, FoveaClient
from tracking_plugin.names import RunStatus

EXIT_CODES: Mapping[RunStatus, int] = {
    RunStatus.COMPLETED: 0,
    RunStatus.ERROR: 1,
    RunStatus.STOPPED: 3,
}
"""By the status in which the run ended; 2 is the exit code for a wrong option."""

DELETED = 4
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


commands = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class WatchRequest:
    """The options of `fovea watch`."""

    run: str | None
    url: str | None
    plain: bool
    shows_logs: bool = False
    hint_after_interrupt: str = "the run continues"
    """Printed when Ctrl-C ends the command before the run has ended."""


@commands.command(
    epilog="Ends with the run: 0 if it completed, 1 if it failed, 3 if it was stopped, 4 if it was "
    "deleted. Ctrl-C ends the command with 130, and the run continues."
)
def watch(run: Run = None, url: Url = None, *, plain: Plain = False, logs: Logs = False) -> None:
    """Follow a run live, by default the newest active one: progress, metrics and curves."""
    raise typer.Exit(run_watch(WatchRequest(run=run, url=url, plain=plain, shows_logs=logs)))


def run_watch(request: WatchRequest) -> int:
    """Watch until the run ends; the exit code tells how it ended."""
    # Libraries log lost connections too; the viewers already report them.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        with FoveaClient(request.url) as client:
            run_id = resolve_run(client, request.run)
        return exit_code(asyncio.run(_follow(request, run_id)))
    except KeyboardInterrupt:
        print(f"fovea: no longer watching, {request.hint_after_interrupt}", file=sys.stderr)
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    except BrokenPipeError:
        # Otherwise Python reports the closed pipe once more when it flushes at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def exit_code(run: WatchedRun) -> int:
    """The exit code of the command after `run` has ended."""
    return DELETED if run.status.deleted else EXIT_CODES.get(run.status.status, 1)


async def _follow(request: WatchRequest, run_id: str) -> WatchedRun:
    task = asyncio.current_task()
    assert task is not None
    # Cancel as Ctrl-C does, so that the screen is closed and the terminal restored.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console()
    async with AsyncFoveaClient(request.url) as client:
        if request.plain or not _can_draw_screen(console):
            return await follow_run(client, run_id, LineViewer(shows_logs=request.shows_logs))
        with ScreenViewer(console, shows_logs=request.shows_logs) as viewer:
            return await follow_run(client, run_id, viewer)


def _can_draw_screen(console: Console) -> bool:
    is_utf = console.encoding.lower().startswith("utf")
    return console.is_terminal and not console.is_dumb_terminal and is_utf
