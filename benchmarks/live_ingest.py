"""What a thousand watchers take of the rate at which MLflow takes writes, with the hub inside and apart.

    .venv/bin/python -m benchmarks.live_ingest [--sockets 1000]

Four servers run all the time and are measured in turn. Each MLflow server and the loggers are on one
core; a hub apart, Valkey and the readers of the sockets on another. What a neighbour costs that is busy
with something else shows what of the loss is not the hub's doing.
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.cpu_affinity import CLIENT_CORE, SERVER_CORE, kept_busy, started_on, stay_on
from benchmarks.harness.results import in_turn, ms, percentile, print_table, ratios, spread
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
    """Of one kind of load, round by round; latencies of all rounds together."""

    writes_per_s: list[float] = field(default_factory=list)
    cpu_s_per_write: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    messages_per_write: list[float] = field(default_factory=list)
    """That a socket got: progress among them, and not all updates where it was too slow for them."""


@dataclass(kw_only=True)
class Contestant:
    """An MLflow server, its loggers, and the sockets at its hub or the neighbour, if there are any."""

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
    stay_on(SERVER_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        inside = [hub_inside(folder, stack, number) for number in (0, num_sockets)]
        with started_on(CLIENT_CORE):
            (folder / "valkey").mkdir()
            valkey = stack.enter_context(valkey_server(folder / "valkey"))
        apart = [hub_apart(folder, stack, valkey, number) for number in (0, num_sockets)]
        neighbour = with_neighbour(apart[0])
        for each in in_turn([*inside, *apart, neighbour], NUM_ROUNDS):
            measure(each)
    print_figures([*inside, *apart, neighbour])


def hub_inside(folder: Path, stack: ExitStack, num_sockets: int) -> Contestant:
    mlflow = stack.enter_context(fovea_serve(folder / f"inside-{num_sockets}"))
    return contestant("hub inside", mlflow, mlflow, num_sockets, stack)


def hub_apart(folder: Path, stack: ExitStack, valkey: str, num_sockets: int) -> Contestant:
    data, bus_url = folder / f"apart-{num_sockets}", f"{valkey}/{int(num_sockets > 0)}"
    mlflow = stack.enter_context(fovea_serve(data, bus_url))
    hub = stack.enter_context(fovea_hub(data, bus_url, CLIENT_CORE))
    return contestant("hub apart", mlflow, hub, num_sockets, stack)


def contestant(
    name: str, mlflow: Server, hub: Server, num_sockets: int, stack: ExitStack
) -> Contestant:
    writers = [Writer(mlflow.url) for _ in range(NUM_WRITERS)]
    write_back_to_back(writers, BLOCK_S)
    sockets = None
    if num_sockets > 0:
        sockets = stack.enter_context(receivers(f"{hub.url}/ws", num_sockets))
    return Contestant(
        name=f"{name}, {num_sockets} sockets", mlflow=mlflow, writers=writers, sockets=sockets
    )


def with_neighbour(each: Contestant) -> Contestant:
    name = f"{each.name}, other core busy"
    return Contestant(name=name, mlflow=each.mlflow, writers=each.writers, has_neighbour=True)


def measure(each: Contestant) -> None:
    rate, duration_s = STEADY_WRITES_PER_S, STEADY_BLOCK_S
    with kept_busy(CLIENT_CORE) if each.has_neighbour else nullcontext():
        take(each, each.back_to_back, lambda: write_back_to_back(each.writers, BLOCK_S))
        take(each, each.steady, lambda: write_at_rate(each.writers, rate, duration_s))


def take(each: Contestant, figures: Figures, write: Callable[[], Written]) -> None:
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


def print_figures(contestants: list[Contestant]) -> None:
    print(f"{NUM_WRITERS} loggers back to back:\n")
    print_table(HEADS, [row(each.name, each.back_to_back) for each in contestants])
    print(f"{STEADY_WRITES_PER_S} writes/s:\n")
    print_table(HEADS, [row(each.name, each.steady) for each in contestants])
    inside, inside_watched, apart, apart_watched, neighbour = contestants
    pairs = ((inside, inside_watched), (apart, apart_watched), (neighbour, apart_watched))
    print("Writes/s that are left of those of another, round by round:\n")
    print_table(("", "of", "by the clock", "by MLflow's CPU"), [kept(*pair) for pair in pairs])
    print(f"target with the hub apart: {TARGET:.2f}")


def kept(without: Contestant, watched: Contestant) -> list[str]:
    before, after = without.back_to_back, watched.back_to_back
    rate = ratios(after.writes_per_s, before.writes_per_s)
    cpu = ratios(before.cpu_s_per_write, after.cpu_s_per_write)
    return [watched.name, without.name, spread(rate), spread(cpu)]


def row(name: str, figures: Figures) -> list[str]:
    latencies = [percentile(figures.latencies_s, percent) for percent in (50, 99)]
    cpu_ms = [seconds * 1e3 for seconds in figures.cpu_s_per_write]
    told = spread(figures.messages_per_write, 2) if figures.messages_per_write else "none"
    return [name, spread(figures.writes_per_s, 1), *map(ms, latencies), spread(cpu_ms, 2), told]


if __name__ == "__main__":
    main()
