"""The `fovea` command."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from api.alerts.builtin import load_rules
from api.bus.open_bus import require_shared, require_shared_hub
from api.cli.alerts_command import (
    Acknowledgement,
    AlertsAsked,
    acknowledge,
    show_alerts,
)
from api.cli.control_command import ControlOrder, run_control
from api.cli.demo_command import DemoRequest, run_demo
from api.cli.status_command import show_run, show_runs
from api.cli.train_command import TrainRequest, run_train
from api.cli.watch_command import WatchRequest, run_watch
from api.client import FoveaClient
from api.client.request import ACKNOWLEDGEMENT_TIMEOUT_S
from api.control.transitions import Action
from api.errors import ApiError
from api.notify.targets import load_targets
from api.server.serve import become, require_free_port, require_loopback, writable_directory
from api.server.server_command import App, ServerRequest, server_command
from api.settings import load_settings

LOOPBACK = "127.0.0.1"

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]

Run = Annotated[
    str | None,
    typer.Argument(help="Id, beginning of an id, or name of a run.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        "--server",
        help="Server; MLFLOW_TRACKING_URI or http://127.0.0.1:5000 when absent.",
        show_default=False,
    ),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Lines instead of a screen, as where output is piped.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the API answers.")]
Logs = Annotated[bool, typer.Option("--logs", help="Show what the run's job prints, too.")]
TimeoutS = Annotated[
    float,
    typer.Option("--timeout", min=0, max=600, help="Seconds to wait for the run to have obeyed."),
]

app = typer.Typer(
    help="Fovea: the live control plane for MLflow.", no_args_is_help=True, add_completion=False
)


_MLFLOW_OPTIONS = (
    "Options of `mlflow server` follow after --, as in "
    "`fovea serve -- --backend-store-uri postgresql://…`."
)
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Workers = Annotated[
    int, typer.Option(min=1, help="Server processes; several need a shared FOVEA_BUS_URL.")
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Let other machines in, without a login.")
]
MlflowOptions = Annotated[
    list[str] | None, typer.Argument(help="Options of `mlflow server`.", show_default=False)
]


@app.command(epilog=_MLFLOW_OPTIONS)
def serve(
    host: Host = LOOPBACK,
    port: Port = 5000,
    workers: Workers = 1,
    *,
    insecure: Insecure = False,
    mlflow_options: MlflowOptions = None,
) -> None:
    """Serve MLflow with Fovea in front, keeping all data under FOVEA_DATA_DIR."""
    _become_server(App.SERVER, host, port, workers, mlflow_options or [], insecure=insecure)


@app.command(epilog=_MLFLOW_OPTIONS.replace("serve", "hub"))
def hub(
    host: Host = LOOPBACK,
    port: Port = 5001,
    workers: Workers = 1,
    *,
    insecure: Insecure = False,
    mlflow_options: MlflowOptions = None,
) -> None:
    """Serve the WebSockets and the read API alone, for the servers on the same FOVEA_BUS_URL.

    It reads the stores of those servers: give it the same FOVEA_DATA_DIR or the same options.
    """
    require_shared_hub(load_settings().bus_url)
    _become_server(App.HUB, host, port, workers, mlflow_options or [], insecure=insecure)


def _become_server(
    app: App, host: str, port: int, workers: int, mlflow_options: list[str], *, insecure: bool
) -> NoReturn:
    settings = load_settings()
    if not insecure:
        require_loopback(host)
    require_shared(settings.bus_url, workers)
    # The server reads them itself; here a person sees what is wrong with them.
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
    become(command)


@app.command()
def demo(
    port: Port = 5000,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with train|val|test/<class>/; default: a synthetic set."),
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


@app.command(
    epilog="Piped, a run is a line of tab-separated id, status, epoch, step, loss, accuracy, alert, "
    "start and name; loss and accuracy are those on the validation split, if there are any."
)
def status(
    run: Run = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the active and the newest runs, or one run."""
    with FoveaClient(url) as client:
        if run is None:
            show_runs(client, Console(), as_json=as_json)
        else:
            show_run(client, Console(), run, as_json=as_json)


@app.command(
    epilog="Ends with the run: 0 if it completed, 1 if it failed, 3 if it was stopped, 4 if it was "
    "deleted. Ctrl-C leaves with 130, and the run goes on."
)
def watch(
    run: Run = None,
    url: Url = None,
    *,
    plain: Plain = False,
    logs: Logs = False,
) -> None:
    """Watch a run live, without RUN the newest active one: progress, metrics and curves."""
    request = WatchRequest(wanted=run, url=url, plain=plain, shows_logs=logs)
    raise typer.Exit(run_watch(request))


