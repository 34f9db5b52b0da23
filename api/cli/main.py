"""The `fovea` command: its subcommands are in the files of this folder that end in _command.py."""

import errno
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from api.errors import ApiError
from tracking_plugin.terminal_output import plain, prepare_output, silence

PIPE_CLOSED = 128 + signal.SIGPIPE
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})

FILES = {
    "serve": "serve_command",
    "hub": "serve_command",
    "demo": "demo_command",
    "status": "status_command",
    "watch": "watch_command",
    "train": "train_command",
    "evaluate": "evaluate_command",
    "report": "report_command",
    "pause": "control_command",
    "resume": "control_command",
    "stop": "control_command",
    "command": "instruct_command",
    "models": "models_command",
    "datasets": "datasets_command",
    "queue": "queue_command",
    "ray": "ray_command",
    "ack": "alerts_command",
    "alerts": "alerts_command",
}
"""The file of each command: only what runs is imported, so that each command starts quickly."""


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """The command that `arguments` name; all commands where they name none, as for --help."""
    app = typer.Typer(
        help="Fovea: the live control plane for MLflow.",
        no_args_is_help=True,
        add_completion=False,
        # With a callback, an application of one command still expects the command's name.
        callback=lambda: None,
    )
    named = FILES.get(arguments[0]) if arguments else None
    for file in [named] if named else dict.fromkeys(FILES.values()):
        app.add_typer(import_module(f"api.cli.{file}").commands)
    return app


def main() -> None:
    """Run the command; an ApiError is one sentence on standard error and exit code 1."""
    prepare_output()
    try:
        try:
            _run()
        finally:
            # Otherwise Python reports what it cannot write after the last line of the program.
            sys.stdout.flush()
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            silence(stream)
        sys.exit(PIPE_CLOSED)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        silence(sys.stdout)
        print(f"fovea: the output cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(1)


def _run() -> None:
    try:
        build_app(sys.argv[1:])()
    except ApiError as error:
        print(plain(f"fovea: {error}"), file=sys.stderr)
        sys.exit(1)
