"""The database of Fovea's own tables: MLflow's database, unless another is configured."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.errors import UnavailableError
from api.pages import Listed, Page
from api.settings import Settings
from api.storage.data_files import OWN_DATABASE, create_database
from api.storage.full_disk import disk_full, means_full_disk
from tracking_plugin.data_folder import make_data_folder

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"

DEADLINE_S = 30.0
_BUSY_TIMEOUT_S = 20
_MIGRATION_LOCK = 0x466F766561
"""The key of PostgreSQL's advisory lock: the letters FoVea."""


class Database:
    """Connections to the database; each `with` block is one transaction."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that writes; SQLite allows one at a time, including those of MLflow."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; it does not wait for writers."""
        with self.engine.connect().execution_options(is_reading=True) as connection:
            yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to `revision`, by default the newest; several processes may do so at once."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def close(self) -> None:
        self.engine.dispose()


async def in_database(work: Callable[[], T]) -> T:
    """Run blocking `work` in a thread.

    Raises UnavailableError if the database is unreachable, StorageFullError if its disk is full.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await asyncio.to_thread(work)
    except (OperationalError, InterfaceError, PoolTimeoutError, TimeoutError) as error:
        if means_full_disk(error):
            raise disk_full() from None
        # The original message may contain the address of the database.
        raise UnavailableError("Fovea's database does not answer: try again later") from None


def page_of(
    connection: Connection, wanted: Select[Any], page: Page, read: Callable[[Row[Any]], T]
) -> Listed[T]:
    """A page of the rows that `wanted` selects, each converted by `read`."""
    unpaged = wanted.order_by(None).subquery()
    total = connection.execute(select(func.count()).select_from(unpaged)).scalar_one()
    rows = connection.execute(wanted.limit(page.limit).offset(page.offset))
    return Listed([read(row) for row in rows], int(total))


def database_url(settings: Settings) -> str:
    """The configured URL, else MLflow's database, else a file in the data folder."""
    if settings.database_url:
        return settings.database_url
    store = _get_tracking_store()
    if isinstance(store, SqlAlchemyStore):
        return str(store.engine.url.render_as_string(hide_password=False))
    # MLflow stores its runs in files.
    path = make_data_folder(settings.data_dir) / OWN_DATABASE
    create_database(path)
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_timeout=_BUSY_TIMEOUT_S)
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S})
    # The driver would begin a transaction at its first write, and could then fail instead of
    # waiting for another one to end: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html
    event.listen(
        engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None)
    )
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
