"""The error about an uploaded table, with the error code that the API answers."""

from enum import StrEnum

from training.errors import DataError


class TableErrorCode(StrEnum):
    """Codes of the projects API (`ErrorCode` in its documents)."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    INVALID_FILE_TYPE = "INVALID_FILE_TYPE"


class TableError(DataError):
    """A table cannot be used; the message says what was expected, what came and what to do.

    A message may quote names of columns and sheets, but no cell: cells may be about patients.
    """

    def __init__(
        self, message: str, code: TableErrorCode = TableErrorCode.VALIDATION_ERROR
    ) -> None:
        super().__init__(message)
        self.code = code


def too_large(message: str) -> TableError:
    """A TableError about a limit that the table exceeds."""
    return TableError(message, TableErrorCode.FILE_TOO_LARGE)


def wrong_type(message: str) -> TableError:
    """A TableError about a file of a type that is not read."""
    return TableError(message, TableErrorCode.INVALID_FILE_TYPE)
