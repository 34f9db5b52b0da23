"""Decides whether an image is a fundus photograph, an OCT scan or neither, and whether a model fits it.

The file's own tag decides if there is one; its pixels decide otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from serving.diagnosis.modality_measures import measure_modality
from serving.images.image import Modality, Pixels

DISAGREEMENT = 0.9
"""A model that gives classes of another modality at least this probability contradicts the verdict."""


class ModalityMethod(StrEnum):
    FILE_TAG = "file_tag"
    CLASSICAL_MEASURES = "classical_measures"


@dataclass(frozen=True, kw_only=True)
class ModalityFinding:
    """`modality` is None if the image is too dark to tell; `confidence` is no probability."""

    modality: Modality | None
    confidence: float
    method: ModalityMethod
    note: str = ""
    """What speaks against it; empty if nothing does."""


def find_modality(image: Pixels, tag: Modality | None) -> ModalityFinding:
    """The modality of an RGB image [H, W, 3] of a file that says `tag`.

    The confidence of a tag is 1 if the pixels look like it, else 0.5; of pixels, it grows from 0.5 to 1
    with the distance of all measures from their limits.
    """
    measured = measure_modality(image)
    if tag is None:
        return ModalityFinding(
            modality=measured.modality,
            confidence=measured.confidence,
            method=ModalityMethod.CLASSICAL_MEASURES,
        )
    agrees = measured.modality in (tag, None)
    return ModalityFinding(
        modality=tag,
        confidence=1.0 if agrees else 0.5,
        method=ModalityMethod.FILE_TAG,
        note="" if agrees else _contradiction(tag, measured.modality),
    )


def modality_problem(
    modality: Modality | None, class_modalities: Sequence[str], probabilities: Sequence[float]
) -> str | None:
    """Why a model with classes of these modalities cannot diagnose the image; None if it can.

    A model that does not say the modalities of its classes is not refused for that.
    """
    if modality is None:
        return "the image is too dark to tell what it shows"
    if modality is Modality.OTHER:
        return "the image looks neither like a fundus photograph nor like an OCT scan"
    known = {name for name in class_modalities if name}
    if not known:
        return None
    if modality.value not in known:
        return f"the model was not trained on {PHRASES[modality]}s"
    contrary = sum(
        probability
        for name, probability in zip(class_modalities, probabilities, strict=True)
        if name and name != modality.value
    )
    if contrary >= DISAGREEMENT:
        return f"the image looks like {_with_article(modality)}, but the model takes it for another kind"
    return None


PHRASES = {
    Modality.FUNDUS: "fundus photograph",
    Modality.OCT: "OCT scan",
    Modality.OTHER: "other image",
}


def _with_article(modality: Modality) -> str:
    article = "a" if modality is Modality.FUNDUS else "an"
    return f"{article} {PHRASES[modality]}"


def _contradiction(tag: Modality, seen: Modality | None) -> str:
    looks = "neither like a fundus photograph nor like an OCT scan"
    if seen is not None and seen is not Modality.OTHER:
        looks = f"like {_with_article(seen)}"
    return f"the file says that it is {_with_article(tag)}, but it looks {looks}"
