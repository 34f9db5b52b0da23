"""Maps the steps of a run to its epochs."""

from typing import Protocol

import numpy as np

from api.pages import Listed, Page
from api.runs.series import Series
from api.runs.source import EpochSpan, MetricHistory
from api.runs.state import RunState, TrainingPosition
from tracking_plugin.names import Metric

_LAST_STEP = 2**63 - 1
_LONGEST_EPOCH = 2**62
_LARGEST_EPOCH = 1e15


class EpochScale(Protocol):
    def position(self, step: int) -> TrainingPosition:
        """The epoch of `step`, and the step within the epoch if it is known."""
        ...

    def spans(self, page: Page) -> Listed[EpochSpan]:
        """The epochs in which metrics were logged, newest first."""
        ...

    def span(self, epoch: int) -> EpochSpan | None:
        """The steps of an epoch, whether or not metrics were logged in it."""
        ...


def epoch_scale(metrics: MetricHistory, state: RunState) -> EpochScale:
    """Uses the parameter steps_per_epoch, else the metric `epoch`; without both, there are no epochs."""
    if state.steps_per_epoch is not None:
        return EqualEpochs(metrics, state.run_id, state.steps_per_epoch)
    return LoggedEpochs(metrics.series(state.run_id, Metric.EPOCH))


class EqualEpochs:
    """Epochs of `steps_per_epoch` steps; steps and epochs count from 1."""

    def __init__(self, metrics: MetricHistory, run_id: str, steps_per_epoch: int) -> None:
        self._metrics = metrics
        self._run_id = run_id
        # A parameter may hold any number; databases cannot compute with larger ones.
        self._length = min(steps_per_epoch, _LONGEST_EPOCH)

    def position(self, step: int) -> TrainingPosition:
        if step < 1:
            return TrainingPosition(step, None, None)
        epoch, batch = divmod(step - 1, self._length)
        return TrainingPosition(step, epoch + 1, batch + 1)

    def spans(self, page: Page) -> Listed[EpochSpan]:
        found = self._metrics.epochs(self._run_id, self._length, page)
        return Listed([self._span(epoch) for epoch in found.entries], found.total)

    def span(self, epoch: int) -> EpochSpan | None:
        return self._span(epoch) if 1 <= epoch <= _LAST_STEP // self._length + 1 else None

    def _span(self, epoch: int) -> EpochSpan:
        first_step = (epoch - 1) * self._length + 1
        return EpochSpan(epoch, first_step, min(epoch * self._length, _LAST_STEP))


class LoggedEpochs:
    """Epochs of the metric `epoch`: a step belongs to the value logged last at or before it.

    Steps before the first value belong to the first epoch. If an epoch occurs several times, its
    last occurrence counts.
    """

    def __init__(self, logged: Series) -> None:
        known = logged.at(np.flatnonzero(np.abs(logged.values) < _LARGEST_EPOCH))
        epochs = np.trunc(known.values).astype(np.int64)
        begins = np.flatnonzero(np.diff(epochs, prepend=epochs[:1] - 1))
        self._epochs: list[int] = epochs[begins].tolist()
        self._first_steps = known.steps[begins]

    def position(self, step: int) -> TrainingPosition:
        if not self._epochs:
            return TrainingPosition(step, None, None)
        index = int(np.searchsorted(self._first_steps, step, side="right")) - 1
        return TrainingPosition(step, self._epochs[max(0, index)], None)

    def spans(self, page: Page) -> Listed[EpochSpan]:
        spans = sorted(self._spans().values(), key=lambda span: span.first_step, reverse=True)
        return Listed(list(page.of(spans)), len(spans))

    def span(self, epoch: int) -> EpochSpan | None:
        return self._spans().get(epoch)

    def _spans(self) -> dict[int, EpochSpan]:
        first_steps: list[int] = self._first_steps.tolist()
        first_steps[:1] = [-_LAST_STEP] * len(first_steps[:1])
        last_steps = [*(step - 1 for step in first_steps[1:]), _LAST_STEP]
        spans = zip(self._epochs, first_steps, last_steps, strict=False)
        return {epoch: EpochSpan(epoch, first, last) for epoch, first, last in spans}
