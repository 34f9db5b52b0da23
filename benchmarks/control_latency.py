"""Measures the delay from POST /api/training/pause until every rank is paused, and the cost per step.

    .venv/bin/python -m benchmarks.control_latency

Two ranks take steps of a fixed length and apply commands as a training does. Each records when it pauses,
on the machine's monotonic clock. The ranks run on one core, the server and the client on the other.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection

import httpx
import torch.distributed as dist
from mlflow import MlflowClient

from benchmarks.harness.cpu_affinity import CLIENT_CORE, SERVER_CORE, pin_to
from benchmarks.harness.results import ms, percentile, print_table, us
from benchmarks.harness.servers import fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from tests.ports import LOOPBACK, free_port
from tracking_plugin.control import RunControl
from training.agreement import Agreement, Decision
from training.process import Process, current_process
from training.recording.control_signal import ControlLinkSignal

NUM_RANKS = 2
NUM_COMMANDS = 100
STEP_S = 0.1
MARGIN_S = 0.05
AGREEMENTS = 2000
DEADLINE_S = 60.0


def main() -> None:
    pin_to(CLIENT_CORE)
    context = multiprocessing.get_context("spawn")
    # fovea_serve pins to SERVER_CORE; the ranks use that core here, so move the server.
    with temporary_folder() as folder, fovea_serve(folder / "server") as server:
        for server_process in server.processes():
            server_process.cpu_affinity([CLIENT_CORE])
        run_id = MlflowClient(server.url).create_run("0").info.run_id
        port = free_port()
        ranks = [_start(context, rank, port, server.url, run_id) for rank in range(NUM_RANKS)]
        try:
            agreement_s = [seconds for connection, _ in ranks for seconds in _next(connection)]
            delays_s, steps_s = _measure(server.url, run_id, [each for each, _ in ranks])
        finally:
            for _, process in ranks:
                process.kill()
                process.join()
    _print_figures(delays_s, steps_s, agreement_s)


def _start(
    context: multiprocessing.context.SpawnContext, rank: int, port: int, url: str, run_id: str
) -> tuple[Connection, multiprocessing.process.BaseProcess]:
    here, there = context.Pipe()
    arguments = (there, rank, port, url, run_id, SERVER_CORE)
    process = context.Process(target=_rank, args=arguments, daemon=True)
    process.start()
    there.close()
    return here, process


def _measure(url: str, run_id: str, ranks: list[Connection]) -> tuple[list[float], list[float]]:
    """Seconds from each command until the last rank paused, and the seconds of the steps before."""
    delays_s, steps_s = [], []
    with httpx.Client(base_url=url, timeout=DEADLINE_S, params={"run_id": run_id}) as client:
        for index in range(NUM_COMMANDS):
            time.sleep(STEP_S * (1 + index % 10 / 10))
            posted = time.monotonic()
            client.post("/api/training/pause").raise_for_status()
            paused = [_next(rank) for rank in ranks]
            delays_s.append(max(moment for moment, _ in paused) - posted)
            steps_s += [step_s for _, step_s in paused]
            client.post("/api/training/resume").raise_for_status()
    return delays_s, steps_s


def _next(connection: Connection):  # type: ignore[no-untyped-def]
    assert connection.poll(DEADLINE_S), f"a rank has sent nothing for {DEADLINE_S:.0f} s"
    return connection.recv()


def _rank(parent: Connection, rank: int, port: int, url: str, run_id: str, core: int) -> None:
    pin_to(core)
    address = f"tcp://{LOOPBACK}:{port}"
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=NUM_RANKS)
    process = current_process(use_gpu=False)
    parent.send(_agreement_s(process))
    if rank > 0:
        _train(Agreement(process, None), parent)
    with closing(RunControl(run_id, tracking_uri=url)) as control:
        _train(Agreement(process, ControlLinkSignal(control)), parent)


def _agreement_s(process: Process) -> list[float]:
    """Seconds of each collective when nothing overlaps it."""
    agreement, seconds = Agreement(process, None), []
    for _ in range(AGREEMENTS):
        began = time.perf_counter()
        agreement.begin_step()
        agreement.end_step()
        seconds.append(time.perf_counter() - began)
    return seconds


def _train(agreement: Agreement, parent: Connection) -> None:
    step = 0
    while True:
        began = time.monotonic()
        agreement.begin_step()
        time.sleep(STEP_S)
        decision = agreement.end_step()
        step += 1
        if decision is Decision.PAUSE:
            paused = time.monotonic()
            parent.send((paused, paused - began))
            agreement.wait_while_paused(step)
        agreement.signal.report_training(step)


def _print_figures(delays_s: list[float], steps_s: list[float], agreement_s: list[float]) -> None:
    step_s = statistics.median(steps_s)
    limit_s = 2 * step_s + MARGIN_S
    rows = [
        ["from the POST until all ranks are paused", *_percentiles(delays_s)],
        ["a step", *_percentiles(steps_s)],
        ["the collective alone, 2 ranks on one core", *_percentiles(agreement_s, us)],
    ]
    print_table(("", "p50", "p99", "longest"), rows)
    print(f"p99 / two steps and {MARGIN_S * 1e3:.0f} ms: {percentile(delays_s, 99) / limit_s:.3f}")
    print("target: 1.00")


def _percentiles(seconds: list[float], shown: Callable[[float], str] = ms) -> list[str]:
    return [shown(percentile(seconds, percent)) for percent in (50, 99, 100)]


if __name__ == "__main__":
    main()
