"""What the hub takes of uvicorn's own speed: one event to a thousand sockets, beside a bare loop.

    .venv/bin/python -m benchmarks.live_fanout [--sockets 1000]

Both servers run all the time and are measured in turn, on one core, with their readers on another.
A burst of events is published once all sockets have read the one before, so nobody falls behind.
"""

import argparse
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.harness.cpu_affinity import CLIENT_CORE, stay_on
from benchmarks.harness.results import in_turn, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import asgi_server
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.bursts import Audience, audience

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
class Contestant:
    """One server with its sockets, and what was measured of it, round by round."""

    name: str
    audience: Audience
    deliveries_per_s: list[float] = field(default_factory=list)
    cpu_s_per_delivery: list[float] = field(default_factory=list)
    single_s: list[float] = field(default_factory=list)
    """From the request to publish one event until the last socket has it."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sockets", type=int, default=1000)
    num_sockets = options.parse_args().sockets
    stay_on(CLIENT_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        contestants = []
        for name, factory in APPLICATIONS.items():
            server = stack.enter_context(asgi_server(factory, folder))
            contestants.append(Contestant(name=name, audience=audience(server, num_sockets, stack)))
        for each in contestants:
            each.audience.burst(EVENTS_A_BURST)
            each.audience.sockets.settle()
        for each in in_turn(contestants, NUM_ROUNDS):
            measure(each)
        print(
            f"{num_sockets} sockets, messages of {contestants[0].audience.message_bytes()} bytes\n"
        )
    print_figures(*contestants)


def measure(each: Contestant) -> None:
    server, told = each.audience.server, each.audience
    cpu_before = server.cpu_s()
    took_s = sum(told.burst(EVENTS_A_BURST) for _ in range(BURSTS_A_ROUND))
    num_deliveries = BURSTS_A_ROUND * EVENTS_A_BURST * told.sockets.num_sockets
    each.deliveries_per_s.append(num_deliveries / took_s)
    each.cpu_s_per_delivery.append((server.cpu_s() - cpu_before) / num_deliveries)
    each.single_s += [told.burst(1) for _ in range(SINGLE_EVENTS_A_ROUND)]


def print_figures(bare: Contestant, hub: Contestant) -> None:
    heads = ("", "deliveries/s", "server's CPU per delivery, µs", "one event at all sockets, p50")
    print_table(heads, [row(each) for each in (bare, hub)])
    rate = ratios(hub.deliveries_per_s, bare.deliveries_per_s)
    cpu = ratios(bare.cpu_s_per_delivery, hub.cpu_s_per_delivery)
    print(
        f"hub / bare loop, round by round: {spread(rate)} by the clock, {spread(cpu)} by CPU time"
    )
    print(f"target: {TARGET:.2f}")


def row(each: Contestant) -> list[str]:
    cpu_us = [seconds * 1e6 for seconds in each.cpu_s_per_delivery]
    single = ms(percentile(each.single_s, 50))
    return [each.name, spread(each.deliveries_per_s, 0), spread(cpu_us, 2), single]


if __name__ == "__main__":
    main()
