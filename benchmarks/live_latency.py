"""Measures the delay from MLflow's response to the message at a subscriber, for each bus and two loads.

    .venv/bin/python -m benchmarks.live_latency

The logger and the subscriber are one process, so both times are of one clock. Servers run on one core;
the client, Valkey and a separate hub run on another.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to, started_on
from benchmarks.harness.results import interleaved, ms, percentile, print_table
from benchmarks.harness.servers import fovea_hub, fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.delivery_delays import Delays, measure_delays
from benchmarks.live.writers import Writer
from tests.valkey import valkey_server

NUM_ROUNDS = 2
TARGET_S = 0.005


@dataclass(frozen=True)
class Load:
    num_runs: int
    writes_per_s: float
    num_writes: int


FEW = Load(num_runs=1, writes_per_s=10, num_writes=60)
MANY = Load(num_runs=50, writes_per_s=100, num_writes=300)
WARM_UP_WRITES = 50


@dataclass(kw_only=True)
class Variant:
    """The servers to write to and to subscribe to under one load, and their measurements."""

    name: str
    write_url: str
    subscribe_url: str
    load: Load
    run_ids: list[str]
    num_written: int = 0
    delays_s: list[float] = field(default_factory=list)
    writes_per_s: list[float] = field(default_factory=list)


def main() -> None:
    pin_to(CLIENT_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        variants = [
            variant(name, write_url, subscribe_url, load)
            for name, write_url, subscribe_url in start(folder, stack)
            for load in (FEW, MANY)
        ]
        for each in variants:
            asyncio.run(log(each, WARM_UP_WRITES, MANY.writes_per_s))
        for each in interleaved(variants, NUM_ROUNDS):
            measure(each)
    print_figures(variants)


def start(folder: Path, stack: ExitStack) -> list[tuple[str, str, str]]:
    """The name, the URL to write to and the URL to subscribe to, of each bus."""
    (folder / "valkey").mkdir()
    with started_on(CLIENT_CORE):
        bus_url = stack.enter_context(valkey_server(folder / "valkey"))
    alone = stack.enter_context(fovea_serve(folder / "alone"))
    shared = stack.enter_context(fovea_serve(folder / "shared", bus_url))
    hub = stack.enter_context(fovea_hub(folder / "shared", bus_url, CLIENT_CORE))
    return [
        ("memory bus", alone.url, alone.url),
        ("Valkey, same process", shared.url, shared.url),
        ("Valkey, separate hub", shared.url, hub.url),
    ]


def variant(name: str, write_url: str, subscribe_url: str, load: Load) -> Variant:
    run_ids = [Writer(write_url).run_id for _ in range(load.num_runs)]
    return Variant(
        name=name, write_url=write_url, subscribe_url=subscribe_url, load=load, run_ids=run_ids
    )


def measure(each: Variant) -> None:
    delays = asyncio.run(log(each, each.load.num_writes, each.load.writes_per_s))
    each.delays_s += delays.seconds
    each.writes_per_s.append(delays.writes_per_s)


async def log(each: Variant, num_writes: int, writes_per_s: float) -> Delays:
    """Log to each run in turn, each write with a step of its own."""
    steps = range(each.num_written, each.num_written + num_writes)
    each.num_written += num_writes
    writes = [(each.run_ids[step % len(each.run_ids)], step) for step in steps]
    return await measure_delays(each.write_url, each.subscribe_url, writes, writes_per_s)


def print_figures(variants: list[Variant]) -> None:
    heads = (
        "from MLflow's response to the subscriber",
        "runs",
        "writes/s",
        "p50",
        "p99",
        "longest",
    )
    print_table(heads, [row(each) for each in variants])
    print(f"target: p50 at most {ms(TARGET_S)} at {FEW.writes_per_s:.0f} writes/s")


def row(each: Variant) -> list[str]:
    rate = sum(each.writes_per_s) / len(each.writes_per_s)
    delays = [percentile(each.delays_s, percent) for percent in (50, 99, 100)]
    return [each.name, str(each.load.num_runs), f"{rate:.0f}", *map(ms, delays)]


if __name__ == "__main__":
    main()
