"""What recording and control cost a training: the same steps bare, logged, and logged and controlled, in turn.

    .venv/bin/python -m benchmarks.loop_cost

Every step logs six metrics to a real `fovea serve` and asks what is wanted of the run, as the training
loop does. The steps are on one core, the server on another: it has its own machine where it matters.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import torch
from mlflow import MlflowClient

from benchmarks.live.cores import CLIENT_CORE, stay_on
from benchmarks.live.figures import in_turn, ms, percentile, print_table, ratios, spread
from benchmarks.live.folder import temporary_folder
from benchmarks.live.servers import fovea_serve
from tracking_plugin.control import RunControl
from training.agreement import Agreement
from training.process import current_process
from training.recording.orders import ServerOrders
from training.tracking.tracker import MlflowTracker

NUM_ROUNDS = 20
STEPS_A_ROUND = 10
STEP_S = 0.1
CLOSE_TIMEOUT_S = 60.0
TARGET = 1.01

Step = Callable[[], None]


class Loop:
    """Steps of about STEP_S, with what a training does around them."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self._matrix = torch.randn(256, 256)
        self._num_products = self._calibrated()
        run_id = MlflowClient(url).create_run("0").info.run_id
        self.tracker = MlflowTracker(run_id=run_id, tracking_uri=url, spool_dir=folder / "spool")
        control = stack.enter_context(closing(RunControl(run_id, tracking_uri=url)))
        process = current_process(use_gpu=False)
        self._orders = ServerOrders(control)
        self._agreement = Agreement(process, self._orders)
        self._step = 0

    def bare(self) -> None:
        for _ in range(self._num_products):
            torch.mm(self._matrix, self._matrix)

    def logged(self) -> None:
        self.bare()
        self._log()

    def controlled(self) -> None:
        self._agreement.begin_step()
        self.bare()
        self._log()
        self._agreement.end_step()
        self._orders.at(self._step)

    def _log(self) -> None:
        self._step += 1
        metrics = {f"train/metric_{n}": self._step / (n + 1) for n in range(6)}
        self.tracker.log_metrics(metrics, self._step)

    def _calibrated(self) -> int:
        """How many products make a step."""
        self._num_products = 200
        self.bare()
        began = time.perf_counter()
        self.bare()
        return max(1, round(200 * STEP_S / (time.perf_counter() - began)))


def main() -> None:
    stay_on(CLIENT_CORE)
    torch.set_num_threads(1)
    with temporary_folder() as folder, ExitStack() as stack:
        server = stack.enter_context(fovea_serve(folder / "server"))
        loop = Loop(server.url, folder, stack)
        steps: dict[str, Step] = {
            "bare": loop.bare,
            "logged": loop.logged,
            "logged and controlled": loop.controlled,
        }
        seconds: dict[str, list[float]] = {name: [] for name in steps}
        for name in in_turn(list(steps), NUM_ROUNDS):
            seconds[name].append(step_s(steps[name]))
        loop.tracker.close(CLOSE_TIMEOUT_S)
    print_figures(seconds)


def step_s(step: Step) -> float:
    """Seconds of a step, over a round of them."""
    began = time.perf_counter()
    for _ in range(STEPS_A_ROUND):
        step()
    return (time.perf_counter() - began) / STEPS_A_ROUND


def print_figures(seconds: dict[str, list[float]]) -> None:
    bare = seconds["bare"]
    rows = [
        [name, ms(percentile(taken, 50)), spread(ratios(taken, bare))]
        for name, taken in seconds.items()
    ]
    print_table(("step", "median", "of the bare one, round by round"), rows)
    print(f"target: {TARGET:.2f}")


if __name__ == "__main__":
    main()
