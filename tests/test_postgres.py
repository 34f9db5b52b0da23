"""The server that tests share is there for the next test, whatever has become of it."""

import os
import signal

import psutil
import pytest
from sqlalchemy import create_engine, text

from tests.postgres import postgres_server


def test_a_server_that_was_killed_is_started_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as postgres:
        template = postgres.new_database()
        process = psutil.Process(postgres.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        with pytest.warns(RuntimeWarning, match="PostgreSQL had died"):
            uri = postgres.new_database(like=template)
        engine = create_engine(uri)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()
