"""`fovea pause`, `fovea resume` and `fovea stop`: command a run and wait for its acknowledgement."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NoReturn

import typer

from api.cli.options import Run, TimeoutS, Url
from api.cli.run_choice import SHORT_ID_LENGTH, resolve_run
from api.cli.watch_command import INTERRUPTED
from api.client import FoveaClient
from api.client.request import ACKNOWLEDGEMENT_TIMEOUT_S
from api.control.schemas import ControlResponse, ControlResult
from api.control.transitions import Action
from tracking_plugin.control_messages import MAX_MESSAGE_CHARS
from tracking_plugin.printable import printable

ACKNOWLEDGED = 0
REFUSED = 1
NOT_ACKNOWLEDGED = 3
"""2 is the exit code for a wrong option."""


_EPILOG = (
    "Ends with 0 if every rank has acknowledged, 1 if the command is refused, 3 if no "
    "acknowledgement comes within --timeout: the command stays in force. Without RUN, the newest "
    "active run gets it."
)

commands = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class ControlRequest:
    """The options of `fovea pause`, `fovea resume` and `fovea stop`."""

    action: Action
    run: str | None
    url: str | None
    timeout_s: float
    release: bool = False


@commands.command(epilog=_EPILOG)
def pause(
    run: Run = None,
    url: Url = None,
    timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S,
    *,
    release: Annotated[
        bool,
        typer.Option(
            "--release", help="Save, exit and free the machine; resume starts the run again."
        ),
    ] = False,
) -> None:
    """Pause a run after its step; it keeps its accelerators unless --release is given."""
    _exit_after(Action.PAUSE, run, url, timeout, release=release)


@commands.command(epilog=_EPILOG)
def resume(run: Run = None, url: Url = None, timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S) -> None:
    """Resume a paused run from the step at which it was paused."""
    _exit_after(Action.RESUME, run, url, timeout)


@commands.command(epilog=_EPILOG)
def stop(run: Run = None, url: Url = None, timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S) -> None:
    """End a run: it finishes its step, saves, and is KILLED in MLflow with all its metrics."""
    _exit_after(Action.STOP, run, url, timeout)


def _exit_after(
    action: Action, run: str | None, url: str | None, timeout_s: float, *, release: bool = False
) -> NoReturn:
    request = ControlRequest(action=action, run=run, url=url, timeout_s=timeout_s, release=release)
    raise typer.Exit(run_control(request))


def run_control(request: ControlRequest) -> int:
    """Send the command and wait for the acknowledgement; the exit code tells whether it came."""
    try:
        with FoveaClient(request.url) as client:
            run_id = resolve_run(client, request.run)
            answer = _methods(client, request)[request.action](run_id, timeout_s=request.timeout_s)
    except KeyboardInterrupt:
        print(
            f"fovea: no longer waiting; if the {request.action} command was sent, it stays in force: "
            "`fovea status` shows the run",
            file=sys.stderr,
        )
        return INTERRUPTED
    code = exit_code(answer)
    line = f"{run_id[:SHORT_ID_LENGTH]}: {printable(answer.message, MAX_MESSAGE_CHARS)}"
    print(line, file=sys.stdout if code == ACKNOWLEDGED else sys.stderr)
    return code


def exit_code(answer: ControlResponse) -> int:
    """ACKNOWLEDGED only if every rank has carried out the command."""
    if answer.status is ControlResult.ERROR:
        return REFUSED
    return ACKNOWLEDGED if answer.acknowledged else NOT_ACKNOWLEDGED


def _methods(
    client: FoveaClient, request: ControlRequest
) -> Mapping[Action, Callable[..., ControlResponse]]:
    return {
        Action.PAUSE: partial(client.pause, release=request.release),
        Action.RESUME: client.resume,
        Action.STOP: client.stop,
    }
