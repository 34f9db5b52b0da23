"""One rule on one metric of one run while points come in: step by step, or from its beginning."""

from collections import OrderedDict
from collections.abc import Sequence

from api.alerts.records import RuleInstance
from api.alerts.samples import Sample
from api.alerts.state_machine import Evaluation, Progress, evaluate

NUM_RECENT = 256
"""Steps whose values are known, so that a point that comes twice is seen to be one."""

MOST_WAITING = 10_000
"""Points that come while the series is looked at; with more of them it is looked at once more."""


class LiveSeries:
    """Carries its evaluation on from memory; what it says is always what the whole series says.

    So it refuses points that do not come in the order of their steps: the series has to be
    evaluated anew, from the store, which has them all. Points that come meanwhile wait.
    """

    def __init__(self, watch: RuleInstance) -> None:
        self.watch = watch
        self._progress: Progress | None = None
        self._recent: OrderedDict[int, Sample] = OrderedDict()
        self._waiting: list[Sample] = []
        self._has_lost = False

    @property
    def last_step(self) -> int | None:
        return None if self._progress is None else self._progress.last_step

    def take(self, samples: Sequence[Sample]) -> list[Evaluation] | None:
        """The changes that these lead to; None where the series has to be looked at as a whole."""
        if self._progress is None:
            self._wait(samples)
            return None
        changes = []
        for index, sample in enumerate(samples):
            if self._is_known(sample):
                continue
            if not self._is_next(sample):
                self.forget()
                self._wait(samples[index:])
                return None
            rule = self.watch.rule
            evaluation = evaluate(rule.condition, rule.patience, self._progress, sample)
            self._progress = evaluation.after
            self._remember(sample)
            if evaluation.is_change:
                changes.append(evaluation)
        return changes

    def restart(self, evaluations: Sequence[Evaluation]) -> list[Evaluation] | None:
        """Carry on after these, the newest of all that the store had; as `take` for what waited."""
        known = {evaluation.sample.step: evaluation.sample for evaluation in evaluations}
        waiting, has_lost = self._waiting, self._has_lost
        self.forget()
        if has_lost:
            return None
        self._progress = evaluations[-1].after if evaluations else Progress()
        for evaluation in evaluations[-NUM_RECENT:]:
            self._remember(evaluation.sample)
        return self.take(
            [it for it in waiting if it.step not in known or not _same(it, known[it.step])]
        )

    def forget(self) -> None:
        """Nothing is known any more but what is in the store."""
        self._progress = None
        self._recent.clear()
        self._waiting = []
        self._has_lost = False

    def _wait(self, samples: Sequence[Sample]) -> None:
        if len(self._waiting) + len(samples) > MOST_WAITING:
            self._has_lost = True
        else:
            self._waiting += samples

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
    """A NaN is the same as another."""
    is_same_value = one.value == other.value or (
        one.value != one.value and other.value != other.value
    )
    return is_same_value and one.support == other.support
