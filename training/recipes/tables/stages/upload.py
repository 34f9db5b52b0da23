"""Stage 1: reads the uploaded file."""

from pathlib import Path

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.question_error import require_answered
from training.tables.limits import limits_beside_streaming
from training.tables.reader import ReadTable, read_table

SHEET = "sheet"
"""Id of the question that a workbook of several sheets asks."""


class DataUpload:
    def __init__(self, memory_bytes: int) -> None:
        """`memory_bytes` is the size of a table above which it would be learned from in batches."""
        self._limits = limits_beside_streaming(memory_bytes)

    def run(self, config: TablesConfig, path: Path) -> ReadTable:
        """The table as the file has it. Raises TableError, also for a question without an answer."""
        return require_answered(
            read_table(path, limits=self._limits, sheet=config.answers.get(SHEET))
        )
