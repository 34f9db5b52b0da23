"""The `fovea` command."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.demo import DemoRequest, run_demo
from api.errors import ApiError
from api.serve import become, require_free_port, require_loopback, writable_directory
from api.server_command import ServerRequest, server_command
from api.settings import load_settings

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]

app = typer.Typer(
    help="Fovea: the live control plane for MLflow.", no_args_is_help=True, add_completion=False
)


@app.command(
    epilog="Options of `mlflow server` follow after --, as in "
    "`fovea serve -- --backend-store-uri postgresql://…`."
)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 5000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
    *,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let other machines in, without a login.")
    ] = False,
    mlflow_options: Annotated[
        list[str] | None, typer.Argument(help="Options of `mlflow server`.", show_default=False)
    ] = None,
) -> None:
    """Serve MLflow with Fovea in front, keeping all data under FOVEA_DATA_DIR."""
    if not insecure:
        require_loopback(host)
    request = ServerRequest(
        host=host,
        port=port,
        workers=workers,
        data_dir=writable_directory(load_settings().data_dir),
        mlflow_options=mlflow_options or [],
    )
    command = server_command(request, os.environ)
    require_free_port(host, port)
    become(command)


@app.command()
def demo(
    port: Port = 5000,
    data: Annotated[
        Path | None, typer.Option(help="Folder with train|val|test/<class>/; drawn when absent.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training split; 8 when absent.")
    ] = None,
    *,
    exit_when_done: Annotated[
        bool, typer.Option("--exit", help="End with the run: 0 if it FINISHED, else 1.")
    ] = False,
) -> None:
    """Start a server, train the demo model with 2 processes, and keep serving until Ctrl-C."""
    request = DemoRequest(
        port=port,
        data=data,
        epochs=epochs,
        exit_when_done=exit_when_done,
        data_dir=writable_directory(load_settings().data_dir),
    )
    raise typer.Exit(run_demo(request))


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except ApiError as error:
        print(f"fovea: {error}", file=sys.stderr)
        sys.exit(1)
