"""Ranks rows by the probability of one class, for everything that depends on this order alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.tables.labels import Booleans, Floats, Integers


@dataclass(frozen=True, eq=False)
class ClassRanking:
    """The distinct scores of some rows in descending order, and what is at or above each.

    One sort gives the ROC and the precision-recall curve, their areas and the placements.
    """

    scores: Floats
    """(num_distinct,)"""
    num_found: Integers
    """Rows of the class with at least this score, (num_distinct,)."""
    num_false: Integers
    """Other rows with at least this score, (num_distinct,)."""
    place_of_row: Integers
    """Index of the score of each row, (num_rows,)."""

    @classmethod
    def of(cls, scores: Floats, is_positive: Booleans) -> "ClassRanking":
        distinct, place = np.unique(-scores, return_inverse=True)
        positives = np.bincount(place, is_positive, minlength=len(distinct)).astype(np.int64)
        totals = np.bincount(place, minlength=len(distinct))
        return cls(
            -distinct,
            np.cumsum(positives),
            np.cumsum(totals - positives).astype(np.int64),
            place.astype(np.int64),
        )

    @property
    def num_positives(self) -> int:
        return int(self.num_found[-1])

    @property
    def num_negatives(self) -> int:
        return int(self.num_false[-1])

    @property
    def has_both(self) -> bool:
        return self.num_positives > 0 and self.num_negatives > 0

    @cached_property
    def recall(self) -> Floats:
        """The true positive rate at each score; needs a positive."""
        return self.num_found / self.num_positives

    @cached_property
    def precision(self) -> Floats:
        return self.num_found / (self.num_found + self.num_false)

    @cached_property
    def false_positive_rate(self) -> Floats:
        """At each score; needs a negative."""
        return self.num_false / self.num_negatives

    @property
    def auroc(self) -> float:
        """The area under the ROC curve; needs both kinds of rows."""
        steps = np.diff(self.false_positive_rate, prepend=0.0)
        return float((steps * (self.recall + _shifted(self.recall)) / 2).sum())

    @property
    def average_precision(self) -> float | None:
        """The step-wise area under the precision-recall curve; None without a positive."""
        if not self.num_positives:
            return None
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    def placements(self, is_positive: Booleans) -> Floats:
        """The share of rows of the other kind that each row is ranked right against, (num_rows,).

        Ties count half. The average over the positives is the area under the ROC curve, and so is
        that over the negatives (DeLong et al. 1988, Biometrics 44, 837-845).
        """
        false_above = (self.num_false + _shifted(self.num_false)) / 2
        found_above = (self.num_found + _shifted(self.num_found)) / 2
        of_positives = 1 - false_above / self.num_negatives
        of_negatives = found_above / self.num_positives
        return np.where(
            is_positive, of_positives[self.place_of_row], of_negatives[self.place_of_row]
        )


def _shifted(values: Floats | Integers) -> Floats:
    """Each value's predecessor, 0 for the first."""
    return np.concatenate([[0.0], values[:-1]])
