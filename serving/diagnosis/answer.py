"""Makes the answer about one patient from decoded files and what the models gave for them.

`assess` decides which frame of a file counts and which class is to be explained, so that a caller can
compute the explanations; `answer` then writes the message. `diagnose` does both at once. All of it is
pure and deterministic, and takes some ten milliseconds of one core for an image.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.diagnosis.eyes import (
    EyeOutcome,
    ImageOutcome,
    PatientOutcome,
    numbered,
    outcomes_by_eye,
    patient_outcome,
)
from serving.diagnosis.findings import Place, list_findings, located_heat_map
from serving.diagnosis.image_assessment import (
    FrameAssessment,
    ImageAssessment,
    Judgement,
    assess_image,
)
from serving.diagnosis.inputs import Explanation, ImageInput
from serving.diagnosis.messages import LATERALITIES, result_message
from serving.diagnosis.urgency import UrgencyRules
from serving.engine.protocol import ModelDescription
from serving.errors import Reason, ServingError
from serving.v1 import diagnosis_pb2 as pb

DEFAULT_CONFIDENCE_THRESHOLD = 0.5
"""Of a request that names none."""

NO_EXPLANATION = Explanation()


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The images of one request, assessed, in the order of the files."""

    images: tuple[ImageAssessment, ...]
    judgement: Judgement


def assess(
    images: Sequence[ImageInput],
    *,
    model: ModelDescription,
    options: pb.DiagnosisOptions,
    rules: UrgencyRules,
) -> Assessment:
    """Assess each image: `worst.frame` and `worst.explained` are the frame and the class to explain.

    An error of one file is kept in its assessment. Raises ServingError REQUEST_INVALID for a
    confidence threshold that is not from 0 to 1, or if there is no image.
    """
    if not images:
        raise ServingError(Reason.REQUEST_INVALID, "files: at least one image was expected.")
    judgement = Judgement(
        model=model,
        rules=rules,
        confidence_threshold=confidence_threshold(options),
        jurisdiction=options.jurisdiction,
    )
    ordered = sorted(images, key=lambda image: image.position)
    return Assessment(
        images=tuple(assess_image(image, judgement) for image in ordered), judgement=judgement
    )


def answer(
    assessment: Assessment,
    *,
    request_id: str,
    processing_time_s: float = 0.0,
    explanations: Mapping[int, Explanation] | None = None,
) -> pb.Diagnosis:
    """The answer about the patient; `explanations` are by the position of the file.

    Its status is "error" if no file could be diagnosed, "abstained" if the patient's result is not a
    diagnosis, else "success".
    """
    given = explanations or {}
    judgement = assessment.judgement
    images = [
        _image_message(image, given.get(image.position, NO_EXPLANATION), judgement)
        for image in assessment.images
    ]
    outcomes = [
        _outcome(image, message) for image, message in zip(assessment.images, images, strict=True)
    ]
    eyes = outcomes_by_eye(outcomes, lambda name: judgement.rules.condition_of_class(name).label)
    diagnosis = _diagnosis(request_id, images, eyes, patient_outcome(eyes))
    for result in _results(diagnosis):
        result.processing_time_seconds = processing_time_s
    return diagnosis


def diagnose(
    images: Sequence[ImageInput],
    *,
    model: ModelDescription,
    options: pb.DiagnosisOptions,
    rules: UrgencyRules,
    request_id: str,
    processing_time_s: float = 0.0,
    explanations: Mapping[int, Explanation] | None = None,
) -> pb.Diagnosis:
    """`assess`, then `answer`."""
    assessment = assess(images, model=model, options=options, rules=rules)
    return answer(
        assessment,
        request_id=request_id,
        processing_time_s=processing_time_s,
        explanations=explanations,
    )


