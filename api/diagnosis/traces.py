"""Chooses what the MLflow trace of a diagnosis contains: no pixels, and nothing that identifies the patient."""

from collections.abc import Mapping
from typing import Any

from pydantic.main import IncEx

from api.diagnosis.schemas import DiagnosisData
from api.runs.trace_writer import NewTrace

EXPERIMENT = "diagnosis"
NAME = "diagnosis"

_KEPT: Mapping[str, IncEx | bool] = {
    "status": True,
    "classification": True,
    "prediction_set": True,
    "abstained": True,
    "reason": True,
    "risk": True,
    "quality": True,
    "modality": True,
    "out_of_distribution": True,
    "evidence": True,
    "findings": {"__all__": {"pathology", "location", "severity", "confidence", "source"}},
    "eyes": {"__all__": {"laterality": True, "result": {"classification": {"primary_diagnosis"}}}},
    "model": True,
    "processing_time": True,
}
"""A list of what is kept, so that a new field of the answer is not by itself."""


def diagnosis_trace(
    data: DiagnosisData, options: Mapping[str, Any], began_ms: int, ended_ms: int
) -> NewTrace:
    """The trace of one diagnosis; `options` are those of the request."""
    images = [
        {"laterality": image.laterality.value, "num_frames": image.num_frames}
        for image in data.images
    ]
    model = data.model
    return NewTrace(
        name=NAME,
        request_id=data.request_id,
        began_ms=began_ms,
        ended_ms=max(began_ms, ended_ms),
        inputs={"images": images, **options},
        outputs=data.model_dump(mode="json", include=_KEPT),
        tags={} if model is None else {"model": model.name, "model_version": model.version},
    )
