"""Fovea's tables are created and migrated, and outages of the database are reported."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import inspect, text

from api.errors import UnavailableError
from api.storage import database as database_module
from api.storage.database import Database, in_database
from api.storage.tables import metadata

VERSION_TABLE = "fovea_alembic_version"


@pytest.fixture
def database(database_uri: str) -> Iterator[Database]:
    database = Database(database_uri)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return {name for name in inspect(database.engine).get_table_names() if "fovea" in name}


def require_up_to_date(database: Database) -> None:
    options = {"include_object": lambda _, name, kind, *__: kind != "table" or "fovea" in name}
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={**options, "version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrations_create_the_tables_of_the_code(database: Database) -> None:
    database.migrate()
    assert tables(database) == {*metadata.tables, VERSION_TABLE}
    require_up_to_date(database)


def test_migrating_again_changes_no_data(database: Database) -> None:
    database.migrate()
    lease = "INSERT INTO fovea_leases (name, owner, expires_ms) VALUES ('jobs', 'me', 7)"
    with database.begin() as connection:
        connection.execute(text(lease))
    database.migrate()
    with database.read() as connection:
        assert connection.execute(text("SELECT owner FROM fovea_leases")).scalar_one() == "me"


def test_processes_that_migrate_at_the_same_time_migrate_once(
    database_uri: str, database: Database
) -> None:
    program = (
        "import sys; from api.storage.database import Database; Database(sys.argv[1]).migrate()"
    )
    arguments = [sys.executable, "-c", program, database_uri]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    require_up_to_date(database)


def test_mlflow_s_own_tables_and_migrations_are_unchanged(
    database_uri: str, tmp_path: Path
) -> None:
    store = SqlAlchemyStore(database_uri, str(tmp_path / "artifacts"))
    before = inspect(store.engine).get_table_names()
    database = Database(database_uri)
    database.migrate()
    require_up_to_date(database)
    database.close()
    after = inspect(store.engine).get_table_names()
    assert {name for name in after if "fovea" not in name} == set(before)
    store.engine.dispose()
    # MLflow checks that its migrations are those that it expects.
    SqlAlchemyStore(database_uri, str(tmp_path / "artifacts")).engine.dispose()


def test_a_failed_transaction_writes_nothing(database: Database) -> None:
    database.migrate()

    def fail() -> None:
        with database.begin() as connection:
            connection.execute(text("INSERT INTO fovea_leases VALUES ('jobs', 'me', 7)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fovea_leases")).scalar_one() == 0


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    database.migrate()
    with database.begin() as writing:
        writing.execute(text("INSERT INTO fovea_leases VALUES ('jobs', 'me', 7)"))
        with database.read() as reading:
            count = reading.execute(text("SELECT count(*) FROM fovea_leases")).scalar_one()
    assert count == 0


def test_a_writer_waits_for_another(database: Database) -> None:
    """On SQLite a transaction that has only read might otherwise not be able to write."""
    database.migrate()
    begun = threading.Event()

    def write() -> None:
        with database.begin() as connection:
            begun.set()
            connection.execute(text("INSERT INTO fovea_leases VALUES ('second', 'me', 7)"))

    thread = threading.Thread(target=write)
    with database.begin() as connection:
        connection.execute(text("SELECT count(*) FROM fovea_leases"))
        thread.start()
        connection.execute(text("INSERT INTO fovea_leases VALUES ('first', 'me', 7)"))
    thread.join(30)
    assert begun.is_set()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fovea_leases")).scalar_one() == 2


@pytest.mark.anyio
async def test_an_unreachable_database_is_reported_without_its_address(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'secret.db'}")

    def ask() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))

    with pytest.raises(UnavailableError, match="does not answer") as raised:
        await in_database(ask)
    assert "secret" not in str(raised.value)


@pytest.mark.anyio
async def test_a_database_that_never_responds_raises_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(database_module, "DEADLINE_S", 0.05)
    with pytest.raises(UnavailableError):
        await in_database(answers.wait)
    answers.set()


@pytest.mark.anyio
async def test_an_error_of_the_work_itself_is_not_an_outage() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_database(lambda: 1 // 0)
