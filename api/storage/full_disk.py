"""Tells whether an error means that the server's disk is full."""

import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from api.errors import StorageFullError
from tracking_plugin.full_disk import is_of_full_disk

_SQLITE_CODES = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
"""The second one is of the index of SQLite's log, which could not grow."""


def means_full_disk(error: BaseException) -> bool:
    """Whether the error, or one that it was raised from, is of a disk without room."""
    return any(_is_of_full_disk(it) for it in _chain(error))


def disk_full() -> StorageFullError:
    return StorageFullError(
        "The server's disk has no room for this request: remove projects, or free space in "
        "FOVEA_DATA_DIR"
    )


def _is_of_full_disk(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _SQLITE_CODES
    return isinstance(error, OSError) and is_of_full_disk(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: list[BaseException] = [error]
    for it in found:
        of_driver = it.orig if isinstance(it, DBAPIError) else None
        found += [
            next_one
            for next_one in (of_driver, it.__cause__, it.__context__)
            if next_one is not None and not any(next_one is known for known in found)
        ]
        yield it
