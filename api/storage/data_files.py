"""Keeps the databases and logs in the data folder from other users of the machine."""

import os
from contextlib import suppress
from pathlib import Path

from tracking_plugin.data_folder import make_data_folder, protect_file
from tracking_plugin.private_files import PRIVATE_FILE

MLFLOW_DATABASE = "mlflow.db"
OWN_DATABASE = "fovea.db"
SERVER_LOG = "server.log"
LOGS = "logs"
PROJECTS = "projects"
"""The folder of the uploads of projects."""
NASA_TABLES = "nasa_tables"
"""The folder of tables that were fetched from NASA's archive."""

_OF_SQLITE = ("", "-journal", "-shm", "-wal")


def protect_data(data_dir: Path) -> None:
    """Make the data folder, and protect what earlier versions have written into it.

    Artifacts are left as they are: MLflow's artifact store decides about them.
    """
    folder = make_data_folder(data_dir)
    for database in (MLFLOW_DATABASE, OWN_DATABASE):
        for suffix in _OF_SQLITE:
            protect_file(folder / f"{database}{suffix}")
    protect_file(folder / SERVER_LOG)
    for log in (folder / LOGS).glob("*.log"):
        protect_file(log)


def create_database(path: Path) -> None:
    """Make an empty SQLite database for its owner alone, unless there is one: SQLite would let everybody read it.

    The files that SQLite adds to a database have the same permissions.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
