"""Which epoch each step of a run belongs to."""

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
        """Where in the training `step` is."""
        ...

    def spans(self, page: Page) -> Listed[EpochSpan]:
        """The epochs that something was logged in, newest first."""
        ...

    def span(self, epoch: int) -> EpochSpan | None:
        """The steps of an epoch, whether something was logged in it or not."""
        ...


def epoch_scale(metrics: MetricHistory, state: RunState) -> EpochScale:
    """By the run's parameter steps_per_epoch, else by its metric `epoch`; else there are none."""
    if state.steps_per_epoch is not None:
        return EqualEpochs(metrics, state.run_id, state.steps_per_epoch)
    return LoggedEpochs(metrics.series(state.run_id, Metric.EPOCH))


class EqualEpochs:
    """Epochs of `steps_per_epoch` steps, which count from 1 as the epochs do."""

    def __init__(self, metrics: MetricHistory, run_id: str, steps_per_epoch: int) -> None:
        self._metrics = metrics
        self._run_id = run_id
        # A parameter is any text; this is what a database can still compute with.
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
    """Epochs as the metric `epoch` names them: a step belongs to the one that was named last.

    Steps before the first belong to it too. Of an epoch that comes back, the last time counts.
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
