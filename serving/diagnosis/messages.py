"""Writes what is known of a frame as the message `DiagnosisResult`."""

from serving.diagnosis.image_assessment import FrameAssessment
from serving.diagnosis.limitations import limitations_of
from serving.diagnosis.modality import ModalityFinding
from serving.diagnosis.probabilities import ConditionResult
from serving.diagnosis.quality import QualityVerdict
from serving.diagnosis.recommendations import recommendations_of
from serving.diagnosis.risk import RiskVerdict
from serving.diagnosis.urgency import UrgencyRules
from serving.engine.protocol import ModelDescription
from serving.images.image import Laterality, Modality
from serving.v1 import diagnosis_pb2 as pb

INTENDED_USE = (
    "For research, and to support a qualified clinician who sees the image. It is not a medical "
    "device, and its answer is no diagnosis without that clinician."
)

MODALITIES = {
    None: pb.MODALITY_UNSPECIFIED,
    Modality.FUNDUS: pb.MODALITY_FUNDUS,
    Modality.OCT: pb.MODALITY_OCT,
    Modality.OTHER: pb.MODALITY_OTHER,
}
LATERALITIES = {
    None: pb.LATERALITY_UNSPECIFIED,
    Laterality.RIGHT: pb.LATERALITY_RIGHT,
    Laterality.LEFT: pb.LATERALITY_LEFT,
}


def result_message(
    assessed: FrameAssessment, model: ModelDescription, rules: UrgencyRules
) -> pb.DiagnosisResult:
    """The result of one image, without its findings and its processing time."""
    return pb.DiagnosisResult(
        model_used=f"{model.name} version {model.version}",
        classification=_classification(assessed, model),
        risk=_risk(assessed.risk),
        recommendations=recommendations_of(assessed),
        quality=quality_message(assessed.quality),
        modality=modality_message(assessed.modality),
        out_of_distribution=_distribution(assessed),
        prediction_set=pb.PredictionSet(
            classes=[model.classes[index] for index in assessed.prediction_set.classes],
            coverage=assessed.prediction_set.coverage,
            method=assessed.prediction_set.method,
        ),
        abstained=assessed.abstention.is_abstained,
        reason=assessed.abstention.reason,
        evidence=[_evidence(result) for result in assessed.conditions],
        model=pb.ModelVersion(name=model.name, version=model.version, run_id=model.run_id),
        guideline=_guideline(assessed.risk, rules),
        intended_use=INTENDED_USE,
        limitations=limitations_of(assessed, model),
    )


def quality_message(quality: QualityVerdict) -> pb.Quality:
    return pb.Quality(
        gradable=quality.is_gradable,
        reasons=quality.reasons,
        advice=quality.advice,
        score=quality.score,
        method=quality.method,
    )


def modality_message(found: ModalityFinding) -> pb.ModalityVerdict:
    return pb.ModalityVerdict(
        modality=MODALITIES[found.modality],
        confidence=found.confidence,
        method=found.method,
    )


def _classification(assessed: FrameAssessment, model: ModelDescription) -> pb.Classification:
    return pb.Classification(
        primary_diagnosis=model.classes[assessed.primary],
        confidence=assessed.confidence,
        class_probabilities=[
            pb.ClassProbability(class_name=name, probability=float(probability))
            for name, probability in zip(model.classes, assessed.probabilities, strict=True)
        ],
        is_calibrated=model.evidence.temperature is not None,
    )


def _risk(risk: RiskVerdict) -> pb.Risk:
    return pb.Risk(
        risk_score=risk.score,
        risk_level=risk.level,
        risk_category=risk.category,
        urgency_level=risk.urgency,
    )


def _distribution(assessed: FrameAssessment) -> pb.OutOfDistribution:
    verdict = assessed.distribution
    return pb.OutOfDistribution(
        is_outside=verdict.is_outside,
        distance=verdict.distance,
        threshold=verdict.threshold,
        method=verdict.method,
    )


def _evidence(result: ConditionResult) -> pb.ConditionEvidence:
    evidence = result.evidence
    return pb.ConditionEvidence(
        condition=evidence.name,
        probability=result.probability,
        threshold=evidence.threshold,
        is_positive=result.is_positive,
        required_sensitivity=evidence.required_sensitivity,
        sensitivity=evidence.sensitivity,
        support=evidence.support,
        confidence_interval=evidence.confidence_interval or (),
        note=evidence.note,
    )


def _guideline(risk: RiskVerdict, rules: UrgencyRules) -> pb.Guideline:
    rule = risk.positives[0].rule if risk.positives else None
    if rule is None:
        return pb.Guideline(condition=risk.category, signature=rules.signature)
    return pb.Guideline(
        condition=risk.category,
        jurisdiction=rule.jurisdiction,
        edition=rule.edition,
        source=rule.source,
        signature=rules.signature,
        date=rule.date,
    )
