"""Reads an uploaded file into a table, or says what is wrong with it."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from training.tables.errors import TableError, wrong_type
from training.tables.file_type import FileType, detect_file_type
from training.tables.files.excel import check_workbook_archive, read_sheet
from training.tables.files.json_lines import read_json_lines
from training.tables.files.parquet_table import read_parquet
from training.tables.files.text_format import TextFormat, find_text_format
from training.tables.files.text_table import TextTable
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.question import Question


@dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A table as the file has it: text formats have text columns, others typed ones.

    `column_types.type_columns` gives the text columns their types.
    """

    table: pa.Table
    file_type: FileType
    text_format: TextFormat | None = None
    sheet: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def decimal(self) -> str | None:
        """The decimal mark of numbers in texts, `.` or `,`. None if the file does not tell."""
        return None if self.text_format is None else self.text_format.decimal


def read_table(
    path: Path, *, limits: TableLimits = DEFAULT_LIMITS, sheet: str | None = None
) -> ReadTable | Question:
    """The table in the file at `path`; its type is found from its bytes.

    A question with the id `sheet` if a workbook has several sheets and `sheet` is None; the
    answer to it is `sheet`. Raises TableError for everything that is wrong with the file.
    """
    file_type = detect_file_type(path, limits)
    try:
        return _read(path, file_type, limits, sheet)
    except OSError as error:
        raise TableError(f"The file cannot be read: {error.strerror}.") from None


def _read(
    path: Path, file_type: FileType, limits: TableLimits, sheet: str | None
) -> ReadTable | Question:
    match file_type:
        case FileType.DELIMITED_TEXT:
            text_format = find_text_format(path)
            text = TextTable(path, text_format, limits)
            return ReadTable(
                table=text.read(),
                file_type=file_type,
                text_format=text_format,
                notes=(*text_format.notes, *text.notes),
            )
        case FileType.JSON_LINES:
            table, notes = read_json_lines(path, limits)
        case FileType.PARQUET:
            table, notes = read_parquet(path, limits)
        case FileType.IMAGE_ZIP:
            raise wrong_type("Expected a table, but the file is a ZIP archive of images.")
        case FileType.XLSX | FileType.XLS | FileType.ODS:
            return _read_workbook(path, file_type, limits, sheet)
    return ReadTable(table=table, file_type=file_type, notes=notes)


def _read_workbook(
    path: Path, file_type: FileType, limits: TableLimits, sheet: str | None
) -> ReadTable | Question:
    if file_type is not FileType.XLS:
        check_workbook_archive(path, limits)
    found = read_sheet(path, sheet, limits)
    if isinstance(found, Question):
        return found
    return ReadTable(table=found.table, file_type=file_type, sheet=found.name, notes=found.notes)
