"""Counts the rows and bytes of a table while it is read, against its limits."""

from training.tables.errors import too_large
from training.tables.limits import TableLimits


class MemoryBudget:
    """Of one table; `limits` is what it may use."""

    def __init__(self, limits: TableLimits) -> None:
        self.limits = limits
        self.num_rows = 0
        self.num_bytes = 0

    def add(self, num_rows: int, num_bytes: int) -> None:
        """Count a part of the table. Raises TableError past a limit."""
        self.num_rows += num_rows
        self.num_bytes += num_bytes
        if self.num_rows > self.limits.max_rows:
            raise too_large(
                f"The table has more than {self.limits.max_rows:,} rows, the limit for rows."
            )
        if self.num_bytes > self.limits.max_memory_bytes:
            raise too_large(
                f"After {self.num_rows:,} rows the table needs more than "
                f"{self.limits.max_memory_bytes:,} bytes of memory, the limit for a table. "
                "Upload fewer rows or columns, or raise the limit."
            )


def cell_too_long(place: str, limits: TableLimits) -> Exception:
    """The error about a cell that exceeds the limit."""
    return too_large(
        f"{place} has a cell of more than {limits.max_cell_chars:,} characters, the limit for a "
        "cell."
    )
