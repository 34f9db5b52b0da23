"""`fovea pause`, `fovea resume` and `fovea stop`: tell a run, and say what came of it."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from api.cli.run_choice import SHORT_ID_LENGTH, chosen_run
from api.cli.watch_command import INTERRUPTED
from api.client import FoveaClient
from api.control.schemas import ControlResponse, ControlResult
from api.control.transitions import Action
from api.printable import printable
from tracking_plugin.control_messages import MAX_MESSAGE_CHARS

ACKNOWLEDGED = 0
REFUSED = 1
NOT_ACKNOWLEDGED = 3
"""2 is what a wrong option ends with."""


@dataclass(frozen=True, kw_only=True)
class ControlOrder:
    """What the caller wants of a run."""

    action: Action
    wanted: str | None
    url: str | None
    timeout_s: float
    release: bool = False


def run_control(order: ControlOrder) -> int:
    """Tell the run, and wait until it has obeyed; the exit code says whether it has."""
    try:
        with FoveaClient(order.url) as client:
            run_id = chosen_run(client, order.wanted)
            answer = _calls(client, order)[order.action](run_id, timeout_s=order.timeout_s)
    except KeyboardInterrupt:
        print(
            f"fovea: no longer waiting; if the run was told to {order.action}, it still will: "
            "`fovea status` shows it",
            file=sys.stderr,
        )
        return INTERRUPTED
    code = exit_code(answer)
    said = f"{run_id[:SHORT_ID_LENGTH]}: {printable(answer.message, MAX_MESSAGE_CHARS)}"
    print(said, file=sys.stdout if code == ACKNOWLEDGED else sys.stderr)
    return code


def exit_code(answer: ControlResponse) -> int:
    """0 only where every rank does what was commanded."""
    if answer.status is ControlResult.ERROR:
        return REFUSED
    return ACKNOWLEDGED if answer.acknowledged else NOT_ACKNOWLEDGED


def _calls(
    client: FoveaClient, order: ControlOrder
) -> Mapping[Action, Callable[..., ControlResponse]]:
    return {
        Action.PAUSE: partial(client.pause, release=order.release),
        Action.RESUME: client.resume,
        Action.STOP: client.stop,
    }
