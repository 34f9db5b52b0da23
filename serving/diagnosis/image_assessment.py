"""Assesses one image or volume: its worst gradable frame, the gates, the probabilities and the risk."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.diagnosis.abstention import Abstention, decide_abstention
from serving.diagnosis.gates import DistributionVerdict, distribution_verdict
from serving.diagnosis.inputs import ImageInput
from serving.diagnosis.laterality import LateralitySource, find_laterality
from serving.diagnosis.modality import ModalityFinding, find_modality, modality_problem
from serving.diagnosis.pixels import shrink
from serving.diagnosis.probabilities import (
    ConditionResult,
    PredictedSet,
    Probabilities,
    calibrated_probabilities,
    condition_results,
    predicted_set,
    primary_class,
)
from serving.diagnosis.quality import QualityVerdict, measured_quality, modelled_quality
from serving.diagnosis.quality_measures import WORKING_SIDE_PX
from serving.diagnosis.risk import UNKNOWN_RISK, RiskLevel, RiskVerdict, assess_risk, row_of
from serving.diagnosis.urgency import UrgencyRules
from serving.engine.protocol import ModelDescription
from serving.errors import Reason, ServingError
from serving.images.image import DecodedFile, Laterality, Modality

MAX_GATED_FRAMES = 32
"""Of a volume, so many frames at most are tried for a gradable one, those with the highest risk first."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How a request wants its images judged."""

    model: ModelDescription
    rules: UrgencyRules
    confidence_threshold: float
    jurisdiction: str


@dataclass(frozen=True, kw_only=True)
class FrameAssessment:
    """The gates, probabilities and risk of one frame."""

    frame: int
    """Its number in the file."""
    quality: QualityVerdict
    modality: ModalityFinding
    distribution: DistributionVerdict
    probabilities: Probabilities
    primary: int
    """Position of the most probable class."""
    explained: int
    """Position of the class that an explanation should be about: that of the most urgent condition."""
    prediction_set: PredictedSet
    conditions: tuple[ConditionResult, ...]
    abstention: Abstention
    risk: RiskVerdict
    """Unknown if a gate is closed."""

    @property
    def confidence(self) -> float:
        return float(self.probabilities[self.primary])


@dataclass(frozen=True, kw_only=True)
class ImageAssessment:
    """One file of a request; `worst` is None if there is an error."""

    position: int
    laterality: Laterality | None
    laterality_source: LateralitySource
    num_frames: int
    notes: tuple[str, ...]
    worst: FrameAssessment | None
    error: ServingError | None = None


def assess_image(image: ImageInput, judgement: Judgement) -> ImageAssessment:
    """The assessment of a file. An error of the file, or of what the model gave for it, is in it."""
    decoded = image.decoded
    laterality, source = find_laterality(
        request=image.laterality,
        tag=None if decoded is None else decoded.laterality,
        file_name=image.name,
    )
    notes = [] if decoded is None else list(decoded.notes)
    worst, error = None, image.error
    try:
        worst = None if error is not None else _worst_frame(image, judgement, notes)
    except ServingError as failure:
        error = failure
    return ImageAssessment(
        position=image.position,
        laterality=laterality,
        laterality_source=source,
        num_frames=0 if decoded is None else image.num_frames or len(decoded.frames),
        notes=tuple(notes),
        worst=worst,
        error=error,
    )


def _worst_frame(image: ImageInput, judgement: Judgement, notes: list[str]) -> FrameAssessment:
    """The frame with the highest risk among the gradable ones; else the one with the highest risk."""
    decoded = _require_outputs(image)
    order = _by_risk(image, decoded, judgement)
    first = None
    for position in order[:MAX_GATED_FRAMES]:
        assessed = _assess_frame(image, decoded, position, judgement)
        if not assessed.abstention.is_gated:
            if first is not None:
                notes.append(f"frames with a higher risk than frame {assessed.frame} fail a gate")
            return assessed
        first = first or assessed
    assert first is not None  # a decoded file has frames
    if len(order) > MAX_GATED_FRAMES:
        notes.append(
            f"of {len(order)} frames, the {MAX_GATED_FRAMES} with the highest risk were tried"
        )
    return first


