"""An MLflow database with all tables and no content, copied for each server of the tests.

MLflow makes its tables by dozens of migrations, which take seconds of a server's first start.
"""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MAKE_TABLES = """
import sys
from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine
_initialize_tables(create_sqlalchemy_engine(sys.argv[1]))
"""
_NAME = "mlflow.db"
SHARED_FOLDER = "FOVEA_TESTS_FOLDER"
"""The variable that names a folder of this run of the tests, where its processes share the database."""
_DEADLINE_S = 120


def copy_empty_database(destination: Path) -> None:
    """Write a SQLite database as MLflow makes it, before any experiment, to `destination`."""
    shutil.copyfile(_empty_database(), destination)


def new_store(folder: Path) -> str:
    """The address of a new, empty MLflow store in the folder."""
    path = folder / _NAME
    copy_empty_database(path)
    return f"sqlite:///{path}"


@functools.cache
def _empty_database() -> Path:
    """The database to copy, which the first process that needs it makes."""
    folder = Path(os.environ.get(SHARED_FOLDER) or _own_folder().name)
    made = folder / _NAME
    with _locked(folder / f"{_NAME}.lock"):
        if not made.exists():
            unfinished = folder / f"unfinished-{_NAME}"
            subprocess.run(
                [sys.executable, "-c", _MAKE_TABLES, f"sqlite:///{unfinished}"],
                check=True,
                capture_output=True,
                timeout=_DEADLINE_S,
            )
            unfinished.rename(made)
    return made


@functools.cache
def _own_folder() -> "tempfile.TemporaryDirectory[str]":
    """A folder that the end of this process removes."""
    return tempfile.TemporaryDirectory(prefix="mlflow-tables-")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The only process inside; the maker's own deadline limits how long another waits."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
