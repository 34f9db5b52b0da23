"""Publishes bursts of events on a broadcasting server, and waits until all sockets have received them."""

import http.client
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.harness.servers import Server
from benchmarks.live.receivers import Receivers, receivers


@dataclass(frozen=True, kw_only=True)
class BroadcastServer:
    """A server that runs an application of `benchmarks.live.broadcast_apps`, and its open sockets."""

    process: Server
    sockets: Receivers

    def burst(self, num_events: int) -> float:
        """Seconds from the request to publish until the last socket has the last event.

        Earlier events are read before it starts, so that no socket falls behind.
        """
        expected = self.sockets.num_received() + num_events * self.sockets.num_sockets
        began = time.perf_counter()
        publish(self.process, num_events)
        return self.sockets.wait_for(expected).moment_s - began

    def message_bytes(self) -> int:
        return int(publish(self.process, 0)["message_bytes"])


def broadcast_server(process: Server, num_sockets: int, stack: ExitStack) -> BroadcastServer:
    sockets = stack.enter_context(receivers(f"{process.url}/ws", num_sockets))
    return BroadcastServer(process=process, sockets=sockets)


def publish(server: Server, num_events: int) -> Any:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.request("GET", f"/publish?events={num_events}")
    response = json.loads(connection.getresponse().read())
    connection.close()
    return response
