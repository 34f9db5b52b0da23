"""`fovea status`: show the active and the newest runs, or one run."""

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.options import AsJson, Run, Url
from api.cli.plain_text import NOTHING, age, number
from api.cli.run_choice import SHORT_ID_LENGTH, active_runs, newest_runs, resolve_run
from api.cli.run_text import status_text
from api.cli.watch_screen import WatchScreen
from api.cli.watched_run import WatchedRun
from api.client import FoveaClient
from api.client.live import Link
from api.errors import ApiError
from api.live import metric_parts
from api.live.messages import InitialState, InitialStatePage
from api.runs.metric_roles import Role
from api.runs.schemas import RunSummary, TrainVal
from tracking_plugin.names import Metric
from tracking_plugin.printable import printable

NUM_RUNS = 20
MAX_RUNS = 1_000_000

_STATE_TIMEOUT_S = 15.0


commands = typer.Typer()


@commands.command(
    epilog="In a pipe, each run is a line of tab-separated id, status, epoch, step, loss, accuracy, "
    "alert, start and name; loss and accuracy are those of the validation split, if it has them."
)
def status(
    run: Run = None,
    url: Url = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_RUNS, help="Show at most so many of the newest runs.")
    ] = NUM_RUNS,
    *,
    all_runs: Annotated[bool, typer.Option("--all", help="Show all runs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the active and the newest runs, or one run."""
    with FoveaClient(url) as client:
        if run is None:
            show_runs(client, Console(), limit=MAX_RUNS if all_runs else limit, as_json=as_json)
        else:
            show_run(client, Console(), run, as_json=as_json)


def show_runs(
    client: FoveaClient, console: Console, *, as_json: bool, limit: int = NUM_RUNS
) -> None:
    """Print the active runs, then the newest others, at most `limit` of each."""
    active = active_runs(client, limit)
    newest = newest_runs(client, limit)
    known = {run.run_id for run in active}
    runs = [*active, *(run for run in newest.entries if run.run_id not in known)]
    if as_json:
        documents = [run.model_dump(mode="json") for run in runs]
        print(json.dumps(documents, indent=2), file=console.file)
    elif console.is_terminal:
        console.print(_table(runs, datetime.now(UTC)) if runs else "No runs yet.")
    else:
        for line in run_lines(runs):
            print(line, file=console.file)
    if num_left := newest.total - len(runs):
        Console(stderr=True).print(f"{num_left:,} more runs: `fovea status --all` shows them")


def show_run(client: FoveaClient, console: Console, name: str, *, as_json: bool) -> None:
    """Print one run, as the first message of the live stream describes it."""
    state = _state(client, resolve_run(client, name))
    if as_json:
        print(state.model_dump_json(indent=2), file=console.file)
        return
    run, now = WatchedRun(), datetime.now(UTC)
    run.link = Link(is_live=True, since=now)
    run.apply(state, now)
    console.print(WatchScreen(run, now, is_still=True))


def _state(client: FoveaClient, run_id: str) -> InitialState:
    """The state of a run with all its metrics, of which the first message may have only a page."""
    with closing(client.watch(run_id, give_up_after_s=_STATE_TIMEOUT_S)) as messages:
        first = next(messages)
        if not isinstance(first, InitialState):
            raise ApiError(
                f"{client.address.url} sent {first.type} first: expected initial_state, as servers of "
                "this version send it"
            )
        num_left = first.num_pages - 1
        while num_left > 0:
            if isinstance(page := next(messages), InitialStatePage):
                metric_parts.merge_page(first.metrics, page.metrics)
                num_left -= 1
    return first.model_copy(update={"num_pages": 1})


def _table(runs: Sequence[RunSummary], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("status", no_wrap=True)
    # In a narrow terminal only the names are cut.
    table.add_column("run")
    table.add_column("id", no_wrap=True)
    for heading in ("epoch", "step", "loss", "acc."):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("alert", "started"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        table.add_row(
            status_text(run.status),
            Text(printable(run.run_name, 40), no_wrap=True, overflow="ellipsis"),
            Text(run.run_id[:SHORT_ID_LENGTH]),
            *(Text(cell) for cell in _progress_cells(run)),
            Text(f"! {printable(run.alert, 12)}" if run.alert else "", "bold red"),
            Text(age(run.start_time, now)),
        )
    return table


def run_lines(runs: Iterable[RunSummary]) -> Iterable[str]:
    """Tab-separated: id, status, epoch, step, loss, accuracy, alert, start, name."""
    for run in runs:
        alert = printable(run.alert or NOTHING)
        started = f"{run.start_time:%Y-%m-%dT%H:%M:%SZ}" if run.start_time else NOTHING
        name = printable(run.run_name)
        yield "\t".join([run.run_id, run.status, *_progress_cells(run), alert, started, name])


def _progress_cells(run: RunSummary) -> list[str]:
    epoch = NOTHING if run.epoch is None else str(run.epoch)
    if run.epoch is not None and run.total_epochs is not None:
        epoch = f"{run.epoch}/{run.total_epochs}"
    return [
        epoch,
        NOTHING if run.step is None else str(run.step),
        _latest_value(run, run.loss, Metric.VAL_LOSS, Metric.TRAIN_LOSS)
        or _headline(run, Role.LOSS),
        _latest_value(run, run.accuracy, Metric.VAL_ACCURACY, Metric.TRAIN_ACCURACY)
        or _headline(run, Role.ACCURACY),
    ]


def _latest_value(run: RunSummary, values: TrainVal, val: Metric, train: Metric) -> str:
    """The value of the validation split, else of the training split; empty without both."""
    for name, value in ((val, values.val), (train, values.train)):
        if name in run.not_finite:
            return str(run.not_finite[name])
        if value is not None:
            return number(value)
    return ""


def _headline(run: RunSummary, role: Role) -> str:
    """The main value of that kind, by the name of another program."""
    found = next((each for each in run.headlines if each.role is role), None)
    if found is None:
        return NOTHING
    return str(found.not_finite) if found.value is None else number(found.value)