def _require_outputs(image: ImageInput) -> DecodedFile:
    decoded = image.decoded
    if decoded is None or not decoded.frames:
        raise ServingError(Reason.IMAGE_UNREADABLE, "The file has no image. Export it again.")
    if len(image.outputs) != len(decoded.frames):
        raise ServingError(
            Reason.MODEL_FAILED,
            f"Expected an output for each of {len(decoded.frames)} frames, but "
            f"{len(image.outputs)} came. Ask again.",
        )
    return decoded


def _by_risk(image: ImageInput, decoded: DecodedFile, judgement: Judgement) -> Sequence[int]:
    """Positions of the frames, the highest risk first; of equal ones, the first frame."""
    if len(decoded.frames) == 1:
        return [0]
    keys = []
    for position in range(len(decoded.frames)):
        probabilities = calibrated_probabilities(image.outputs[position].logits, judgement.model)
        conditions = condition_results(probabilities, judgement.model.evidence)
        risk = _risk(probabilities, conditions, judgement, decoded.modality)
        keys.append((-level_rank(risk.level), -risk.score, position))
    return [position for _, _, position in sorted(keys)]


def _assess_frame(
    image: ImageInput, decoded: DecodedFile, position: int, judgement: Judgement
) -> FrameAssessment:
    pixels, output, model = decoded.frames[position], image.outputs[position], judgement.model
    probabilities = calibrated_probabilities(output.logits, model)
    conditions = condition_results(probabilities, model.evidence)
    # Shrinking a large image takes longer than measuring it.
    small = shrink(pixels, WORKING_SIDE_PX)
    modality = find_modality(small, decoded.modality)
    quality = (
        modelled_quality(image.quality[position])
        if image.quality
        else measured_quality(small, modality.modality or Modality.FUNDUS)
    )
    distribution = distribution_verdict(output.features, model)
    primary = primary_class(probabilities)
    abstention = decide_abstention(
        quality=quality,
        modality_problem=modality_problem(
            modality.modality, model.modalities, [float(value) for value in probabilities]
        ),
        distribution=distribution,
        confidence=float(probabilities[primary]),
        confidence_threshold=judgement.confidence_threshold,
    )
    risk = _risk(probabilities, conditions, judgement, modality.modality)
    return FrameAssessment(
        frame=image.number_of(position),
        quality=quality,
        modality=modality,
        distribution=distribution,
        probabilities=probabilities,
        primary=primary,
        explained=_explained_class(probabilities, conditions, risk, judgement),
        prediction_set=predicted_set(probabilities, model.evidence),
        conditions=conditions,
        abstention=abstention,
        risk=_after_abstention(risk, abstention),
    )


def _risk(
    probabilities: Probabilities,
    conditions: Sequence[ConditionResult],
    judgement: Judgement,
    modality: Modality | None,
) -> RiskVerdict:
    return assess_risk(
        probabilities,
        judgement.model.classes,
        conditions,
        rules=judgement.rules,
        jurisdiction=judgement.jurisdiction,
        modality=modality,
    )


def _explained_class(
    probabilities: Probabilities,
    conditions: Sequence[ConditionResult],
    risk: RiskVerdict,
    judgement: Judgement,
) -> int:
    """The most probable class of the first positive condition."""
    row, rules = risk.positives[0].row, judgement.rules
    classes = [
        index
        for index, name in enumerate(judgement.model.classes)
        if rules.condition_of_class(name).id == row.id
    ]
    if not classes:
        # The rules know the condition, but none of its classes.
        classes = [
            index
            for result in conditions
            if row_of(result, rules).id == row.id
            for index in result.evidence.classes
        ]
    return max(
        classes,
        key=lambda index: float(probabilities[index]),
        default=primary_class(probabilities),
    )


def _after_abstention(risk: RiskVerdict, abstention: Abstention) -> RiskVerdict:
    """An abstention hides no positive condition, unless a gate says that the numbers mean nothing."""
    if not abstention.is_abstained:
        return risk
    if abstention.is_gated or risk.level in (RiskLevel.LOW, RiskLevel.UNKNOWN):
        return UNKNOWN_RISK
    return risk


_RANKS = {
    RiskLevel.LOW: 0,
    RiskLevel.UNKNOWN: 1,
    RiskLevel.MODERATE: 2,
    RiskLevel.HIGH: 3,
    RiskLevel.CRITICAL: 4,
}


def level_rank(level: RiskLevel) -> int:
    """The order of levels: an unknown risk may be any, so it counts for more than a low one."""
    return _RANKS[level]
