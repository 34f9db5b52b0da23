"""Measures what recording and control cost a training: bare steps, logged steps, and all features.

    .venv/bin/python -m benchmarks.loop_cost

Every logged step sends six metrics to a real `fovea serve`. With all features a step also reads the
control signal, measures its wait for data and shows progress, as the training loop does. The steps and
their threads run on one core, the server on another, because a real server has its own machine.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import torch
from mlflow import MlflowClient
from tqdm import tqdm

from benchmarks.harness.cpu_affinity import CLIENT_CORE, pin_to
from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.servers import fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from tracking_plugin.control import RunControl
from tracking_plugin.names import Metric
from training.agreement import Agreement
from training.console import BarConsole
from training.data_wait import DataWait
from training.process import current_process
from training.recording.control_signal import ControlLinkSignal
from training.tracking.tracker import MlflowTracker

NUM_ROUNDS = 40
STEPS_A_ROUND = 20
STEP_S = 0.1
METRICS = (
    *(Metric.TRAIN_LOSS, Metric.TRAIN_ACCURACY, Metric.LEARNING_RATE),
    *(Metric.IMAGES_PER_SECOND, Metric.EPOCH),
)
SETTLING_S = 0.5
CLOSE_TIMEOUT_S = 60.0
TARGET = 1.01

Step = Callable[[], None]


class StepCost(NamedTuple):
    """The mean cost of a step in one round; `cpu_s` is the processor time of all threads."""

    wall_s: float
    cpu_s: float


class Loop:
    """Steps of about STEP_S, with the surrounding work of a training loop."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self._matrix = torch.randn(256, 256)
        self._num_products = self._products_per_step()
        run_id = MlflowClient(url).create_run("0").info.run_id
        self.tracker = MlflowTracker(run_id=run_id, tracking_uri=url, spool_dir=folder / "spool")
        control = stack.enter_context(closing(RunControl(run_id, tracking_uri=url)))
        self._signal = ControlLinkSignal(control)
        process = current_process(use_gpu=False)
        self._agreement = Agreement(process, self._signal)
        self._data_wait = DataWait(process.device)
        self._console = BarConsole(
            lambda total, initial, _: tqdm(total=total, initial=initial, file=StringIO())
        )
        self._console.begin(step=0, total_steps=10**6, steps_per_epoch=10**3)
        self._step = 0

    def bare(self) -> None:
        for _ in range(self._num_products):
            torch.mm(self._matrix, self._matrix)

    def logged(self) -> None:
        self.bare()
        self._log()

    def with_all_features(self) -> None:
        self._agreement.begin_step()
        self._data_wait.begin()
        self._data_wait.end()
        self.bare()
        self._data_wait.end_step(STEP_S)
        self._console.step(self._step, self._log())
        self._agreement.end_step()
        self._signal.report_training(self._step)

    def _log(self) -> dict[str, float]:
        self._step += 1
        metrics = {str(name): self._step / number for number, name in enumerate(METRICS, start=1)}
        metrics[Metric.DATA_WAIT_FRACTION] = self._data_wait.fraction
        self.tracker.log_metrics(metrics, self._step)
        return metrics

    def _products_per_step(self) -> int:
        """The number of matrix products that take STEP_S."""
        self._num_products = 200
        self.bare()
        began = time.perf_counter()
        self.bare()
        return max(1, round(200 * STEP_S / (time.perf_counter() - began)))


def main() -> None:
    pin_to(CLIENT_CORE)
    torch.set_num_threads(1)
    with temporary_folder() as folder, ExitStack() as stack:
        server = stack.enter_context(fovea_serve(folder / "server"))
        loop = Loop(server.url, folder, stack)
        steps: dict[str, Step] = {
            "bare": loop.bare,
            "logged": loop.logged,
            "with all features": loop.with_all_features,
        }
        costs: dict[str, list[StepCost]] = {name: [] for name in steps}
        for name in interleaved(list(steps), NUM_ROUNDS):
            costs[name].append(measure(steps[name]))
        loop.tracker.close(CLOSE_TIMEOUT_S)
    print_figures(costs)


def measure(step: Step) -> StepCost:
    began, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(STEPS_A_ROUND):
        step()
    wall_s = time.perf_counter() - began
    # Count the sending of the last metrics for this variant, not for the next one.
    time.sleep(SETTLING_S)
    return StepCost(wall_s / STEPS_A_ROUND, (time.process_time() - cpu_s) / STEPS_A_ROUND)


def print_figures(costs: dict[str, list[StepCost]]) -> None:
    wall_s = {name: [round_.wall_s for round_ in rounds] for name, rounds in costs.items()}
    cpu_s = {name: [round_.cpu_s for round_ in rounds] for name, rounds in costs.items()}
    rows = [
        [
            name,
            ms(percentile(wall_s[name], 50)),
            spread(ratios(wall_s[name], wall_s["bare"])),
            spread(ratios(cpu_s[name], cpu_s["bare"])),
        ]
        for name in costs
    ]
    heads = ("step", "median", "of the bare step's time, round by round", "of its processor time")
    print_table(heads, rows)
    print(f"target: {TARGET:.2f}")


if __name__ == "__main__":
    main()
