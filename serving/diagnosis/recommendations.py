"""Lists recommendations: from the rules of urgency, the quality gate and the abstention, and nothing else."""

from collections.abc import Iterator

from serving.diagnosis.abstention import listed
from serving.diagnosis.image_assessment import FrameAssessment
from serving.diagnosis.risk import PositiveCondition


def recommendations_of(assessed: FrameAssessment) -> list[str]:
    return list(_recommendations(assessed))


def _recommendations(assessed: FrameAssessment) -> Iterator[str]:
    if not assessed.quality.is_gradable:
        yield f"Retake the image: {listed(assessed.quality.reasons)}."
    if assessed.abstention.is_abstained:
        yield f"No diagnosis by the model: {assessed.abstention.reason}. A clinician has to read the image."
    for item in assessed.risk.positives:
        if item.rule is not None or not item.row.is_normal:
            yield _of_rule(item)


def _of_rule(item: PositiveCondition) -> str:
    label = f"{item.row.label[0].upper()}{item.row.label[1:]}"
    if item.rule is None:
        return f"{label}: no rule of urgency can be cited."
    rule = item.rule
    return f"{label}: {rule.urgency} ({rule.source}; {rule.edition}; {rule.jurisdiction})."
