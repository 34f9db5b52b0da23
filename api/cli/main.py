"""The `fovea` command: its subcommands are in the files of this folder that end in _command.py."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from api.errors import ApiError

FILES = {
    "serve": "serve_command",
    "hub": "serve_command",
    "demo": "demo_command",
    "status": "status_command",
    "watch": "watch_command",
    "train": "train_command",
    "evaluate": "evaluate_command",
    "pause": "control_command",
    "resume": "control_command",
    "stop": "control_command",
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
    try:
        build_app(sys.argv[1:])()
    except ApiError as error:
        print(f"fovea: {error}", file=sys.stderr)
        sys.exit(1)
