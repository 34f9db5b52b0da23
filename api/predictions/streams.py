"""Writes predictions as NDJSON or CSV, part by part, for answers of any length."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator, Sequence

from api.errors import ApiError
from api.predictions.answers import class_names, model_version, row_predictions
from api.predictions.cells import cell_of
from api.predictions.schemas import Cell, RowPrediction
from api.predictions.service import Parts
from api.predictions.v1 import predictions_pb2 as v1

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings of a text that spreadsheets may execute."""


async def ndjson(parts: Parts) -> AsyncIterator[str]:
    """A line about the model, a line for each row, and a line with their number, or with the error.

    An answer without one of the last two is not complete.
    """
    count = 0
    try:
        async for part in parts:
            lines = [] if count else [_about(part)]
            lines += [row.model_dump_json() for row in row_predictions(part)]
            count += len(part.rows)
            yield "\n".join(lines) + "\n"
    except ApiError as error:
        # The response has begun, so its status can no longer say it.
        yield json.dumps({"error": str(error)}) + "\n"
    else:
        yield json.dumps({"count": count}) + "\n"


async def csv_rows(parts: Parts) -> AsyncIterator[str]:
    """A header and a line for each row. An error ends the response before its end.

    Texts that a spreadsheet would execute begin with an apostrophe.
    """
    is_first = True
    async for part in parts:
        rows = [_cells(row, part) for row in row_predictions(part)]
        yield _lines([_header(part), *rows] if is_first else rows)
        is_first = False


def escaped(cell: Cell) -> Cell:
    """A text that begins as a formula does gets an apostrophe, which spreadsheets do not show."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _about(part: v1.Predictions) -> str:
    return json.dumps(
        {
            "model": model_version(part.model).model_dump(),
            "target": part.target,
            "classes": [cell_of(value) for value in part.classes],
            "notes": list(part.notes),
        }
    )


def _header(part: v1.Predictions) -> list[str]:
    names = ["row", part.target, "confidence", "abstained"]
    names += [f"probability of {name}" for name in class_names(part)]
    names += ["warnings"]
    if part.HasField("explained"):
        names += ["reasons", "base value"]
        names += [f"contribution of {feature}" for feature in part.explained.features]
    return names


def _cells(row: RowPrediction, part: v1.Predictions) -> list[Cell]:
    cells: list[Cell] = [row.row, row.label, row.confidence, row.abstained]
    cells += (row.probabilities or {}).values()
    cells.append("; ".join(f"{it.column}: {it.text}" for it in row.warnings))
    if part.HasField("explained") and row.explanation is not None:
        cells += ["; ".join(row.explanation.reasons), row.explanation.base_value]
        cells += row.explanation.contributions.values()
    return cells


def _lines(rows: Sequence[Sequence[Cell]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(_escaped(row) for row in rows)
    return written.getvalue()


def _escaped(row: Sequence[Cell]) -> Iterator[Cell]:
    return (str(cell).lower() if isinstance(cell, bool) else escaped(cell) for cell in row)
