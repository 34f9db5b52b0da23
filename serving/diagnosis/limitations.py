"""Says what was not shown of a model, and what speaks against an answer."""

from collections.abc import Iterator

from serving.diagnosis.image_assessment import FrameAssessment
from serving.diagnosis.quality import QualityMethod
from serving.engine.protocol import ModelDescription


def limitations_of(assessed: FrameAssessment, model: ModelDescription) -> list[str]:
    """Sentences, each once: of the model, then of the image."""
    return list(dict.fromkeys([*_of_model(model), *_of_image(assessed)]))


def _of_model(model: ModelDescription) -> Iterator[str]:
    evidence = model.evidence
    said = (*model.missing, *evidence.missing)
    yield from said
    text = " ".join(said).casefold()
    if evidence.temperature is None and "temperature" not in text:
        yield "The probabilities are not calibrated: the model has no temperature."
    if (evidence.features is None or model.statistics is None) and "feature statistics" not in text:
        yield (
            "It is unknown whether the image is within what the model has seen: the model has no "
            "feature statistics."
        )
    if evidence.prediction_sets is None and "prediction sets" not in text:
        yield "The model has no prediction sets."
    if not any(model.modalities):
        yield "The model does not say whether its classes are of fundus photographs or OCT scans."


def _of_image(assessed: FrameAssessment) -> Iterator[str]:
    if assessed.quality.method is QualityMethod.CLASSICAL_MEASURES:
        yield "No model judged the quality of the image: simple measures did."
    if assessed.modality.note:
        note = assessed.modality.note
        yield f"{note[0].upper()}{note[1:]}."
    if assessed.risk.note:
        yield assessed.risk.note
    for result in assessed.conditions:
        if not result.is_decided:
            note = result.evidence.note or "cannot be shown"
            yield f"No threshold for {result.evidence.name}: {note}."
