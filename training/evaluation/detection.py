"""Measures how well a finding, which is one class or a group of classes, is detected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracking_plugin.wilson_interval import Interval, wilson_interval


@dataclass(frozen=True)
class Proportion:
    """Successes among trials; without trials there is no share and no interval."""

    successes: int
    total: int

    @property
    def share(self) -> float | None:
        return self.successes / self.total if self.total else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's 95% interval."""
        return wilson_interval(self.successes, self.total) if self.total else None


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The four counts of a finding against the rest."""

    hits: int
    misses: int
    false_alarms: int
    correct_rejections: int

    @property
    def support(self) -> int:
        return self.hits + self.misses

    @property
    def sensitivity(self) -> Proportion:
        return Proportion(self.hits, self.support)

    @property
    def specificity(self) -> Proportion:
        return Proportion(self.correct_rejections, self.correct_rejections + self.false_alarms)

    @property
    def precision(self) -> Proportion:
        return Proportion(self.hits, self.hits + self.false_alarms)

    @property
    def f1(self) -> float | None:
        """None without positives, which the macro mean leaves out."""
        if self.support == 0:
            return None
        return 2 * self.hits / (2 * self.hits + self.misses + self.false_alarms)


class Verdict(StrEnum):
    """The conclusion from a test set about a sensitivity that must reach a floor."""

    MEETS_FLOOR = "meets_floor"
    BELOW_FLOOR = "below_floor"
    TOO_FEW_POSITIVES = "too_few_positives"
    NOT_ASSESSED = "not_assessed"


def detection(confusion: Sequence[Sequence[int]], class_indices: Collection[int]) -> Detection:
    """The counts of the finding `class_indices`, from a confusion matrix whose rows are the truth.

    A positive that is predicted as any class of the finding is a hit.
    """
    group = set(class_indices)
    hits = sum(confusion[truth][predicted] for truth in group for predicted in group)
    support = sum(sum(confusion[truth]) for truth in group)
    alarms = sum(row[predicted] for row in confusion for predicted in group)
    total = sum(map(sum, confusion))
    return Detection(
        hits=hits,
        misses=support - hits,
        false_alarms=alarms - hits,
        correct_rejections=total - support - (alarms - hits),
    )


def verdict_on_floor(sensitivity: Proportion, floor: float) -> Verdict:
    """A sensitivity meets its floor only if Wilson's lower bound does, which takes enough positives."""
    if sensitivity.share is None or sensitivity.interval is None:
        return Verdict.NOT_ASSESSED
    if sensitivity.interval[0] >= floor:
        return Verdict.MEETS_FLOOR
    if sensitivity.share < floor:
        return Verdict.BELOW_FLOOR
    return Verdict.TOO_FEW_POSITIVES
