"""Evaluates one rule on one metric of one run while points arrive."""

from collections import OrderedDict
from collections.abc import Sequence

from api.alerts.records import RuleInstance
from api.alerts.samples import Sample
from api.alerts.state_machine import Evaluation, Progress, evaluate

NUM_RECENT = 256
"""Newest steps whose samples are remembered, to recognise a point that arrives twice."""

MAX_BUFFERED = 10_000
"""Points that are buffered during an evaluation of the whole series; more make it be repeated."""


class LiveSeries:
    """Continues the evaluation from memory, always with the result that the whole series has.

    A point that does not arrive in the order of steps therefore resets the series: it has to be
    evaluated as a whole from the store, which has all points. Points are buffered until then.
    """

    def __init__(self, instance: RuleInstance) -> None:
        self.instance = instance
        self._progress: Progress | None = None
        self._recent: OrderedDict[int, Sample] = OrderedDict()
        self._buffered: list[Sample] = []
        self._has_overflowed = False

    @property
    def last_step(self) -> int | None:
        return None if self._progress is None else self._progress.last_step

    def apply(self, samples: Sequence[Sample]) -> list[Evaluation] | None:
        """The changes that `samples` cause; None if the series has to be evaluated as a whole."""
        if self._progress is None:
            self._buffer(samples)
            return None
        changes = []
        for index, sample in enumerate(samples):
            if self._is_known(sample):
                continue
            if not self._is_next(sample):
                self.reset()
                self._buffer(samples[index:])
                return None
            rule = self.instance.rule
            evaluation = evaluate(rule.condition, rule.patience, self._progress, sample)
            self._progress = evaluation.after
            self._remember(sample)
            if evaluation.is_change:
                changes.append(evaluation)
        return changes

    def restart(self, evaluations: Sequence[Evaluation]) -> list[Evaluation] | None:
        """Continue after `evaluations`, the newest of the whole series, with the buffered points.

        Returns what `apply` returns for these points.
        """
        known = {evaluation.sample.step: evaluation.sample for evaluation in evaluations}
        buffered, has_overflowed = self._buffered, self._has_overflowed
        self.reset()
        if has_overflowed:
            return None
        self._progress = evaluations[-1].after if evaluations else Progress()
        for evaluation in evaluations[-NUM_RECENT:]:
            self._remember(evaluation.sample)
        return self.apply(
            [it for it in buffered if it.step not in known or not _same(it, known[it.step])]
        )

    def reset(self) -> None:
        """Forget everything, so that the series is evaluated from the store next."""
        self._progress = None
        self._recent.clear()
        self._buffered = []
        self._has_overflowed = False

    def _buffer(self, samples: Sequence[Sample]) -> None:
        if len(self._buffered) + len(samples) > MAX_BUFFERED:
            self._has_overflowed = True
        else:
            self._buffered += samples

    def _is_known(self, sample: Sample) -> bool:
        known = self._recent.get(sample.step)
        return known is not None and _same(known, sample)

    def _is_next(self, sample: Sample) -> bool:
        last_step = self.last_step
        return last_step is None or sample.step > last_step

    def _remember(self, sample: Sample) -> None:
        self._recent[sample.step] = sample
        if len(self._recent) > NUM_RECENT:
            self._recent.popitem(last=False)


def _same(one: Sample, other: Sample) -> bool:
    """Whether value and support are equal, where a NaN equals another."""
    is_same_value = one.value == other.value or (
        one.value != one.value and other.value != other.value
    )
    return is_same_value and one.support == other.support
