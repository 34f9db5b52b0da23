import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.diagnosis.location import Disc, locate
from serving.images.image import Laterality, Modality

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
FRACTIONS = st.floats(0, 1)

# The disc of a right eye is on the right of the image, that of a left eye on the left.
DISC_RIGHT = Disc(x=0.75, y=0.5, width=0.12, height=0.12)
DISC_LEFT = Disc(x=0.25, y=0.5, width=0.12, height=0.12)


@pytest.mark.parametrize(
    ("x", "y", "laterality", "words"),
    [
        (0.9, 0.1, RIGHT, "superior nasal quadrant"),
        (0.1, 0.1, RIGHT, "superior temporal quadrant"),
        (0.1, 0.9, RIGHT, "inferior temporal quadrant"),
        (0.9, 0.1, LEFT, "superior temporal quadrant"),
        (0.1, 0.9, LEFT, "inferior nasal quadrant"),
        (0.1, 0.9, None, "inferior part, left side of the image"),
        (0.9, 0.1, None, "superior part, right side of the image"),
        (0.55, 0.45, RIGHT, "centre of the image"),
        (0.55, 0.45, None, "centre of the image"),
    ],
)
def test_quadrants_of_a_photograph(
    x: float, y: float, laterality: Laterality | None, words: str
) -> None:
    assert locate(x, y, modality=Modality.FUNDUS, laterality=laterality) == words


@pytest.mark.parametrize(
    ("x", "y", "laterality", "disc", "words"),
    [
        (0.76, 0.52, RIGHT, DISC_RIGHT, "optic disc"),
        (0.45, 0.5, RIGHT, DISC_RIGHT, "macula"),
        (0.24, 0.48, LEFT, DISC_LEFT, "optic disc"),
        (0.55, 0.5, LEFT, DISC_LEFT, "macula"),
        (0.75, 0.15, RIGHT, DISC_RIGHT, "superior nasal quadrant"),
        (0.15, 0.9, RIGHT, DISC_RIGHT, "inferior temporal quadrant"),
        (0.9, 0.1, LEFT, DISC_LEFT, "superior temporal quadrant"),
        (0.76, 0.52, None, DISC_RIGHT, "inferior part, right side of the image"),
    ],
)
def test_macula_and_disc_are_named_where_the_disc_is_known(
    x: float, y: float, laterality: Laterality | None, disc: Disc, words: str
) -> None:
    assert locate(x, y, modality=Modality.FUNDUS, laterality=laterality, disc=disc) == words


@pytest.mark.parametrize(
    ("x", "laterality", "words"),
    [
        (0.5, None, "centre of the scan"),
        (0.9, RIGHT, "nasal part of the scan"),
        (0.1, RIGHT, "temporal part of the scan"),
        (0.9, LEFT, "temporal part of the scan"),
        (0.1, None, "left side of the scan"),
    ],
)
def test_parts_of_a_scan(x: float, laterality: Laterality | None, words: str) -> None:
    assert locate(x, 0.2, modality=Modality.OCT, laterality=laterality) == words


def test_another_image_has_no_location() -> None:
    assert locate(0.1, 0.1, modality=Modality.OTHER, laterality=RIGHT) == ""
    assert locate(0.1, 0.1, modality=None, laterality=RIGHT) == ""


@given(x=FRACTIONS, y=FRACTIONS, has_disc=st.booleans())
def test_a_mirrored_image_of_the_other_eye_has_the_same_location(
    x: float, y: float, has_disc: bool
) -> None:
    # On the line between two sides there is no mirror image.
    if abs(x - 0.5) < 1e-6 or (has_disc and abs(x - 0.45) < 1e-6):
        return
    right = locate(
        x,
        y,
        modality=Modality.FUNDUS,
        laterality=RIGHT,
        disc=DISC_RIGHT if has_disc else None,
    )
    left = locate(
        1 - x,
        y,
        modality=Modality.FUNDUS,
        laterality=LEFT,
        disc=DISC_LEFT if has_disc else None,
    )
    assert right == left


@given(x=FRACTIONS, y=FRACTIONS, modality=st.sampled_from([Modality.FUNDUS, Modality.OCT]))
def test_without_laterality_neither_nasal_nor_temporal_is_claimed(
    x: float, y: float, modality: Modality
) -> None:
    words = locate(x, y, modality=modality, laterality=None)
    assert "nasal" not in words
    assert "temporal" not in words
