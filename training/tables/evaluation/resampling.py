"""Draws groups of rows with replacement, to see how much a metric depends on the rows at hand."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from training.tables.evaluation.schema import Estimate
from training.tables.labels import Floats, Integers

CONFIDENCE = 0.95
MAX_UNITS = 4000
"""More groups are first joined at random into so many units.

The width of an interval then has a relative error of about 1 % (random groups; Wolter 2007,
Introduction to Variance Estimation, chapter 2).
"""
MAX_SUMS = 12_000_000
"""Sums in memory at once, 96 MB; more sums per unit make fewer units."""
MIN_UNITS = 200
TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


class Resampling:
    """Bootstrap resamples of whole groups, so that rows of one group are no independent evidence.

    A metric is computed from sums over rows. They are added up once for each unit, a group or
    several, and a resample only adds up units. So the work is linear in the rows, and that on
    resamples does not depend on them: a million rows take seconds.
    """

    def __init__(
        self, groups: Integers, *, num_sums: int = 1, num_resamples: int = 1000, seed: int = 0
    ) -> None:
        """Of rows with these groups, (num_rows,), for up to `num_sums` sums at once."""
        _, group_of_row = np.unique(groups, return_inverse=True)
        self.group_of_row: Integers = group_of_row.astype(np.int64)
        self.num_rows = len(groups)
        self.num_groups = int(group_of_row.max(initial=-1)) + 1
        self._num_resamples = num_resamples
        self._generator = np.random.default_rng(seed)
        most = max(MIN_UNITS, min(MAX_UNITS, MAX_SUMS // num_sums))
        self.num_units = min(self.num_groups, most)
        unit_of_group = self._generator.permutation(self.num_groups) % max(self.num_units, 1)
        self.unit_of_row: Integers = unit_of_group[self.group_of_row].astype(np.int64)

    @cached_property
    def _draws(self) -> Floats:
        """How often each unit is drawn in each resample, (num_resamples, num_units)."""
        shape = (self._num_resamples, self.num_units)
        drawn = self._generator.integers(self.num_units, size=shape)
        drawn += np.arange(self._num_resamples)[:, None] * self.num_units
        counts = np.bincount(drawn.ravel(), minlength=drawn.size)
        return counts.reshape(shape).astype(np.float64)

    @property
    def rows_per_group(self) -> float:
        return self.num_rows / max(self.num_groups, 1)

    def sums(self, *values: Floats) -> Floats:
        """The sums of these values of rows, each (num_rows,), in each unit: (num_units, values)."""
        columns = [np.bincount(self.unit_of_row, v, minlength=self.num_units) for v in values]
        return np.stack(columns, axis=1)

    def sums_by_code(self, codes: Integers, num_codes: int, values: Floats | None = None) -> Floats:
        """Rows of each code in each unit, or the sums of their values: (num_units, num_codes).

        `codes` and `values` have the shape (num_rows,); rows with a code below 0 do not count.
        """
        counted = codes >= 0
        places = self.unit_of_row[counted] * num_codes + codes[counted]
        weights = None if values is None else values[counted]
        flat = np.bincount(places, weights, minlength=self.num_units * num_codes)
        return flat.reshape(self.num_units, num_codes).astype(np.float64)

    def estimates(self, sums: Floats, measure: Callable[[Floats], Floats]) -> list[Estimate]:
        """The metrics of all rows, with percentile intervals.

        `measure` maps totals, (B, num_sums), to metrics, (B, num_metrics), NaN where undefined.
        `sums` has the shape (num_units, num_sums). With a single group there are no intervals.
        """
        values = measure(sums.sum(axis=0, keepdims=True))[0]
        if self.num_groups < 2:
            return [Estimate(value=_defined(value)) for value in values]
        resampled = measure(self._draws @ sums)
        return [
            Estimate(value=_defined(value), interval=_interval(samples))
            for value, samples in zip(values, resampled.T, strict=True)
        ]

    def differences(
        self,
        before: Floats,
        after: Floats,
        measure_before: Callable[[Floats], Floats],
        measure_after: Callable[[Floats], Floats],
    ) -> list[Estimate]:
        """The metrics of `after` minus those of `before`, with intervals of the difference itself.

        Both are sums of the same rows, as `estimates` takes them, and each resample draws the same
        units for both: what makes rows hard for both does not widen the interval.
        """
        num_before = before.shape[1]

        def measure(totals: Floats) -> Floats:
            first, second = totals[:, :num_before], totals[:, num_before:]
            return measure_after(second) - measure_before(first)

        return self.estimates(np.concatenate([before, after], axis=1), measure)


def reflected(estimate: Estimate) -> Estimate:
    """The estimate with the basic instead of the percentile interval, not below 0.

    Noise only adds to a sum of absolute differences, in each resample once more than in the rows
    themselves; the basic interval takes that off instead of counting it twice.
    """
    if estimate.value is None or estimate.interval is None:
        return estimate
    low, high = estimate.interval
    return Estimate(
        value=estimate.value,
        interval=(max(0.0, 2 * estimate.value - high), max(0.0, 2 * estimate.value - low)),
    )


def _interval(samples: Floats) -> tuple[float, float] | None:
    defined = samples[np.isfinite(samples)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, TAILS)
    return float(low), float(high)


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
