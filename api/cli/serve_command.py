"""`fovea serve` and `fovea hub`: start a server in place of this process."""

import os
from typing import Annotated

import typer

from api.alerts.builtin import load_rules
from api.bus.open_bus import require_shared, require_shared_hub
from api.cli.options import LOOPBACK, Port
from api.notify.targets import load_targets
from api.server.serve import become, require_free_port, require_loopback, writable_directory
from api.server.server_command import (
    App,
    ServerCommand,
    ServerRequest,
    server_command,
    sqlite_uri,
)
from api.server.with_serving import run_both, server_url, service_command, service_place
from api.settings import load_settings
from api.storage.data_files import MLFLOW_DATABASE, create_database

_EPILOG = (
    "Options of `mlflow server` follow after --, as in "
    "`fovea serve -- --backend-store-uri postgresql://…`."
)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Workers = Annotated[
    int,
    typer.Option(min=1, max=1024, help="Server processes; several need a shared FOVEA_BUS_URL."),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Accept connections from other machines without a login.")
]
MlflowOptions = Annotated[
    list[str] | None, typer.Argument(help="Options of `mlflow server`.", show_default=False)
]

commands = typer.Typer()


@commands.command(epilog=_EPILOG)
def serve(
    host: Host = LOOPBACK,
    port: Port = 5000,
    workers: Workers = 1,
    *,
    insecure: Insecure = False,
    with_serving: Annotated[
        bool,
        typer.Option("--with-serving", help="Start the diagnosis service, too, and end both."),
    ] = False,
    mlflow_options: MlflowOptions = None,
) -> None:
    """Serve MLflow with Fovea; all data is kept under FOVEA_DATA_DIR."""
    given = (host, port, workers, mlflow_options or [])
    request, command = _prepare_server(App.SERVER, *given, insecure=insecure)
    if not with_serving:
        become(command)
    place, url = service_place(load_settings().grpc_address), server_url(request)
    service = service_command(place, url, os.environ)
    raise typer.Exit(run_both(command, service, place, url))


@commands.command(epilog=_EPILOG.replace("fovea serve", "fovea hub"))
def hub(
    host: Host = LOOPBACK,
    port: Port = 5001,
    workers: Workers = 1,
    *,
    insecure: Insecure = False,
    mlflow_options: MlflowOptions = None,
) -> None:
    """Serve only the WebSockets and the read API, for the servers on the same FOVEA_BUS_URL.

    The hub reads the stores of those servers: give it the same FOVEA_DATA_DIR or the same options.
    """
    require_shared_hub(load_settings().bus_url)
    given = (host, port, workers, mlflow_options or [])
    _, command = _prepare_server(App.HUB, *given, insecure=insecure)
    become(command)


def _prepare_server(
    app: App, host: str, port: int, workers: int, mlflow_options: list[str], *, insecure: bool
) -> tuple[ServerRequest, ServerCommand]:
    """Check what the server needs. Raises ApiError."""
    settings = load_settings()
    if not insecure:
        require_loopback(host)
    require_shared(settings.bus_url, workers)
    # The server loads them itself; loading them here shows their errors in the terminal.
    load_rules(settings.alert_rules)
    load_targets(settings.notify_urls)
    request = ServerRequest(
        app=app,
        host=host,
        port=port,
        workers=workers,
        data_dir=writable_directory(settings.data_dir),
        mlflow_options=mlflow_options,
    )
    command = server_command(request, os.environ)
    require_free_port(host, port)
    database = request.data_dir / MLFLOW_DATABASE
    if sqlite_uri(database) in command.arguments:
        create_database(database)
    return request, command
