"""Arguments and options that several `fovea` commands share."""

import math
from typing import Annotated

import typer

LOOPBACK = "127.0.0.1"

Run = Annotated[
    str | None,
    typer.Argument(help="Id, beginning of an id, or name of a run.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        "--server",
        help="Server; by default MLFLOW_TRACKING_URI, else http://127.0.0.1:5000.",
        show_default=False,
    ),
]


def _finite(number: float) -> float:
    """Raises BadParameter for "nan", which is neither below nor above a limit."""
    if not math.isfinite(number):
        raise typer.BadParameter(f"a finite number was expected, but {number} came")
    return number


TimeoutS = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=0,
        max=600,
        callback=_finite,
        help="Seconds to wait until every rank has acknowledged.",
    ),
]
ResponseTimeoutS = Annotated[
    float,
    typer.Option(
        "--timeout", min=0, max=600, callback=_finite, help="Seconds to wait for the run's answer."
    ),
]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
Plain = Annotated[
    bool, typer.Option("--plain", help="Print lines instead of a screen, as in a pipe.")
]
Logs = Annotated[bool, typer.Option("--logs", help="Also show what the run's job prints.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON.")]
