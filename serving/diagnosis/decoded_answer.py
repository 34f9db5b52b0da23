"""Answers about files that were only decoded: what they are and whether they are gradable, without a model."""

from collections.abc import Sequence

from serving.diagnosis.inputs import ImageInput
from serving.diagnosis.laterality import find_laterality
from serving.diagnosis.messages import (
    INTENDED_USE,
    LATERALITIES,
    modality_message,
    quality_message,
)
from serving.diagnosis.modality import find_modality
from serving.diagnosis.pixels import shrink
from serving.diagnosis.quality import measured_quality
from serving.diagnosis.quality_measures import WORKING_SIDE_PX
from serving.images.image import DecodedFile, Modality
from serving.v1 import diagnosis_pb2 as pb

NOT_ASKED = "No model was asked: the request wanted the files decoded only."


def decoded_answer(
    images: Sequence[ImageInput], *, request_id: str, processing_time_s: float = 0.0
) -> pb.Diagnosis:
    """Quality and modality of the first frame of each file; abstained, since there is no diagnosis.

    Its status is "error" if no file could be decoded, else "success".
    """
    ordered = sorted(images, key=lambda image: image.position)
    messages = [_message(image, processing_time_s) for image in ordered]
    diagnosis = pb.Diagnosis(request_id=request_id, status="success", images=messages)
    if not any(message.HasField("result") for message in messages):
        diagnosis.status = "error"
        if messages:
            diagnosis.error.CopyFrom(messages[0].error)
    return diagnosis


def _message(image: ImageInput, processing_time_s: float) -> pb.ImageDiagnosis:
    decoded = image.decoded
    laterality, source = find_laterality(
        request=image.laterality,
        tag=None if decoded is None else decoded.laterality,
        file_name=image.name,
    )
    message = pb.ImageDiagnosis(
        file=image.position, laterality=LATERALITIES[laterality], laterality_source=source
    )
    if image.error is not None:
        message.error.reason, message.error.message = image.error.reason, image.error.message
    elif decoded is not None and decoded.frames:
        message.num_frames = len(decoded.frames)
        message.notes.extend(decoded.notes)
        message.result.CopyFrom(_result(decoded, processing_time_s))
    return message


def _result(decoded: DecodedFile, processing_time_s: float) -> pb.DiagnosisResult:
    pixels = shrink(decoded.frames[0], WORKING_SIDE_PX)
    modality = find_modality(pixels, decoded.modality)
    quality = measured_quality(pixels, modality.modality or Modality.FUNDUS)
    return pb.DiagnosisResult(
        processing_time_seconds=processing_time_s,
        quality=quality_message(quality),
        modality=modality_message(modality),
        risk=pb.Risk(risk_level="unknown", urgency_level="no rule"),
        abstained=True,
        reason=NOT_ASKED,
        intended_use=INTENDED_USE,
        limitations=[NOT_ASKED],
    )
