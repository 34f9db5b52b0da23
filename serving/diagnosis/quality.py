"""Decides whether an image is good enough to grade, by simple measures or by a model of the quality.

The limits were chosen on the `val` split of a public data set, see docs/diagnosis.md;
`python -m benchmarks.quality_gate` measures what they do on any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from serving.diagnosis.quality_measures import Measures, measure_fundus, measure_oct
from serving.errors import Reason, ServingError
from serving.images.image import Modality, Pixels

SMALLEST_SIDE_PX = 32
GRADABLE_CLASS = "gradable"
"""The class of a model of the quality that stands for a good image; its other classes are reasons."""


class QualityReason(StrEnum):
    """What makes an image hard to grade."""

    BLUR = "blur"
    UNDEREXPOSED = "underexposed"
    OVEREXPOSED = "overexposed"
    FIELD = "field"
    ARTEFACT = "artefact"
    TOO_SMALL = "too_small"


class QualityMethod(StrEnum):
    MODEL = "model"
    CLASSICAL_MEASURES = "classical_measures"


@dataclass(frozen=True, kw_only=True)
class QualityVerdict:
    """Whether an image is gradable; `score` is from 0 to 1, and below 0.5 if it is not."""

    is_gradable: bool
    reasons: tuple[str, ...]
    score: float
    method: QualityMethod

    @property
    def advice(self) -> str:
        return "" if self.is_gradable else "retake"


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """The last good value of each measure."""

    least_brightness: float
    most_saturated: float
    most_blur: float
    least_field: float
    most_shadow: float
    most_cut: float
    most_blank: float


_FUNDUS = _Limits(
    least_brightness=18.5,
    most_saturated=0.15,
    most_blur=0.71,
    least_field=0.25,
    most_shadow=0.3,
    most_cut=1,
    most_blank=0.05,
)
_OCT = _Limits(
    least_brightness=40,
    most_saturated=0.25,
    most_blur=0.6,
    least_field=0,
    most_shadow=1,
    most_cut=0.3,
    most_blank=0.05,
)


def measured_quality(image: Pixels, modality: Modality) -> QualityVerdict:
    """The verdict by simple measures. An image that is no OCT scan is measured as a photograph."""
    if min(image.shape[:2]) < SMALLEST_SIDE_PX:
        return _verdict({QualityReason.TOO_SMALL: 0.0})
    if modality is Modality.OCT:
        return _verdict(_scores(measure_oct(image), _OCT))
    return _verdict(_scores(measure_fundus(image), _FUNDUS))


def modelled_quality(probabilities: Mapping[str, float]) -> QualityVerdict:
    """The verdict of a model of the quality.

    `probabilities` are by class, and one of the classes is GRADABLE_CLASS. An image is gradable if no
    other class is as probable; otherwise the reasons are the classes more probable than it.

    Raises ServingError MODEL_FAILED if that class is missing, or if a probability is no number from 0
    to 1.
    """
    shares = probabilities.values()
    if GRADABLE_CLASS not in probabilities or not all(0 <= share <= 1 for share in shares):
        raise ServingError(
            Reason.MODEL_FAILED,
            f"Expected probabilities of a quality model, one of them of a class {GRADABLE_CLASS!r}. "
            "Register a model of the recipe quality.",
        )
    gradable = probabilities[GRADABLE_CLASS]
    others = {name: value for name, value in probabilities.items() if name != GRADABLE_CLASS}
    reasons = sorted(
        (name for name, value in others.items() if value >= gradable),
        key=lambda name: (-others[name], name),
    )
    total = gradable + max(others.values(), default=0.0)
    return QualityVerdict(
        is_gradable=not reasons,
        reasons=tuple(reasons),
        score=gradable / total if total > 0 else 0.0,
        method=QualityMethod.MODEL,
    )


def _scores(measures: Measures, limits: _Limits) -> dict[QualityReason, float]:
    """Of each reason: 1 for a value without any fault, 0.5 at the limit, 0 for a value twice as bad."""
    artefact = _score_below(measures.blank, limits.most_blank)
    return {
        QualityReason.UNDEREXPOSED: _score_above(measures.brightness, limits.least_brightness),
        QualityReason.OVEREXPOSED: _score_below(measures.saturated, limits.most_saturated),
        QualityReason.BLUR: _score_below(measures.blur, limits.most_blur),
        QualityReason.FIELD: min(
            _score_above(measures.field, limits.least_field),
            _score_below(measures.shadow, limits.most_shadow),
            _score_below(measures.cut, limits.most_cut),
        ),
        QualityReason.ARTEFACT: artefact,
    }


def _score_below(value: float, limit: float) -> float:
    return float(np.clip(1 - value / limit / 2, 0, 1))


def _score_above(value: float, limit: float) -> float:
    return float(np.clip(value / limit / 2, 0, 1)) if limit else 1.0


def _verdict(scores: Mapping[QualityReason, float]) -> QualityVerdict:
    reasons = tuple(reason.value for reason, score in scores.items() if score < 0.5)
    return QualityVerdict(
        is_gradable=not reasons,
        reasons=reasons,
        score=min(scores.values()),
        method=QualityMethod.CLASSICAL_MEASURES,
    )
