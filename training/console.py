"""Shows the progress of a training: as a bar on a terminal, as plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from tqdm import tqdm

from tracking_plugin.names import QUANTILE_LOSSES, Metric

LINE_INTERVAL_S = 10.0
RATE_SUFFIX = "_per_second"
"""A recipe's throughput metric ends with it, as in `train/images_per_second`."""


class Bar(Protocol):
    """The part of tqdm's interface that is used; Ray's distributed tqdm has it too."""

    def update(self, n: int = 1) -> object: ...

    def set_description(self, desc: str) -> None: ...

    def close(self) -> None: ...


BarFactory = Callable[[int, int, str], Bar]
"""Makes a bar from its total, the steps that are already done and its description."""


def terminal_bar(total: int, initial: int, description: str) -> Bar:
    """A bar on the terminal of this process."""
    bar: Bar = tqdm(total=total, initial=initial, desc=description, unit="step", dynamic_ncols=True)
    return bar


class Console(Protocol):
    """Shows a training's progress."""

    def begin(self, *, step: int, total_steps: int, steps_per_epoch: int) -> None: ...

    def step(self, step: int, metrics: Mapping[str, float]) -> None: ...

    def evaluation(self, epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> None: ...

    def close(self) -> None: ...


class BarConsole:
    """One bar over all steps, and a line after each evaluation."""

    def __init__(self, make_bar: BarFactory) -> None:
        self._make_bar = make_bar
        self._bar: Bar | None = None

    def begin(self, *, step: int, total_steps: int, steps_per_epoch: int) -> None:
        self._bar = self._make_bar(total_steps, step, "training")

    def step(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._bar is not None:
            self._bar.set_description(
                f"epoch {metrics[Metric.EPOCH]:.0f}  {_step_figures(metrics)}"
            )
            self._bar.update(1)

    def evaluation(self, epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> None:
        print(_evaluation_line(epoch, metrics, is_best=is_best), flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class LineConsole:
    """Plain lines, at most one every LINE_INTERVAL_S; for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._last_line = 0.0
        self._total_steps = 0

    def begin(self, *, step: int, total_steps: int, steps_per_epoch: int) -> None:
        self._total_steps = total_steps
        self._print(
            f"training from step {step} to {total_steps}, {steps_per_epoch} steps per epoch"
        )

    def step(self, step: int, metrics: Mapping[str, float]) -> None:
        if time.monotonic() - self._last_line >= LINE_INTERVAL_S:
            figures = _step_figures(metrics)
            self._print(
                f"epoch {metrics[Metric.EPOCH]:.0f}  step {step}/{self._total_steps}  {figures}"
            )

    def evaluation(self, epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> None:
        self._print(_evaluation_line(epoch, metrics, is_best=is_best))

    def close(self) -> None:
        self._stream.flush()

    def _print(self, line: str) -> None:
        self._last_line = time.monotonic()
        print(line, file=self._stream, flush=True)


def _step_figures(metrics: Mapping[str, float]) -> str:
    rates = [
        f"{value:.0f} {_last_part(name).removesuffix(RATE_SUFFIX)}/s"
        for name, value in metrics.items()
        if name.endswith(RATE_SUFFIX)
    ]
    return "  ".join([f"loss {metrics[Metric.TRAIN_LOSS]:.3f}", *rates])


def _last_part(metric: str) -> str:
    return metric.rpartition("/")[2]


def _evaluation_line(epoch: int, metrics: Mapping[str, float], *, is_best: bool) -> str:
    figures = "  ".join(
        f"{name.removeprefix('val/')} {value:.3f}"
        for name, value in metrics.items()
        if name.startswith("val/") and name not in QUANTILE_LOSSES
    )
    return f"epoch {epoch} evaluated: {figures}{'  (best so far)' if is_best else ''}"
