"""`fovea queue`: the jobs that run, and those that wait for GPUs or CPUs."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.options import AsJson, Url
from api.cli.plain_text import NOTHING, age
from api.cli.run_choice import SHORT_ID_LENGTH, resolve_run
from api.client import FoveaClient
from api.jobs.schemas import JobQueue, QueuePlace
from tracking_plugin.printable import printable

commands = typer.Typer()


@commands.command(
    epilog="In a pipe, each job is a line of tab-separated queue, place (0 if it runs), id, type, "
    "priority, slots and time."
)
def queue(
    job: Annotated[
        str | None,
        typer.Option("--job", help="Id or beginning of the id of a job that waits."),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="Priority to give to that job; 9 comes first."),
    ] = None,
    url: Url = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show which jobs run and which wait, or give one that waits another priority."""
    if (job is None) != (priority is None):
        raise typer.BadParameter("give --job and --priority together")
    with FoveaClient(url) as client:
        if job is not None and priority is not None:
            client.set_priority(resolve_run(client, job), priority)
        show_queues(client.queues(), Console(), as_json=as_json)


def show_queues(queues: Sequence[JobQueue], console: Console, *, as_json: bool) -> None:
    """Print the queues; those without a job are left out."""
    rows = list(_rows(queues))
    if as_json:
        documents = [found.model_dump(mode="json") for found in queues]
        print(json.dumps(documents, indent=2), file=console.file)
    elif not console.is_terminal:
        for found, place in rows:
            print("\t".join(_fields(found, place)), file=console.file)
    elif not rows:
        console.print("No job runs, and none waits.")
    else:
        console.print(_table(rows))


def _rows(queues: Sequence[JobQueue]) -> Iterator[tuple[JobQueue, QueuePlace]]:
    for found in queues:
        for place in (*found.running, *found.waiting):
            yield found, place


def _fields(found: JobQueue, place: QueuePlace) -> list[str]:
    return [
        found.pool,
        str(place.position or 0),
        place.job_id or NOTHING,
        printable(place.type or NOTHING),
        str(place.priority),
        str(place.num_slots),
        f"{place.since:%Y-%m-%dT%H:%M:%SZ}",
    ]


def _table(rows: Sequence[tuple[JobQueue, QueuePlace]]) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for heading in ("queue", "place", "job", "type", "priority", "slots", "since"):
        table.add_column(heading, no_wrap=True)
    now = datetime.now(UTC)
    for found, place in rows:
        table.add_row(
            found.pool.upper(),
            "runs" if place.position is None else str(place.position),
            (place.job_id or NOTHING)[:SHORT_ID_LENGTH],
            Text(printable(place.type or NOTHING, 24)),
            str(place.priority),
            f"{place.num_slots} of {'?' if found.num_slots is None else found.num_slots}",
            age(place.since, now),
        )
    return table
