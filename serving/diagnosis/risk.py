"""Derives score, level and urgency of the risk from the probabilities, by the rules of urgency.

docs/diagnosis.md has the same rules in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from serving.diagnosis.probabilities import ConditionResult, Probabilities, primary_class
from serving.diagnosis.urgency import UrgencyRules
from serving.diagnosis.urgency_schema import ConditionRow, RuleRow
from serving.images.image import Modality

NO_RULE = "no rule"
ASSUMED_THRESHOLD = 0.5
"""Of a condition without a threshold that was shown: for the score only."""


Share = tuple[ConditionRow, float]
"""A condition with its probability."""


class RiskLevel(StrEnum):
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class PositiveCondition:
    """A condition that an image is positive for, with its rule of urgency if one can be cited."""

    row: ConditionRow
    probability: float
    rule: RuleRow | None


@dataclass(frozen=True, kw_only=True)
class RiskVerdict:
    """`positives` are in the order of their urgency, the first is what the risk is about."""

    score: float
    level: RiskLevel
    positives: tuple[PositiveCondition, ...]
    note: str = ""
    """Why the level is not low although nothing was found; else empty."""

    @property
    def category(self) -> str:
        return self.positives[0].row.label if self.positives else ""

    @property
    def urgency(self) -> str:
        rule = self.positives[0].rule if self.positives else None
        return NO_RULE if rule is None else rule.urgency


UNKNOWN_RISK = RiskVerdict(score=0.0, level=RiskLevel.UNKNOWN, positives=())


def assess_risk(
    probabilities: Probabilities,
    classes: Sequence[str],
    conditions: Sequence[ConditionResult],
    *,
    rules: UrgencyRules,
    jurisdiction: str,
    modality: Modality | None,
) -> RiskVerdict:
    """The risk of one image whose classes have these probabilities."""
    shares = _shares(probabilities, classes, rules)
    primary = rules.condition_of_class(classes[primary_class(probabilities)])
    rows = _positive_rows(shares[primary.id], conditions, rules)
    positives = [
        PositiveCondition(
            row=row,
            probability=probability,
            rule=rules.rule_for(row, jurisdiction=jurisdiction, modality=modality),
        )
        for row, probability in rows
    ]
    positives.sort(key=_urgency_order)
    level = _level(positives, rules)
    note = ""
    if level is RiskLevel.LOW and (note := _doubt(positives, shares, conditions)):
        level = RiskLevel.UNKNOWN
        # The rule for a healthy eye holds only for one that is.
        positives = [replace(item, rule=None) if item.row.is_normal else item for item in positives]
    return RiskVerdict(
        score=_score(shares, conditions, rules),
        level=level,
        positives=tuple(positives),
        note=note,
    )


def relative_to_threshold(probability: float, threshold: float) -> float:
    """0 for a probability of 0, 0.5 at the threshold, 1 for a probability of 1; linear in between."""
    if probability < threshold:
        return 0.5 * probability / threshold
    return 0.5 + 0.5 * (probability - threshold) / (1 - threshold) if threshold < 1 else 1.0


def _positive_rows(
    primary: Share, conditions: Sequence[ConditionResult], rules: UrgencyRules
) -> list[Share]:
    """The condition of the most probable class, and each critical condition that is positive."""
    rows = {primary[0].id: primary}
    for result in conditions:
        if result.is_positive:
            row = row_of(result, rules)
            rows.setdefault(row.id, (row, result.probability))
    found_disease = any(not row.is_normal for row, _ in rows.values())
    return [share for share in rows.values() if not (found_disease and share[0].is_normal)]


def row_of(result: ConditionResult, rules: UrgencyRules) -> ConditionRow:
    """The condition of the rules that a critical condition of the taxonomy is."""
    name = result.evidence.name
    return rules.condition_of_critical(name) or rules.condition_of_class(name)


def _shares(
    probabilities: Probabilities, classes: Sequence[str], rules: UrgencyRules
) -> dict[str, Share]:
    """The sum of the probabilities of the classes of each condition."""
    shares: dict[str, Share] = {}
    for name, probability in zip(classes, probabilities, strict=True):
        row = rules.condition_of_class(name)
        before = shares[row.id][1] if row.id in shares else 0.0
        shares[row.id] = (row, min(1.0, before + float(probability)))
    return shares


def _score(
    shares: dict[str, Share],
    conditions: Sequence[ConditionResult],
    rules: UrgencyRules,
) -> float:
    """The highest probability of a condition relative to its threshold."""
    critical = {row_of(result, rules).id for result in conditions}
    scores = [
        relative_to_threshold(
            result.probability,
            ASSUMED_THRESHOLD if result.evidence.threshold is None else result.evidence.threshold,
        )
        for result in conditions
    ]
    scores += [
        relative_to_threshold(probability, ASSUMED_THRESHOLD)
        for row, probability in shares.values()
        if not row.is_normal and row.id not in critical
    ]
    return min(1.0, max(scores, default=0.0))


def _urgency_order(item: PositiveCondition) -> tuple[bool, int, float, str]:
    """The shortest time first, conditions without a rule last; of equal ones, the most probable."""
    days = 0 if item.rule is None else item.rule.within_days
    return item.rule is None, days, -item.probability, item.row.id


def _level(positives: Sequence[PositiveCondition], rules: UrgencyRules) -> RiskLevel:
    """The level of the most urgent rule. Without a rule it is unknown, unless nothing was found."""
    first = positives[0]
    if first.row.is_normal:
        return RiskLevel.LOW
    if first.rule is None:
        return RiskLevel.UNKNOWN
    level = RiskLevel(rules.level_of(first.rule))
    # A second finding without any rule may be more urgent than a level of low says.
    if level is RiskLevel.LOW and any(item.rule is None for item in positives):
        return RiskLevel.UNKNOWN
    return level


def _doubt(
    positives: Sequence[PositiveCondition],
    shares: dict[str, Share],
    conditions: Sequence[ConditionResult],
) -> str:
    """Why a low risk cannot be claimed; empty if it can."""
    if not conditions:
        return (
            "The risk is not called low, because no sensitivity was shown for any critical "
            "condition."
        )
    names = [result.evidence.name for result in conditions if not result.is_decided]
    if names:
        return (
            "The risk is not called low, because the required sensitivity was not shown for "
            f"{', '.join(names)}."
        )
    found = {item.row.id for item in positives}
    others = sum(
        share for row, share in shares.values() if not row.is_normal and row.id not in found
    )
    if others > 0.5:
        return "The risk is not called low, because other diseases together are more probable."
    return ""
