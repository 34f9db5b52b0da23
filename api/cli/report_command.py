"""`fovea report`: save a report on a run, on several runs or on a project as a page of HTML."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Url
from api.cli.run_choice import resolve_run
from api.client import FoveaClient
from api.client.report_page import ReportPage
from api.errors import ApiError
from api.reports.schemas import Language
from tracking_plugin.printable import printable

commands = typer.Typer()

STANDARD_OUTPUT = "-"


class ReportFileError(ApiError):
    """The page cannot be saved, or it is not clear of what."""


@commands.command(
    epilog="The page holds everything that it shows, and prints to PDF from any browser."
)
def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN…",
            help="Id, beginning of an id, or name of each run; several are compared.",
            show_default=False,
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Report on this project instead.", show_default=False),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where to save the page, - to print it; by default a new file in this folder.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[Language, typer.Option(help="Of the report's own texts.")] = Language.EN,
    url: Url = None,
    *,
    store: Annotated[
        bool, typer.Option("--store", help="Also keep it as an artifact of the (first) run.")
    ] = False,
) -> None:
    """Save a report: a model card of a run or a project, or a comparison of runs."""
    if (project is None) == (not runs):
        raise ReportFileError("Either the names of runs or --project was expected")
    with FoveaClient(url) as client:
        if project is not None:
            page = client.project_report(project, language=language, store=store)
        else:
            ids = [resolve_run(client, name) for name in runs or ()]
            page = client.report(ids, language=language, store=store)
    _save(page, output)


def _save(page: ReportPage, output: str | None) -> None:
    if output == STANDARD_OUTPUT:
        print(page.html)
        return
    path = Path(output or page.file_name)
    try:
        path.write_text(page.html, encoding="utf-8")
    except OSError as error:
        raise ReportFileError(
            f"The report cannot be saved as {printable(str(path))}: {error.strerror}"
        ) from None
    print(f"Report: {path}")
    if page.stored_as is not None:
        print(f"Stored: {page.stored_as}")
