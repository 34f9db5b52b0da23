"""`fovea train`: have the server train, and watch that."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.cli.recipe_params import chosen_recipe, typed_params
from api.cli.run_choice import SHORT_ID_LENGTH
from api.cli.watch_command import INTERRUPTED, WatchRequest, run_watch
from api.client import FoveaClient


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What the caller of `fovea train` asked for; None leaves a choice to the server."""

    recipe: str
    data: Path | None
    params: Sequence[str]
    workers: int | None
    experiment_name: str | None
    url: str | None
    is_detached: bool
    plain: bool
    shows_logs: bool


def run_train(request: TrainRequest) -> int:
    """Start the training and follow it to its end; the exit code is that of `fovea watch`."""
    try:
        run_id = _started(request)
    except KeyboardInterrupt:
        print(
            "fovea: left before the server had answered: `fovea status` shows whether it trains",
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
            wanted=run_id,
            url=request.url,
            plain=request.plain,
            shows_logs=request.shows_logs,
            farewell=f"the training goes on: `fovea watch {short_id}` follows it again, "
            f"`fovea stop {short_id}` stops it",
        )
    )


def _started(request: TrainRequest) -> str:
    with FoveaClient(request.url) as client:
        recipe = chosen_recipe(client.recipes(), request.recipe)
        started = client.start(
            recipe.name,
            # The server may have been started in another folder.
            data=str(request.data.absolute()) if request.data is not None else None,
            params=typed_params(recipe, request.params),
            experiment_name=request.experiment_name,
            workers=request.workers,
        )
    return started.run_id
