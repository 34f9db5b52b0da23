"""Stage 1: reads the uploaded file."""

from pathlib import Path

from training.recipes.tables.config import TablesConfig
from training.recipes.tables.question_error import require_answered
from training.tables.reader import ReadTable, read_table

SHEET = "sheet"
"""Id of the question that a workbook of several sheets asks."""


class DataUpload:
    def run(self, config: TablesConfig, path: Path) -> ReadTable:
        """The table as the file has it. Raises TableError, also for a question without an answer."""
        return require_answered(read_table(path, sheet=config.answers.get(SHEET)))
