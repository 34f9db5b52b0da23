"""Compares the hub with a bare uvicorn loop at sending one event to a thousand sockets.

    .venv/bin/python -m benchmarks.live_fanout [--sockets 1000]

Both servers run all the time on one core and are measured in alternation; their readers run on another.
A burst of events is published once all sockets have read the one before, so no socket falls behind.
"""

import argparse
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import asgi_server
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.bursts import BroadcastServer, broadcast_server

NUM_ROUNDS = 16
BURSTS_A_ROUND = 8
EVENTS_A_BURST = 10
SINGLE_EVENTS_A_ROUND = 10
TARGET = 0.90
APPLICATIONS = {
    "bare uvicorn loop": "benchmarks.live.broadcast_apps:bare_app",
    "hub": "benchmarks.live.broadcast_apps:fovea_app",
}


@dataclass(kw_only=True)
class Variant:
    """A server with its sockets, and its measurements by round."""

    name: str
    server: BroadcastServer
    deliveries_per_s: list[float] = field(default_factory=list)
    cpu_s_per_delivery: list[float] = field(default_factory=list)
    single_s: list[float] = field(default_factory=list)
    """From the request to publish one event until the last socket has it."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sockets", type=int, default=1000)
    num_sockets = options.parse_args().sockets
    pin_to(CLIENT_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        variants = []
        for name, factory in APPLICATIONS.items():
            server = stack.enter_context(asgi_server(factory, folder))
            variants.append(Variant(name=name, server=broadcast_server(server, num_sockets, stack)))
        for each in variants:
            each.server.burst(EVENTS_A_BURST)
            each.server.sockets.settle()
        for each in interleaved(variants, NUM_ROUNDS):
            measure(each)
        print(f"{num_sockets} sockets, messages of {variants[0].server.message_bytes()} bytes\n")
    print_figures(*variants)


def measure(each: Variant) -> None:
    server = each.server
    cpu_before = server.process.cpu_s()
    took_s = sum(server.burst(EVENTS_A_BURST) for _ in range(BURSTS_A_ROUND))
    num_deliveries = BURSTS_A_ROUND * EVENTS_A_BURST * server.sockets.num_sockets
    each.deliveries_per_s.append(num_deliveries / took_s)
    each.cpu_s_per_delivery.append((server.process.cpu_s() - cpu_before) / num_deliveries)
    each.single_s += [server.burst(1) for _ in range(SINGLE_EVENTS_A_ROUND)]


def print_figures(bare: Variant, hub: Variant) -> None:
    heads = ("", "deliveries/s", "server's CPU per delivery, µs", "one event at all sockets, p50")
    print_table(heads, [row(each) for each in (bare, hub)])
    rate = ratios(hub.deliveries_per_s, bare.deliveries_per_s)
    cpu = ratios(bare.cpu_s_per_delivery, hub.cpu_s_per_delivery)
    print(
        f"hub / bare loop, round by round: {spread(rate)} by the clock, {spread(cpu)} by CPU time"
    )
    print(f"target: {TARGET:.2f}")


def row(each: Variant) -> list[str]:
    cpu_us = [seconds * 1e6 for seconds in each.cpu_s_per_delivery]
    single = ms(percentile(each.single_s, 50))
    return [each.name, spread(each.deliveries_per_s, 0), spread(cpu_us, 2), single]


if __name__ == "__main__":
    main()
