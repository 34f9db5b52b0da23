"""`fovea evaluate`: score a run's best model on the server, follow it, and link to the report."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.job_follower import FollowOptions, start_and_follow
from api.cli.options import Plain, Url
from api.cli.run_choice import resolve_run
from api.client import FoveaClient
from api.client.request import drop_none

commands = typer.Typer()


class Split(StrEnum):
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@commands.command(
    epilog="Ends with 0 only if the evaluation has FINISHED, and as `fovea watch` does otherwise. "
    "Ctrl-C leaves the evaluation running."
)
def evaluate(  # noqa: PLR0913 - a command's options are its arguments
    run: Annotated[
        str,
        typer.Argument(help="Id, beginning of an id, or name of the run.", show_default=False),
    ],
    split: Annotated[Split, typer.Option(help="Part of the data set to score on.")] = Split.TEST,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Data set of the same classes, where the server's jobs run; default: the one "
            "that the run was trained on."
        ),
    ] = None,
    modality: Annotated[str | None, typer.Option(help="fundus, oct or all; default: all.")] = None,
    url: Url = None,
    *,
    tta: Annotated[
        bool, typer.Option("--tta", help="Average over each image and its mirror image.")
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow/--detach", help="Follow the evaluation, or print its run's id and return."
        ),
    ] = True,
    plain: Plain = False,
    logs: Annotated[
        bool, typer.Option("--logs/--no-logs", help="Show what the evaluation prints.")
    ] = True,
) -> None:
    """Score a run's best model on the server; the report becomes part of that run."""

    def start(client: FoveaClient) -> str:
        job = client.evaluate(
            resolve_run(client, run),
            # The server may run in another folder, where a relative path names another place.
            data=str(data.absolute()) if data is not None else None,
            split=split,
            params=drop_none(modality=modality, tta=tta or None),
        )
        return job.run_id

    options = FollowOptions(url=url, is_detached=not follow, plain=plain, shows_logs=logs)
    raise typer.Exit(start_and_follow(start, "evaluation", options, _print_links))


def _print_links(client: FoveaClient, job_id: str) -> None:
    for link in client.evaluation_reports(job_id):
        print(f"Report:    {link}")
    evaluated = client.job(job_id).config["run_id"]
    print(f"Dashboard: {client.address.url}/monitor/#/runs/{evaluated}")
