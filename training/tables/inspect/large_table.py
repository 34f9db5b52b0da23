"""Takes the sample of a table that needs more memory than the limit, as its pipeline will."""

import tempfile
from dataclasses import replace
from pathlib import Path

from training.tables.errors import TableError
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.sample import TableSample, draw_sample
from training.tables.large.settings import DEFAULT_SETTINGS, MIN_MEMORY_BYTES
from training.tables.large.source import needs_streaming, open_source
from training.tables.limits import TableLimits


def sample_of(
    path: Path, memory_bytes: int, limits: TableLimits, *, date: str | None
) -> TableSample | None:
    """The sample of the table in the file; None if all of it can be read at once.

    Raises TableError for a fault in the file, and for a `date`, by which rows cannot be divided.
    """
    if not needs_streaming(path, memory_bytes, limits):
        return None
    if date:
        raise TableError(
            "Expected no column of dates to divide the rows by: a table that needs more memory "
            "than FOVEA_TABLE_MEMORY_BYTES is not divided by time. Raise it, or give fewer rows."
        )
    max_bytes = MemoryPlan(max(MIN_MEMORY_BYTES, memory_bytes)).sample_bytes
    with tempfile.TemporaryDirectory(prefix="fovea-inspect-") as folder:
        sample = draw_sample(
            open_source(path, limits),
            Path(folder),
            max_rows=DEFAULT_SETTINGS.max_sample_rows,
            max_bytes=max_bytes,
            copies_text=False,
            limits=limits,
        )
    said = f"These are {len(sample.row_numbers):,} of {sample.num_rows:,} rows, drawn at random."
    return replace(sample, read=replace(sample.read, notes=(said, *sample.read.notes)))
