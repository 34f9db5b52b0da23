"""`fovea command`: send a one-time command to a run and wait for the run's answer."""

import json
import math
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from api.cli.control_command import ACKNOWLEDGED, NOT_ACKNOWLEDGED, REFUSED
from api.cli.options import ResponseTimeoutS, Url
from api.cli.run_choice import SHORT_ID_LENGTH, resolve_run
from api.cli.watch_command import INTERRUPTED
from api.client import FoveaClient
from api.client.request import ACKNOWLEDGEMENT_TIMEOUT_S
from api.control.instruction_schemas import Argument, InstructionEntry, InstructionStatus
from api.errors import ApiError
from tracking_plugin.control_messages import MAX_MESSAGE_CHARS
from tracking_plugin.printable import printable

_EPILOG = (
    "A VALUE is a number, true, false, null, or a text; quote one that is to be a text, as in "
    """'name="7"'. Ends with 0 if the run has carried it out, 1 if it is refused or has failed, 3 """
    "if no answer comes within --timeout: the run still carries it out once."
)

commands = typer.Typer()


class ArgumentError(ApiError):
    """An argument that is not of the form KEY=VALUE, or that cannot be sent."""


@commands.command(epilog=_EPILOG)
def command(
    run: Annotated[str, typer.Argument(help="Id, beginning of an id, or name of a run.")],
    name: Annotated[str, typer.Argument(help="Such as skip_trial or extend_budget.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Such as seconds=600.", metavar="[KEY=VALUE]...", show_default=False),
    ] = None,
    url: Url = None,
    timeout: ResponseTimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S,
) -> None:
    """Send a command that the run carries out once, between two of its steps."""
    if not _is_unicode(name):
        raise ArgumentError(f"{printable(name)}: expected UTF-8")
    raise typer.Exit(run_instruct(run, name, typed_arguments(arguments or ()), url, timeout))


def run_instruct(
    run: str, name: str, arguments: dict[str, Argument], url: str | None, timeout_s: float
) -> int:
    """Send the command and wait for the answer; the exit code tells which one came."""
    try:
        with FoveaClient(url) as client:
            run_id = resolve_run(client, run)
            entry = client.instruct(run_id, name, arguments, wait_s=timeout_s)
    except KeyboardInterrupt:
        print(
            "fovea: no longer waiting; if the command was sent, the run carries it out once",
            file=sys.stderr,
        )
        return INTERRUPTED
    code = exit_code(entry.status)
    line = f"{run_id[:SHORT_ID_LENGTH]}: {_sentence(entry)}"
    print(line, file=sys.stdout if code == ACKNOWLEDGED else sys.stderr)
    return code


def exit_code(status: InstructionStatus) -> int:
    """ACKNOWLEDGED only if the run has carried out the command."""
    if status is InstructionStatus.DONE:
        return ACKNOWLEDGED
    is_open = status in (InstructionStatus.PENDING, InstructionStatus.TAKEN)
    return NOT_ACKNOWLEDGED if is_open else REFUSED


def typed_arguments(options: Iterable[str]) -> dict[str, Argument]:
    """The `key=value` options by key. Raises ArgumentError for another form and for a repeated key."""
    arguments: dict[str, Argument] = {}
    for option in options:
        key, has_value, text = option.partition("=")
        if not (key and has_value):
            raise ArgumentError(f"{printable(option)}: expected key=value")
        if not _is_unicode(option):
            raise ArgumentError(f"{printable(key)}: expected UTF-8")
        if key in arguments:
            raise ArgumentError(f"{printable(key)}: given twice")
        arguments[key] = _value(text)
    return arguments


def _value(text: str) -> Argument:
    try:
        # Python's JSON has NaN and Infinity, too: here they are texts.
        value: Any = json.loads(text, parse_constant=lambda _: text)
    except (ValueError, RecursionError):
        return text
    is_finite = not isinstance(value, float) or math.isfinite(value)
    return value if is_finite and not isinstance(value, dict | list) else text


def _is_unicode(text: str) -> bool:
    """Python keeps the bytes of an argument that is no UTF-8 in characters that cannot be sent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sentence(entry: InstructionEntry) -> str:
    at = "" if entry.step is None else f" after step {entry.step}"
    message = printable(entry.message, MAX_MESSAGE_CHARS)
    return f"{entry.name}: {entry.status}{at}{f'. {message}' if message else ''}"
