"""The databases and logs of the data folder are their owner's alone."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from api.storage.data_files import create_database, protect_data


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_an_earlier_version_has_written_is_protected(tmp_path: Path) -> None:
    for name in ("mlflow.db", "fovea.db-wal", "server.log", "logs/run.log"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(0o644)
    tmp_path.chmod(0o755)
    protect_data(tmp_path)
    assert set(modes(tmp_path).values()) == {0o600}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_artifacts_and_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    for name in ("artifacts/model", "rules.yaml"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    protect_data(tmp_path)
    assert set(modes(tmp_path).values()) == {0o644}


def test_a_database_and_what_sqlite_adds_to_it_are_protected(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    create_database(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE runs (id)")
        connection.commit()
        assert modes(tmp_path) == dict.fromkeys(
            ("mlflow.db", "mlflow.db-shm", "mlflow.db-wal"), 384
        )
        create_database(path)
        assert connection.execute("SELECT * FROM runs").fetchall() == [], "it is kept"
