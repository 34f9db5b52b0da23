"""An MLflow database with all tables and no content, copied for each server of the tests.

MLflow makes its tables by dozens of migrations, which take seconds of a server's first start.
"""

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_MAKE_TABLES = """
import sys
from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine
_initialize_tables(create_sqlalchemy_engine(sys.argv[1]))
"""
_NAME = "mlflow.db"
_DEADLINE_S = 120


def copy_empty_database(destination: Path) -> None:
    """Write a SQLite database as MLflow makes it, before any experiment, to `destination`."""
    shutil.copyfile(Path(_template().name) / _NAME, destination)


def new_store(folder: Path) -> str:
    """The address of a new, empty MLflow store in the folder."""
    path = folder / _NAME
    copy_empty_database(path)
    return f"sqlite:///{path}"


@functools.cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    """The folder of the database; the end of this process removes it."""
    folder = tempfile.TemporaryDirectory(prefix="mlflow-tables-")
    subprocess.run(
        [sys.executable, "-c", _MAKE_TABLES, f"sqlite:///{Path(folder.name) / _NAME}"],
        check=True,
        capture_output=True,
        timeout=_DEADLINE_S,
    )
    return folder
