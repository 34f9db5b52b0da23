"""`fovea train`: start a training on the server and follow it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Logs, Plain, Url
from api.cli.recipe_params import resolve_recipe, typed_params
from api.cli.run_choice import SHORT_ID_LENGTH
from api.cli.watch_command import INTERRUPTED, WatchRequest, run_watch
from api.client import FoveaClient

commands = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """The options of `fovea train`; the server chooses what is None."""

    recipe: str
    data: Path | None
    params: Sequence[str]
    workers: int | None
    experiment_name: str | None
    url: str | None
    is_detached: bool
    plain: bool
    shows_logs: bool


@commands.command(
    epilog="Ends with the run, as `fovea watch` does. Ctrl-C leaves the training running. "
    "GET /api/recipes lists the parameters."
)
def train(  # noqa: PLR0913 - a command's options are its arguments
    recipe: Annotated[str, typer.Option(help="Recipe to train.")] = "retinal",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with train|val|test/<class>/ on the training machine; "
            "default: a synthetic set."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Ranks, one per GPU where there are GPUs; default: 1."),
    ] = None,
    params: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="NAME=VALUE", help="A parameter of the recipe; may be repeated."
        ),
    ] = None,
    experiment_name: Annotated[
        str | None, typer.Option(help="MLflow experiment; default: retinal.")
    ] = None,
    url: Url = None,
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the run's id and return.")
    ] = False,
    plain: Plain = False,
    logs: Logs = False,
) -> None:
    """Start a training on the server and follow it."""
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


def run_train(request: TrainRequest) -> int:
    """Start the training and follow it to its end; the exit code is that of `fovea watch`."""
    try:
        run_id = _start(request)
    except KeyboardInterrupt:
        print(
            "fovea: interrupted before the server answered; `fovea status` shows whether it trains",
            file=sys.stderr,
        )
        return INTERRUPTED
    if request.is_detached:
        print(run_id)
        return 0
    short_id = run_id[:SHORT_ID_LENGTH]
    print(f"fovea: run {run_id}; Ctrl-C leaves it running", file=sys.stderr)
    return run_watch(
        WatchRequest(
            run=run_id,
            url=request.url,
            plain=request.plain,
            shows_logs=request.shows_logs,
            hint_after_interrupt=f"the training continues: `fovea watch {short_id}` follows it again, "
            f"`fovea stop {short_id}` stops it",
        )
    )


def _start(request: TrainRequest) -> str:
    with FoveaClient(request.url) as client:
        recipe = resolve_recipe(client.recipes(), request.recipe)
        started = client.start(
            recipe.name,
            # The server may run in another folder, so a relative path would name another place.
            data=str(request.data.absolute()) if request.data is not None else None,
            params=typed_params(recipe, request.params),
            experiment_name=request.experiment_name,
            workers=request.workers,
        )
    return started.run_id
