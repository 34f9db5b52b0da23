"""Compares the cost of logging to `mlflow server` and to `fovea serve`, with and without a subscriber.

    .venv/bin/python -m benchmarks.live_cost

Two clients log batches of ten metrics back to back, over kept-alive connections, to one server after
the other, in many rounds. The servers run all the time on one core, the clients on another. Two
processes of the same program are never equally fast: a second plain server shows the difference.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import Server, fovea_serve, plain_mlflow
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.live.receivers import receivers
from benchmarks.live.writers import Writer, write_back_to_back

NUM_ROUNDS = 30
BLOCK_S = 0.4
WARM_UP_S = 1.0
NUM_WRITERS = 2
TARGET = 1.03
HEADS = ("log_batch of 10 metrics", "p50", "p99", "writes/s", "server's CPU per write, ms")
RATIO_HEADS = ("round by round", "against", "latency", "throughput", "CPU")


@dataclass(kw_only=True)
class Variant:
    """A server, its clients, and what was measured, round by round."""

    name: str
    server: Server
    writers: list[Writer]
    latencies_s: list[float] = field(default_factory=list)
    median_latency_s: list[float] = field(default_factory=list)
    writes_per_s: list[float] = field(default_factory=list)
    cpu_s_per_write: list[float] = field(default_factory=list)


def main() -> None:
    pin_to(CLIENT_CORE)
    with temporary_folder() as folder, ExitStack() as stack:
        servers = {
            "mlflow server": plain_mlflow(folder / "plain"),
            "a second mlflow server": plain_mlflow(folder / "second"),
            "fovea serve": fovea_serve(folder / "no-subscriber"),
            "fovea serve, one subscriber": fovea_serve(folder / "subscribed"),
        }
        variants = [variant(name, stack.enter_context(server)) for name, server in servers.items()]
        stack.enter_context(receivers(f"{variants[-1].server.url}/ws", 1))
        for each in interleaved(variants, NUM_ROUNDS):
            measure(each)
    print_figures(variants)


def variant(name: str, server: Server) -> Variant:
    writers = [Writer(server.url) for _ in range(NUM_WRITERS)]
    write_back_to_back(writers, WARM_UP_S)
    return Variant(name=name, server=server, writers=writers)


def measure(each: Variant) -> None:
    cpu_before = each.server.cpu_s()
    written = write_back_to_back(each.writers, BLOCK_S)
    num_writes = len(written.latencies_s)
    each.latencies_s += written.latencies_s
    each.median_latency_s.append(percentile(written.latencies_s, 50))
    each.writes_per_s.append(written.writes_per_s)
    each.cpu_s_per_write.append((each.server.cpu_s() - cpu_before) / num_writes)


def print_figures(variants: list[Variant]) -> None:
    first, second, *ours = variants
    print_table(HEADS, [row(each) for each in variants])
    pairs = [(second, first), *((each, plain) for each in ours for plain in (first, second))]
    print_table(RATIO_HEADS, [row_of_ratios(*pair) for pair in pairs])
    print(f"target: latency at most {TARGET:.2f}")


def row(each: Variant) -> list[str]:
    latencies = (percentile(each.latencies_s, 50), percentile(each.latencies_s, 99))
    cpu_ms = [seconds * 1e3 for seconds in each.cpu_s_per_write]
    return [each.name, *map(ms, latencies), spread(each.writes_per_s, 1), spread(cpu_ms, 2)]


def row_of_ratios(each: Variant, plain: Variant) -> list[str]:
    measured = (
        (each.median_latency_s, plain.median_latency_s),
        (each.writes_per_s, plain.writes_per_s),
        (each.cpu_s_per_write, plain.cpu_s_per_write),
    )
    return [each.name, plain.name, *(spread(ratios(of, to)) for of, to in measured)]


if __name__ == "__main__":
    main()
