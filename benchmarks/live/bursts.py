"""A broadcasting application and its readers: a few events at a time, each time until all have them."""

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
class Audience:
    """A server with an application of `benchmarks.live.broadcast_apps`, and the sockets it tells."""

    server: Server
    sockets: Receivers

    def burst(self, num_events: int) -> float:
        """Seconds from the request to publish until the last socket has the last event.

        It begins when everything from before has been read, so that nobody falls behind.
        """
        expected = self.sockets.num_received() + num_events * self.sockets.num_sockets
        began = time.perf_counter()
        publish(self.server, num_events)
        return self.sockets.wait_for(expected).moment_s - began

    def message_bytes(self) -> int:
        return int(publish(self.server, 0)["message_bytes"])


def audience(server: Server, num_sockets: int, stack: ExitStack) -> Audience:
    sockets = stack.enter_context(receivers(f"{server.url}/ws", num_sockets))
    return Audience(server=server, sockets=sockets)


def publish(server: Server, num_events: int) -> Any:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.request("GET", f"/publish?events={num_events}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer
