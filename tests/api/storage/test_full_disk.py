"""Errors of a full disk are told apart from others, wherever they come from."""

import errno
import sqlite3
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from api.storage.full_disk import means_full_disk


def full_database(folder: Path) -> OperationalError:
    """What SQLAlchemy raises for a SQLite database that cannot grow."""
    engine = create_engine(f"sqlite:///{folder / 'full.db'}")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
        connection.execute(text("PRAGMA max_page_count = 2"))
        with pytest.raises(OperationalError) as raised:
            connection.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))
    return raised.value


def test_a_full_disk_is_known_in_each_layer(tmp_path: Path) -> None:
    from_system = OSError(errno.ENOSPC, "No space left on device")
    from_database = full_database(tmp_path)
    assert means_full_disk(from_system)
    assert means_full_disk(from_database)
    for cause in (from_system, from_database):
        wrapped = MlflowException("INTERNAL")
        wrapped.__cause__ = cause
        assert means_full_disk(wrapped)


def test_other_errors_are_not_taken_for_it() -> None:
    assert not means_full_disk(OSError(errno.EACCES, "Permission denied"))
    assert not means_full_disk(TimeoutError())
    assert not means_full_disk(MlflowException("database is locked"))
    assert not means_full_disk(OperationalError("SELECT 1", {}, sqlite3.OperationalError("locked")))