def confidence_threshold(options: pb.DiagnosisOptions) -> float:
    """Raises ServingError REQUEST_INVALID if it is not from 0 to 1."""
    if not options.HasField("confidence_threshold"):
        return DEFAULT_CONFIDENCE_THRESHOLD
    value = options.confidence_threshold
    if math.isnan(value) or not 0 <= value <= 1:
        raise ServingError(
            Reason.REQUEST_INVALID, "confidence_threshold: a number from 0 to 1 was expected."
        )
    return value


def _image_message(
    image: ImageAssessment, explanation: Explanation, judgement: Judgement
) -> pb.ImageDiagnosis:
    message = pb.ImageDiagnosis(
        file=image.position,
        laterality=LATERALITIES[image.laterality],
        laterality_source=image.laterality_source,
        num_frames=image.num_frames,
        notes=image.notes,
    )
    if image.error is not None:
        message.error.reason = image.error.reason
        message.error.message = image.error.message
    if image.worst is not None:
        message.worst_frame = image.worst.frame
        message.result.CopyFrom(_result(image, image.worst, explanation, judgement))
        _add_explanation(message, image, image.worst, explanation)
    return message


def _result(
    image: ImageAssessment, worst: FrameAssessment, explanation: Explanation, judgement: Judgement
) -> pb.DiagnosisResult:
    result = result_message(worst, judgement.model, judgement.rules)
    if worst.abstention.is_gated:
        return result
    findings = list_findings(
        class_name=judgement.model.classes[worst.primary],
        positives=worst.risk.positives,
        heat_map=explanation.heat_map,
        masks=explanation.masks,
        place=_place(image, worst),
    )
    result.findings.extend(numbered(findings, "finding"))
    return result


def _add_explanation(
    message: pb.ImageDiagnosis,
    image: ImageAssessment,
    worst: FrameAssessment,
    explanation: Explanation,
) -> None:
    if explanation.heat_map is not None:
        message.heat_map.CopyFrom(
            located_heat_map(explanation.heat_map, explanation.masks, _place(image, worst))
        )
    message.masks.extend(explanation.masks)
    message.dicom_objects.extend(explanation.dicom_objects)


def _place(image: ImageAssessment, worst: FrameAssessment) -> Place:
    return Place(modality=worst.modality.modality, laterality=image.laterality)


def _outcome(image: ImageAssessment, message: pb.ImageDiagnosis) -> ImageOutcome:
    worst = image.worst
    if worst is None:
        problem = "" if image.error is None else image.error.message.removesuffix(".")
        return ImageOutcome(
            position=image.position,
            laterality=image.laterality,
            result=None,
            is_usable=False,
            problem=problem,
        )
    return ImageOutcome(
        position=image.position,
        laterality=image.laterality,
        result=message.result,
        is_usable=not worst.abstention.is_gated,
        problem="; ".join(worst.abstention.gate_reasons),
    )


def _diagnosis(
    request_id: str,
    images: Sequence[pb.ImageDiagnosis],
    eyes: Sequence[EyeOutcome],
    patient: PatientOutcome,
) -> pb.Diagnosis:
    diagnosis = pb.Diagnosis(
        request_id=request_id,
        images=images,
        eyes=[
            pb.EyeDiagnosis(
                laterality=LATERALITIES[eye.laterality],
                files=eye.files,
                result=eye.result,
                notes=eye.notes,
            )
            for eye in eyes
            # An eye of which no file could be read is in the notes.
            if eye.result is not None
        ],
        notes=patient.notes,
    )
    if patient.result is None:
        diagnosis.status = "error"
        diagnosis.error.CopyFrom(images[0].error)
    else:
        diagnosis.status = "abstained" if patient.result.abstained else "success"
        diagnosis.result.CopyFrom(patient.result)
    return diagnosis


def _results(diagnosis: pb.Diagnosis) -> list[pb.DiagnosisResult]:
    parts = [diagnosis, *diagnosis.images, *diagnosis.eyes]
    return [part.result for part in parts if part.HasField("result")]
