"""`fovea datasets`: the folders of images that trainings name by an id."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.options import Url
from api.cli.plain_text import NOTHING
from api.client import FoveaClient
from api.training_inputs.schemas import Dataset, DatasetKind
from tracking_plugin.printable import printable

_MAX_LISTED = 1000

commands = typer.Typer()
datasets = typer.Typer(
    help="Registered data sets: folders that trainings name by an id.", no_args_is_help=True
)
commands.add_typer(datasets, name="datasets")

DatasetId = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the data set.", show_default=False)
]


@datasets.command(
    "list",
    epilog="In a pipe, each data set is a line of tab-separated id, name, kind, images, captions, "
    "time of the count and path.",
)
def list_datasets(url: Url = None) -> None:
    """Show the data sets with the numbers of their last count."""
    with FoveaClient(url) as client:
        show(client.datasets(limit=_MAX_LISTED).entries, Console())


@datasets.command()
def add(
    name: Annotated[str, typer.Argument(help="A name that is free.", show_default=False)],
    path: Annotated[
        Path, typer.Argument(help="Folder on the server's machine.", show_default=False)
    ],
    kind: Annotated[
        DatasetKind, typer.Option(help="How it is laid out.")
    ] = DatasetKind.CAPTIONED_IMAGES,
    url: Url = None,
) -> None:
    """Register a folder, and count what is in it."""
    with FoveaClient(url) as client:
        show([client.add_dataset(name, str(path), kind=kind)], Console())


@datasets.command()
def count(dataset_id: DatasetId, url: Url = None) -> None:
    """Count images and captions again."""
    with FoveaClient(url) as client:
        show([client.count_dataset(dataset_id)], Console())


@datasets.command()
def rename(
    dataset_id: DatasetId,
    name: Annotated[str, typer.Argument(help="A name that is free.", show_default=False)],
    url: Url = None,
) -> None:
    """Give a data set another name."""
    with FoveaClient(url) as client:
        show([client.rename_dataset(dataset_id, name)], Console())


@datasets.command()
def delete(dataset_id: DatasetId, url: Url = None) -> None:
    """Forget a data set that no unfinished job uses; its files stay."""
    with FoveaClient(url) as client:
        client.delete_dataset(dataset_id)
    print(f"The data set {dataset_id} is forgotten; its files are where they were.")


def show(found: Iterable[Dataset], console: Console) -> None:
    """Print the data sets, and why numbers are not known."""
    entries = list(found)
    if not console.is_terminal:
        for entry in entries:
            print("\t".join(_fields(entry)), file=console.file)
    elif not entries:
        console.print("No data set is registered yet: `fovea datasets add NAME FOLDER`.")
    else:
        table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
        for heading in ("id", "name", "kind", "images", "captions", "counted", "path"):
            table.add_column(heading, no_wrap=heading != "path")
        for entry in entries:
            table.add_row(*map(Text, _fields(entry)))
        console.print(table)
    for entry in entries:
        if entry.unknown:
            line = f"{printable(entry.name)}: {printable(entry.unknown)}"
            Console(stderr=True).print(line, markup=False, soft_wrap=True)


def _fields(entry: Dataset) -> list[str]:
    return [
        str(entry.id),
        printable(entry.name),
        entry.kind,
        NOTHING if entry.num_images is None else str(entry.num_images),
        NOTHING if entry.num_captions is None else str(entry.num_captions),
        f"{entry.counted_at:%Y-%m-%dT%H:%M:%SZ}",
        printable(entry.path),
    ]
