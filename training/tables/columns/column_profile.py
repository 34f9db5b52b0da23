"""Summarises the values of one column."""

import math

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from training.tables.arrow_columns import is_date, is_number, is_text
from training.tables.descriptions import ColumnDescription, ColumnKind
from training.tables.printable import printable

NUM_TOP_VALUES = 10
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_EXACT_ROWS = 5_000_000
"""Distinct values and quantiles of longer columns are those of the first so many rows."""


class _Profile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TopValue(_Profile):
    """A frequent value, printable and truncated."""

    value: str
    count: int


class ProblemProfile(_Profile):
    """The first cell that does not fit its column; `row` is counted from 1 below the header."""

    row: int
    text: str
    num_cells: int


class ColumnProfile(_Profile):
    """One column. Numbers have minimum to quantiles, dates have first and last, others neither."""

    name: str
    kind: ColumnKind
    unit: str | None
    num_missing: int
    missing_markers: tuple[str, ...]
    num_distinct: int
    is_distinct_exact: bool
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    quantiles: dict[str, float] = {}
    """By `0.05` and so on, interpolated linearly."""
    first: str | None = None
    last: str | None = None
    top_values: tuple[TopValue, ...] = ()
    problem: ProblemProfile | None = None
    notes: tuple[str, ...] = ()


def profile_column(values: pa.Array, description: ColumnDescription) -> ColumnProfile:
    """The profile of a column of a typed table. Takes time linear in the number of its cells."""
    part = values.slice(0, MAX_EXACT_ROWS)
    problem = description.problem
    common = ColumnProfile(
        name=description.name,
        kind=description.kind,
        unit=description.unit,
        num_missing=description.num_missing,
        missing_markers=description.missing_markers,
        num_distinct=int(pc.count_distinct(part, mode="only_valid").as_py()),
        is_distinct_exact=len(part) == len(values),
        problem=None
        if problem is None
        else ProblemProfile(row=problem.row, text=problem.text, num_cells=problem.num_cells),
        notes=description.notes,
    )
    return common.model_copy(update=_values(values, part, description.kind))


def _values(values: pa.Array, part: pa.Array, kind: ColumnKind) -> dict[str, object]:
    if values.null_count == len(values):
        return {}
    if is_number(values.type):
        return _numbers(values, part)
    if is_date(values.type):
        bounds = pc.min_max(values)
        return {"first": _date_text(bounds["min"]), "last": _date_text(bounds["max"])}
    if is_text(values.type) and kind is not ColumnKind.CATEGORY:
        return {}
    return {"top_values": _top_values(part)}


def _numbers(values: pa.Array, part: pa.Array) -> dict[str, object]:
    bounds = pc.min_max(values).as_py()
    mean = float(pc.mean(pc.cast(values, pa.float64())).as_py())
    quantiles = pc.quantile(part, q=list(QUANTILES)).to_pylist()
    return {
        "minimum": float(bounds["min"]),
        "maximum": float(bounds["max"]),
        # The sum of very large numbers may exceed what a float holds.
        "mean": mean if math.isfinite(mean) else None,
        "quantiles": {
            str(q): value
            for q, value in zip(QUANTILES, quantiles, strict=True)
            if value is not None and math.isfinite(value)
        },
    }


def _date_text(moment: pa.Scalar) -> str:
    return str(pc.cast(moment, pa.string()).as_py())


def _top_values(values: pa.Array) -> tuple[TopValue, ...]:
    counts = pc.value_counts(pc.cast(values.drop_null(), pa.string()))
    pairs = zip(counts.field(1).to_pylist(), counts.field(0).to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))
    return tuple(
        TopValue(value=printable(text), count=count) for count, text in ordered[:NUM_TOP_VALUES]
    )
