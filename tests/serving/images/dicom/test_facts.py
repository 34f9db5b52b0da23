"""Modality, laterality and pixel spacing of DICOM images."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from serving.images.image import Laterality, Modality
from tests.serving.images.decoded_here import decoded
from tests.serving.images.dicom_files import (
    OPHTHALMIC_PHOTOGRAPHY,
    OPHTHALMIC_TOMOGRAPHY,
    SECONDARY_CAPTURE,
    dicom_file,
    grey_dataset,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
EN_FACE = "1.2.840.10008.5.1.4.1.1.77.1.5.7"


def found(**attributes: Any) -> Any:
    return decoded(dicom_file(grey_dataset(np.zeros((2, 2, 2), np.uint8), **attributes)))


@pytest.mark.parametrize(
    ("sop_class", "modality", "expected"),
    [
        (OPHTHALMIC_PHOTOGRAPHY, "OP", Modality.FUNDUS),
        (OPHTHALMIC_TOMOGRAPHY, "OPT", Modality.OCT),
        (OPHTHALMIC_TOMOGRAPHY, "OP", Modality.OCT),
        (EN_FACE, "OPTENF", Modality.OTHER),
        (SECONDARY_CAPTURE, "OP", Modality.FUNDUS),
        (SECONDARY_CAPTURE, "OPT", Modality.OCT),
        (SECONDARY_CAPTURE, "OT", None),
        (SECONDARY_CAPTURE, None, None),
        (CT, "CT", Modality.OTHER),
    ],
)
def test_the_modality_is_concluded_from_class_then_code(
    sop_class: str, modality: str | None, expected: Modality | None
) -> None:
    assert found(SOPClassUID=sop_class, Modality=modality).modality is expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ImageLaterality": "R"}, Laterality.RIGHT),
        ({"Laterality": "L"}, Laterality.LEFT),
        ({"ImageLaterality": "R", "Laterality": "L"}, Laterality.RIGHT),
        ({"ImageLaterality": "B"}, None),
        ({"Laterality": ""}, None),
        ({}, None),
    ],
)
def test_the_laterality_of_the_image_goes_before_that_of_the_series(
    attributes: dict[str, str], expected: Laterality | None
) -> None:
    assert found(**attributes).laterality is expected


def test_the_laterality_of_frames_is_read() -> None:
    assert found(SharedFunctionalGroupsSequence=[_anatomy("L")]).laterality is Laterality.LEFT


def test_frames_of_both_eyes_leave_the_laterality_open_and_it_is_said() -> None:
    both = found(PerFrameFunctionalGroupsSequence=[_anatomy("L"), _anatomy("R")])
    assert both.laterality is None
    assert "the file names both eyes: the laterality is unknown" in both.notes


def test_the_spacing_of_the_image_or_of_its_frames_is_read() -> None:
    measures, group = Dataset(), Dataset()
    measures.PixelSpacing = [0.004, 0.011]
    group.PixelMeasuresSequence = [measures]
    assert found(PixelSpacing=[0.5, 0.25]).pixel_spacing_mm == (0.5, 0.25)
    assert found(SharedFunctionalGroupsSequence=[group]).pixel_spacing_mm == (0.004, 0.011)


@pytest.mark.parametrize("spacing", [[0, 0], [1, -1], [1], None])
def test_a_spacing_that_is_none_is_left_out(spacing: list[int] | None) -> None:
    dataset = grey_dataset(np.zeros((2, 2), np.uint8), PixelSpacing=spacing or [])
    assert decoded(dicom_file(dataset)).pixel_spacing_mm is None


def test_text_in_the_pixels_is_said() -> None:
    notes = found(BurnedInAnnotation="YES").notes
    assert "the file says that text is burned into its pixels" in notes


def _anatomy(code: str) -> Dataset:
    anatomy, group = Dataset(), Dataset()
    anatomy.FrameLaterality = code
    group.FrameAnatomySequence = [anatomy]
    return group
