"""`fovea train`: start a training on the server and follow it."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.job_follower import FollowOptions, start_and_follow
from api.cli.options import Logs, Plain, Url
from api.cli.recipe_params import resolve_recipe, typed_params
from api.client import FoveaClient

commands = typer.Typer()


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
        typer.Option(min=1, max=4096, help="Ranks, one per GPU where there are GPUs; default: 1."),
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

    def start(client: FoveaClient) -> str:
        chosen = resolve_recipe(client.recipes(), recipe)
        started = client.start(
            chosen.name,
            # The server may run in another folder, where a relative path names another place.
            data=str(data.absolute()) if data is not None else None,
            params=typed_params(chosen, params or []),
            experiment_name=experiment_name,
            workers=workers,
        )
        return started.run_id

    options = FollowOptions(url=url, is_detached=detach, plain=plain, shows_logs=logs)
    raise typer.Exit(start_and_follow(start, "training", options))
