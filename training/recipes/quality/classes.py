"""The classes of the quality recipe: gradable, and the reasons why an image is not."""

from enum import StrEnum

from training.taxonomies.taxonomy import CriticalCondition, Modality, Taxonomy

GRADABLE = "gradable"
NOT_GRADABLE = "not_gradable"
MIN_SENSITIVITY = 0.9
"""Of the condition `not_gradable`: the share of degraded images that must be found."""


class Reason(StrEnum):
    """Why an image is not gradable; also its class."""

    BLUR = "blur"
    UNDEREXPOSED = "underexposed"
    OVEREXPOSED = "overexposed"
    FIELD = "field"
    """Much of the field of view is missing."""
    ARTEFACT = "artefact"
    """Reflections, lashes, stripes or the blocks of a strong compression."""


REASONS = tuple(Reason)
CLASSES = (GRADABLE, *map(str, REASONS))


def quality_taxonomy() -> Taxonomy:
    """Class 0 is gradable; all reasons together are the critical condition `not_gradable`."""
    return Taxonomy(
        name="quality",
        source="Degraded copies of photographs; no clinician has graded an image.",
        classes=CLASSES,
        modalities=(Modality.OTHER,) * len(CLASSES),
        critical_conditions=(
            CriticalCondition(
                name=NOT_GRADABLE,
                class_indices=tuple(range(1, len(CLASSES))),
                min_sensitivity=MIN_SENSITIVITY,
            ),
        ),
    )
