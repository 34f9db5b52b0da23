"""The `fovea` command: its subcommands are in the files of this folder that end in _command.py."""

import sys

import typer

from api.cli import (
    alerts_command,
    control_command,
    demo_command,
    evaluate_command,
    serve_command,
    status_command,
    train_command,
    watch_command,
)
from api.errors import ApiError

app = typer.Typer(
    help="Fovea: the live control plane for MLflow.", no_args_is_help=True, add_completion=False
)
for group in (
    serve_command,
    demo_command,
    status_command,
    watch_command,
    train_command,
    evaluate_command,
    control_command,
    alerts_command,
):
    app.add_typer(group.commands)


def main() -> None:
    """Run the command; an ApiError is one sentence on standard error and exit code 1."""
    try:
        app()
    except ApiError as error:
        print(f"fovea: {error}", file=sys.stderr)
        sys.exit(1)
