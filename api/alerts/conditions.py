"""What is wrong with a value: a bound that it breaks, or what the values before it make of it.

A condition is a pure function of a sample and of the finite values before it, newest last, of which it
is given no more than its `window`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from api.alerts.samples import NO_DATA, ConditionResult, Evidence, Level, Sample, evidence

MAD_TO_SIGMA = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation
(Rousseeuw & Croux, J. Am. Stat. Assoc. 88, 1993, 1273-1283)."""


class Condition(Protocol):
    """`window` is how many earlier values it looks back on."""

    @property
    def window(self) -> int: ...

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult: ...

    def evidence(self, sample: Sample) -> Evidence: ...


class _WithoutEvidence:
    """For values that are no shares of anything."""

    def evidence(self, _: Sample) -> Evidence:
        return Evidence()


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A value below `below` or above `above`, of which one is given.

    With a `critical_factor` of 0.9 it is critical from a tenth of the bound beyond the bound; without
    one it is never more than a warning.
    """

    below: float | None = None
    above: float | None = None
    critical_factor: float | None = 0.9
    has_support: bool = False
    window: int = 0

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
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
        assert bound is not None, "one of them is given"
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
    """NaN or infinite: a training that has diverged."""

    window: int = 0

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        return ConditionResult(level=None if math.isfinite(sample.value) else Level.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Spike(_WithoutEvidence):
    """Far above what was usual lately, by the robust z-score; critical at twice that.

    Source: Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993, for medians instead of means.
    """

    z_score: float = 10.0
    window: int = 100
    least: int = 20
    """Values before which nothing is usual yet."""

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        # What is not finite at all is another rule's.
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.least:
            return ConditionResult()
        middle = median(earlier)
        deviation = MAD_TO_SIGMA * median(abs(value - middle) for value in earlier)
        # Values that hardly differ make anything look far away.
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
    """None of the newest `window` values is better than the one before them, by a thousandth of it."""

    window: int = 10
    least_gain: float = 1e-3

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.window:
            return ConditionResult()
        before, *newest = earlier
        threshold = before - self.least_gain * abs(before)
        has_gained = min((*newest, sample.value)) < threshold
        return ConditionResult(level=None if has_gained else Level.WARNING, threshold=threshold)


@dataclass(frozen=True, kw_only=True)
class Drop(_WithoutEvidence):
    """Less than `share` of what was usual lately."""

    share: float = 0.5
    window: int = 200
    least: int = 20

    def judge(self, sample: Sample, earlier: Sequence[float]) -> ConditionResult:
        if not math.isfinite(sample.value):
            return NO_DATA
        if len(earlier) < self.least:
            return ConditionResult()
        threshold = self.share * median(earlier)
        level = Level.WARNING if sample.value < threshold else None
        return ConditionResult(level=level, threshold=threshold)
