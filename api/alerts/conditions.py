"""Conditions: pure functions that decide whether a value is wrong, by itself or against earlier ones.

A condition gets a sample and the finite values before it, oldest first, at most `window` of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from api.alerts.samples import NO_DATA, ConditionResult, Evidence, Level, Sample, evidence

MAD_TO_SIGMA = 1.4826
"""Ratio of standard deviation to median absolute deviation in a normal distribution
(Rousseeuw & Croux, J. Am. Stat. Assoc. 88, 1993, 1273-1283)."""


class Condition(Protocol):
    """`window` is the number of earlier values that it needs."""

    @property
    def window(self) -> int: ...

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult: ...

    def evidence(self, sample: Sample) -> Evidence: ...


class _WithoutEvidence:
    """For values that are not proportions."""

    def evidence(self, _: Sample) -> Evidence:
        return Evidence()


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Wrong if the value is below `below` or above `above`; exactly one of them is given.

    With a `critical_factor` of 0.9, a value is critical if it exceeds the bound by more than a tenth of
    it. Without a factor, the level is never more than a warning.
    """

    below: float | None = None
    above: float | None = None
    critical_factor: float | None = 0.9
    has_support: bool = False
    window: int = 0

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        if math.isnan(sample.value) or sample.support == 0:
            return NO_DATA
        level = None
        if self._is_beyond(sample.value, self.threshold):
            level = Level.CRITICAL if self._is_critical(sample.value) else Level.WARNING
        return ConditionResult(level=level, threshold=self.threshold)

    def evidence(self, sample: Sample) -> Evidence:
        if not self.has_support:
            return Evidence()
        return evidence(sample, floor=self.below, ceiling=self.above)

    @property
    def threshold(self) -> float:
        bound = self.below if self.below is not None else self.above
        assert bound is not None, "either below or above must be given"
        return bound

    def _is_critical(self, value: float) -> bool:
        factor = self.critical_factor
        if factor is None:
            return False
        is_towards_zero = (self.threshold > 0) is (self.below is not None)
        return self._is_beyond(value, self.threshold * (factor if is_towards_zero else 2 - factor))

    def _is_beyond(self, value: float, bound: float) -> bool:
        return value < bound if self.below is not None else value > bound


@dataclass(frozen=True, kw_only=True)
class NotFinite(_WithoutEvidence):
    """Wrong if the value is NaN or infinite: the training has diverged."""

    window: int = 0

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        return ConditionResult(level=None if math.isfinite(sample.value) else Level.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Spike(_WithoutEvidence):
    """Wrong if the robust z-score among the earlier values exceeds `z_score`; critical at twice that.

    Source: Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993, with medians instead of means.
    """

    z_score: float = 10.0
    window: int = 100
    min_values: int = 20
    """With fewer earlier values, nothing is wrong."""

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        # NotFinite is the condition for these.
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.min_values:
            return ConditionResult()
        middle = median(earlier)
        deviation = MAD_TO_SIGMA * median(abs(value - middle) for value in earlier)
        # Among values that hardly differ, every small deviation would be a spike.
        deviation = max(deviation, 0.01 * abs(middle), 1e-12)
        threshold = middle + self.z_score * deviation
        if sample.value <= threshold:
            return ConditionResult(threshold=threshold)
        is_critical = sample.value > middle + 2 * self.z_score * deviation
        return ConditionResult(
            level=Level.CRITICAL if is_critical else Level.WARNING, threshold=threshold
        )


@dataclass(frozen=True, kw_only=True)
class Plateau(_WithoutEvidence):
    """Wrong if none of the newest `window` values is lower than the value before them by `min_gain` of it."""

    window: int = 10
    min_gain: float = 1e-3

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.window:
            return ConditionResult()
        before, *newest = earlier
        threshold = before - self.min_gain * abs(before)
        has_gained = min((*newest, sample.value)) < threshold
        return ConditionResult(level=None if has_gained else Level.WARNING, threshold=threshold)


@dataclass(frozen=True, kw_only=True)
class Drop(_WithoutEvidence):
    """Wrong if the value is less than `share` of the median of the earlier values."""

    share: float = 0.5
    window: int = 200
    min_values: int = 20

    def check(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.min_values:
            return ConditionResult()
        threshold = self.share * median(earlier)
        level = Level.WARNING if sample.value < threshold else None
        return ConditionResult(level=level, threshold=threshold)