@app.command(
    epilog="Ends with the run, as `fovea watch` does. Ctrl-C leaves the training running. "
    "GET /api/recipes lists the parameters."
)
def train(  # noqa: PLR0913 - what a command takes are its arguments
    recipe: Annotated[str, typer.Option(help="What to train.")] = "retinal",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with train|val|test/<class>/, where the training runs; default: a synthetic set."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Ranks, one per GPU where there are GPUs; 1.")
    ] = None,
    params: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="NAME=VALUE", help="A parameter of the recipe; may be repeated."
        ),
    ] = None,
    experiment_name: Annotated[
        str | None, typer.Option(help="MLflow experiment; retinal when absent.")
    ] = None,
    url: Url = None,
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the run's id and leave it running.")
    ] = False,
    plain: Plain = False,
    logs: Logs = False,
) -> None:
    """Have the server train, and watch it."""
    request = TrainRequest(
        recipe=recipe,
        data=data,
        params=params or [],
        workers=workers,
        experiment_name=experiment_name,
        url=url,
        is_detached=detach,
        plain=plain,
        shows_logs=logs,
    )
    raise typer.Exit(run_train(request))


_ACKNOWLEDGED = (
    "Ends with 0 once every rank has obeyed, 1 where that is refused, 3 if it takes longer than "
    "--timeout: the run is told all the same. Without RUN it is the newest active one."
)


@app.command(epilog=_ACKNOWLEDGED)
def pause(
    run: Run = None,
    url: Url = None,
    timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S,
    *,
    release: Annotated[
        bool,
        typer.Option("--release", help="Save, exit and free the machine; resume starts it again."),
    ] = False,
) -> None:
    """Hold a run after its step, on its accelerators or, with --release, without them."""
    _control(Action.PAUSE, run, url, timeout, release=release)


@app.command(epilog=_ACKNOWLEDGED)
def resume(run: Run = None, url: Url = None, timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S) -> None:
    """Go on with a paused run, from the very step it was paused at."""
    _control(Action.RESUME, run, url, timeout)


@app.command(epilog=_ACKNOWLEDGED)
def stop(run: Run = None, url: Url = None, timeout: TimeoutS = ACKNOWLEDGEMENT_TIMEOUT_S) -> None:
    """End a run: it finishes its step, saves, and is KILLED in MLflow with all its metrics."""
    _control(Action.STOP, run, url, timeout)


alerts = typer.Typer(invoke_without_command=True)
app.add_typer(alerts, name="alerts")


@alerts.callback(
    epilog="Piped, an alert is a line of tab-separated id, state, level, alert, run, metric, step, "
    "value, bound, start and who acknowledged it."
)
def list_alerts(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Option(help="Of one run alone: its id, the beginning of its id, or its name."),
    ] = None,
    url: Url = None,
    *,
    with_resolved: Annotated[
        bool, typer.Option("--all", help="Those that are resolved, too.")
    ] = False,
    only_critical: Annotated[bool, typer.Option("--critical", help="Critical ones alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the open alerts, or try rules on the past."""
    if context.invoked_subcommand is None:
        asked = AlertsAsked(
            run=run,
            url=url,
            with_resolved=with_resolved,
            only_critical=only_critical,
            as_json=as_json,
        )
        show_alerts(asked, Console())


@alerts.command(
    "test",
    epilog="Piped, a change is a line of tab-separated step, time, alert, level, metric, value, bound, "
    "cases and interval.",
)
def alerts_test(
    rules: Annotated[
        Path | None,
        typer.Argument(help="File of rules; the built-in ones alone when absent."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(help="Id, beginning of an id, or name; the newest active run when absent."),
    ] = None,
    url: Url = None,
) -> None:
    """Try rules on a run that has been: what would have fired, and when."""
    # It needs MLflow, which takes seconds to import: no other command waits for that.
    from api.cli.alerts_test_command import AlertsTest, run_alerts_test  # noqa: PLC0415

    run_alerts_test(AlertsTest(rules=rules, wanted=run, url=url), Console())


@app.command()
def ack(
    alert_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ALERT", help="Ids of alerts, or beginnings of ids.", show_default=False
        ),
    ],
    note: Annotated[
        str, typer.Option(help="What you found, or what is done about it.", show_default=False)
    ] = "",
    url: Url = None,
) -> None:
    """Acknowledge alerts: they stay open, and nobody is reminded of them any more."""
    acknowledge(Acknowledgement(wanted=alert_ids, note=note, url=url), Console())


def _control(
    action: Action, run: str | None, url: str | None, timeout_s: float, *, release: bool = False
) -> NoReturn:
    order = ControlOrder(action=action, wanted=run, url=url, timeout_s=timeout_s, release=release)
    raise typer.Exit(run_control(order))


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except ApiError as error:
        print(f"fovea: {error}", file=sys.stderr)
        sys.exit(1)
