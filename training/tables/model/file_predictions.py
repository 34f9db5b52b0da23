"""Predicts the rows of a file part by part, in a bounded amount of memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.tables.errors import TableError
from training.tables.file_type import FileType, detect_file_type
from training.tables.large.source import open_source
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.model.predictions import TablePredictions
from training.tables.model.table_model import NUM_REASONS, TableModel, rows_from_table
from training.tables.printable import name_list
from training.tables.question import Question
from training.tables.reader import ReadTable, read_table

MAX_ROWS = 8192
"""Of a part."""
MAX_CELLS = 400_000
MAX_EXPLAINED_CELLS = 50_000
"""Rows times columns, or features that are explained, of a part."""
_STREAMED = (FileType.DELIMITED_TEXT, FileType.PARQUET)


def predict_file(
    model: TableModel,
    path: Path,
    *,
    explain: bool = False,
    top: int = NUM_REASONS,
    sheet: str | None = None,
    limits: TableLimits = DEFAULT_LIMITS,
) -> Iterator[TablePredictions]:
    """The answers for the rows of a file, in its order.

    Delimited text and Parquet files may exceed the memory limit, because only a part is read at a
    time; JSON Lines and workbooks are read whole. A workbook of several sheets takes a `sheet`.

    Raises TableError, which names row and column where a cell cannot be read. Parts before that
    row have been answered by then.
    """
    parts = read_parts(path, sheet=sheet, limits=limits)
    yield from predict_parts(model, parts, explain=explain, top=top)


def predict_parts(
    model: TableModel, parts: Iterable[ReadTable], *, explain: bool = False, top: int = NUM_REASONS
) -> Iterator[TablePredictions]:
    """The answers for the rows of all parts, whose numbers continue from part to part."""
    max_rows = _max_rows(model, explain=explain)
    first_row = 1
    for part in parts:
        for start in range(0, part.table.num_rows, max_rows):
            piece = _slice(part, start, max_rows)
            rows = rows_from_table(model, piece, first_row=first_row)
            yield model.predict(rows, explain=explain, top=top, first_row=first_row)
            first_row += piece.table.num_rows
    if first_row == 1:
        raise TableError("Expected rows to predict, but the file has none below its header.")


def read_parts(
    path: Path, *, sheet: str | None = None, limits: TableLimits = DEFAULT_LIMITS
) -> Iterator[ReadTable]:
    """The table in the file in parts. Raises TableError for everything that is wrong with it."""
    if detect_file_type(path, limits) not in _STREAMED:
        yield _whole(path, limits, sheet)
        return
    try:
        yield from open_source(path, limits).batches()
    except OSError as error:
        raise TableError(f"The file cannot be read: {error.strerror}.") from None


def _whole(path: Path, limits: TableLimits, sheet: str | None) -> ReadTable:
    read = read_table(path, limits=limits, sheet=sheet)
    if isinstance(read, Question):
        raise TableError(
            f"The workbook has several sheets: {name_list(list(read.options))}. Name one of them."
        )
    return read


def _max_rows(model: TableModel, *, explain: bool) -> int:
    num_columns = max(1, len(model.inputs))
    if not explain:
        return max(1, min(MAX_ROWS, MAX_CELLS // num_columns))
    num_features = max(num_columns, len(model.encoder.features))
    return max(1, min(MAX_ROWS, MAX_EXPLAINED_CELLS // num_features))


def _slice(part: ReadTable, start: int, num_rows: int) -> ReadTable:
    return ReadTable(
        table=part.table.slice(start, num_rows),
        file_type=part.file_type,
        text_format=part.text_format,
    )
