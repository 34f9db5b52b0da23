"""Measures the memory of idle sockets, and the effect of a stalled reader on the server and the others.

    .venv/bin/python -m benchmarks.live_memory

The hub's sockets are compared with those of a bare uvicorn. Then two servers with a hub each send the
same messages to 100 sockets, in alternation; at one of them a further socket reads nothing.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import Server, asgi_server
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.bursts import BroadcastServer, broadcast_server
from benchmarks.live.receivers import receivers
from benchmarks.live.websocket_frames import begin_handshake, finish_handshake

IDLE_SOCKETS = (1000, 2000)
WARM_UP_SOCKETS = 50
READING_SOCKETS = 100
NUM_MESSAGES = 20_000
MESSAGES_A_ROUND = 1000
MESSAGES_A_BURST = 5
APPLICATIONS = {"bare uvicorn": "bare_app", "hub": "fovea_app"}


@dataclass(kw_only=True)
class Variant:
    name: str
    server: BroadcastServer
    rss_before_bytes: int
    max_rss_bytes: int = 0
    bursts_s: list[float] = field(default_factory=list)
    medians_s: list[float] = field(default_factory=list)


def main() -> None:
    pin_to(CLIENT_CORE)
    with temporary_folder() as folder:
        measure_idle_sockets(folder)
        measure_stalled_reader(folder)


def measure_idle_sockets(folder: Path) -> None:
    rows = []
    for name, factory in APPLICATIONS.items():
        with asgi_server(f"benchmarks.live.broadcast_apps:{factory}", folder) as server:
            rows.append([name, *(f"{kib:.1f} KiB" for kib in kib_per_socket(server))])
    print_table(("memory of an idle socket", *(f"{n} sockets" for n in IDLE_SOCKETS)), rows)


def kib_per_socket(server: Server) -> Iterator[float]:
    url = f"{server.url}/ws"
    with receivers(url, WARM_UP_SOCKETS), ExitStack() as stack:
        before, num_open = server.rss_bytes(), 0
        for num_sockets in IDLE_SOCKETS:
            stack.enter_context(receivers(url, num_sockets - num_open)).settle()
            num_open = num_sockets
            yield (server.rss_bytes() - before) / num_open / 1024


def measure_stalled_reader(folder: Path) -> None:
    with ExitStack() as stack:
        all_read = variant("all read", folder, stack)
        one_stalls = variant("one reads nothing", folder, stack)
        stack.enter_context(stalled(f"{one_stalls.server.process.url}/ws"))
        for each in interleaved((all_read, one_stalls), NUM_MESSAGES // MESSAGES_A_ROUND):
            measure(each)
    heads = (f"{READING_SOCKETS} sockets", "burst at all sockets, p50", "p99", "server's growth")
    print_table(heads, [row(each) for each in (all_read, one_stalls)])
    slowed = ratios(one_stalls.medians_s, all_read.medians_s)
    print(f"one reads nothing / all read, round by round: {spread(slowed)}")


def variant(name: str, folder: Path, stack: ExitStack) -> Variant:
    process = stack.enter_context(asgi_server("benchmarks.live.broadcast_apps:fovea_app", folder))
    server = broadcast_server(process, READING_SOCKETS, stack)
    server.burst(MESSAGES_A_BURST)
    server.sockets.settle()
    return Variant(name=name, server=server, rss_before_bytes=process.rss_bytes())


@contextmanager
def stalled(url: str) -> Iterator[None]:
    connection: socket.socket = begin_handshake(url, receive_buffer_bytes=4096)
    finish_handshake(connection)
    with connection:
        yield


def measure(each: Variant) -> None:
    num_bursts = MESSAGES_A_ROUND // MESSAGES_A_BURST
    bursts_s = [each.server.burst(MESSAGES_A_BURST) for _ in range(num_bursts)]
    each.bursts_s += bursts_s
    each.medians_s.append(percentile(bursts_s, 50))
    each.max_rss_bytes = max(each.max_rss_bytes, each.server.process.rss_bytes())


def row(each: Variant) -> list[str]:
    bursts = (percentile(each.bursts_s, 50), percentile(each.bursts_s, 99))
    grown_mib = (each.max_rss_bytes - each.rss_before_bytes) / 2**20
    return [each.name, *map(ms, bursts), f"{grown_mib:.1f} MiB"]


if __name__ == "__main__":
    main()
