"""Finds columns whose values repeat in a table, although they do not in its sample."""

from collections.abc import Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from training.tables.arrow_columns import one_array
from training.tables.columns.row_codes import cell_codes
from training.tables.large.sample import TableSample
from training.tables.large.statistics import DistinctSketch

MAX_DISTINCT_SHARE = 0.9
"""Above it, so few values repeat that they might be an error of the estimate."""


class RepeatedColumn(BaseModel):
    """A column that looks as if it named rows, but names groups of them."""

    model_config = ConfigDict(frozen=True)

    column: str
    num_groups: int
    """Estimated above `statistics.SKETCH_SIZE`."""
    num_rows: int
    """With a value."""

    @property
    def reason(self) -> str:
        return (
            f"its values repeat in the table, about {self.num_groups:,} in {self.num_rows:,} rows, "
            "although they do not in the sample"
        )


def find_repeated(sample: TableSample, columns: Sequence[str]) -> tuple[RepeatedColumn, ...]:
    """Those of the columns, all different in the sample, that repeat; the most groups first.

    Reads the table once, in bounded memory, unless the sample is all of it.
    """
    if not columns or len(sample.row_numbers) == sample.num_rows:
        return ()
    counts = {name: _Count() for name in columns}
    for batch in sample.source.batches():
        for name, count in counts.items():
            count.add(batch.table.column(name))
    found = [
        RepeatedColumn(column=name, num_groups=count.distinct.estimate, num_rows=count.num_rows)
        for name, count in counts.items()
        if count.distinct.estimate < MAX_DISTINCT_SHARE * count.num_rows
    ]
    return tuple(sorted(found, key=lambda item: -item.num_groups))


class _Count:
    def __init__(self) -> None:
        self.num_rows = 0
        self.distinct = DistinctSketch()

    def add(self, values: pa.ChunkedArray) -> None:
        present = one_array(values).drop_null()
        self.num_rows += len(present)
        self.distinct.add(cell_codes(present))
