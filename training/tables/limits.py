"""The limits within which an uploaded table is read."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class TableLimits:
    """Limits of one table. Exceeding one is a TableError with the code FILE_TOO_LARGE."""

    max_memory_bytes: int = 2**30
    """Of the table in memory, as Arrow columns."""
    max_rows: int = 100_000_000
    max_columns: int = 10_000
    max_cell_chars: int = 100_000
    max_zip_entries: int = 200_000
    max_inflated_bytes: int = 4 * 2**30
    """Of all files in a ZIP archive, unpacked. An Excel workbook is one, too."""
    max_inflate_ratio: int = 200
    """Unpacked size to packed size of an archive. Applies above `ALWAYS_INFLATED_BYTES`."""
    max_excel_seconds: int = 120
    """CPU time for reading an Excel workbook."""


ALWAYS_INFLATED_BYTES = 32 * 2**20
"""Small archives of repetitive text have a high ratio and do no harm."""

DEFAULT_LIMITS = TableLimits()


def limits_beside_streaming(memory_bytes: int) -> TableLimits:
    """The limits of tables that need at most `memory_bytes`; larger ones are read in batches.

    What a table needs is estimated from its first rows, so it may turn out to need more.
    """
    max_bytes = max(DEFAULT_LIMITS.max_memory_bytes, 2 * memory_bytes)
    return replace(DEFAULT_LIMITS, max_memory_bytes=max_bytes)
