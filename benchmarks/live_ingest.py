"""Measures how a thousand subscribers slow MLflow's writes, with the hub in its process and in another.

    .venv/bin/python -m benchmarks.live_ingest [--sockets 1000]

Four servers run all the time and are measured in alternation. Each MLflow server and its loggers run on
one core; a separate hub, Valkey and the readers of the sockets on another. A run with an unrelated busy
process on the other core shows how much of the loss the hub does not cause.
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.cpu_affinity import CLIENT_CORE, SERVER_CORE, kept_busy, pin_to, started_on
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import Server, fovea_hub, fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.receivers import Receivers, receivers
from benchmarks.live.writers import Writer, Written, write_at_rate, write_back_to_back
from tests.valkey import valkey_server

NUM_ROUNDS = 4
BLOCK_S = 0.8
NUM_WRITERS = 2
STEADY_WRITES_PER_S = 20
STEADY_BLOCK_S = 0.8
TARGET = 0.95
HEADS = ("", "writes/s", "p50", "p99", "MLflow's CPU per write, ms", "messages a write, per socket")


@dataclass(kw_only=True)
class Figures:
    """The figures of one kind of load by round; latencies of all rounds together."""

    writes_per_s: list[float] = field(default_factory=list)
    cpu_s_per_write: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    messages_per_write: list[float] = field(default_factory=list)
    """Received per socket: progress messages included, updates skipped for a slow socket not."""


@dataclass(kw_only=True)
class Variant:
    """An MLflow server, its loggers, and optionally the sockets at its hub or a busy neighbour."""

    name: str
    mlflow: Server
    writers: list[Writer]
    sockets: Receivers | None = None
    has_neighbour: bool = False
    back_to_back: Figures = field(default_factory=Figures)
    steady: Figures = field(default_factory=Figures)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sockets", type=int, default=1000)
    num_sockets = options.parse_args().sockets
    pin_to(SERVER_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        in_process = [hub_in_process(folder, stack, number) for number in (0, num_sockets)]
        with started_on(CLIENT_CORE):
            (folder / "valkey").mkdir()
            valkey = stack.enter_context(valkey_server(folder / "valkey"))
        separate = [separate_hub(folder, stack, valkey, number) for number in (0, num_sockets)]
        neighbour = with_neighbour(separate[0])
        for each in interleaved([*in_process, *separate, neighbour], NUM_ROUNDS):
            measure(each)
    print_figures([*in_process, *separate, neighbour])


def hub_in_process(folder: Path, stack: ExitStack, num_sockets: int) -> Variant:
    mlflow = stack.enter_context(fovea_serve(folder / f"in-process-{num_sockets}"))
    return variant("hub in process", mlflow, mlflow, num_sockets, stack)


def separate_hub(folder: Path, stack: ExitStack, valkey: str, num_sockets: int) -> Variant:
    data, bus_url = folder / f"separate-{num_sockets}", f"{valkey}/{int(num_sockets > 0)}"
    mlflow = stack.enter_context(fovea_serve(data, bus_url))
    hub = stack.enter_context(fovea_hub(data, bus_url, CLIENT_CORE))
    return variant("separate hub", mlflow, hub, num_sockets, stack)


def variant(name: str, mlflow: Server, hub: Server, num_sockets: int, stack: ExitStack) -> Variant:
    writers = [Writer(mlflow.url) for _ in range(NUM_WRITERS)]
    write_back_to_back(writers, BLOCK_S)
    sockets = None
    if num_sockets > 0:
        sockets = stack.enter_context(receivers(f"{hub.url}/ws", num_sockets))
    return Variant(
        name=f"{name}, {num_sockets} sockets", mlflow=mlflow, writers=writers, sockets=sockets
    )


def with_neighbour(each: Variant) -> Variant:
    name = f"{each.name}, other core busy"
    return Variant(name=name, mlflow=each.mlflow, writers=each.writers, has_neighbour=True)


def measure(each: Variant) -> None:
    rate, duration_s = STEADY_WRITES_PER_S, STEADY_BLOCK_S
    with kept_busy(CLIENT_CORE) if each.has_neighbour else nullcontext():
        measure_load(each, each.back_to_back, lambda: write_back_to_back(each.writers, BLOCK_S))
        measure_load(each, each.steady, lambda: write_at_rate(each.writers, rate, duration_s))


def measure_load(each: Variant, figures: Figures, write: Callable[[], Written]) -> None:
    before = 0 if each.sockets is None else each.sockets.settle()
    cpu_before = each.mlflow.cpu_s()
    written = write()
    num_writes = len(written.latencies_s)
    figures.cpu_s_per_write.append((each.mlflow.cpu_s() - cpu_before) / num_writes)
    figures.writes_per_s.append(written.writes_per_s)
    figures.latencies_s += written.latencies_s
    if each.sockets is not None:
        num_messages = (each.sockets.settle() - before) / each.sockets.num_sockets
        figures.messages_per_write.append(num_messages / num_writes)


def print_figures(variants: list[Variant]) -> None:
    print(f"{NUM_WRITERS} loggers back to back:\n")
    print_table(HEADS, [row(each.name, each.back_to_back) for each in variants])
    print(f"{STEADY_WRITES_PER_S} writes/s:\n")
    print_table(HEADS, [row(each.name, each.steady) for each in variants])
    in_process, in_process_subscribed, separate, separate_subscribed, neighbour = variants
    pairs = (
        (in_process, in_process_subscribed),
        (separate, separate_subscribed),
        (neighbour, separate_subscribed),
    )
    print("Writes/s relative to another variant, round by round:\n")
    print_table(
        ("", "of", "by wall time", "by MLflow's CPU"), [row_of_ratios(*pair) for pair in pairs]
    )
    print(f"target with a separate hub: {TARGET:.2f}")


def row_of_ratios(base: Variant, subscribed: Variant) -> list[str]:
    before, after = base.back_to_back, subscribed.back_to_back
    rate = ratios(after.writes_per_s, before.writes_per_s)
    cpu = ratios(before.cpu_s_per_write, after.cpu_s_per_write)
    return [subscribed.name, base.name, spread(rate), spread(cpu)]


def row(name: str, figures: Figures) -> list[str]:
    latencies = [percentile(figures.latencies_s, percent) for percent in (50, 99)]
    cpu_ms = [seconds * 1e3 for seconds in figures.cpu_s_per_write]
    messages = spread(figures.messages_per_write, 2) if figures.messages_per_write else "none"
    return [name, spread(figures.writes_per_s, 1), *map(ms, latencies), spread(cpu_ms, 2), messages]


if __name__ == "__main__":
    main()
