"""How the levels of grey DICOM images are shown."""

import math
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, JPEGLSNearLossless, RLELossless

from tests.serving.images.decoded_here import decoded
from tests.serving.images.dicom_files import (
    OPHTHALMIC_TOMOGRAPHY,
    compressed,
    dicom_file,
    grey_dataset,
    with_streams,
)

LEVELS = np.array([[0, 1000, 2000], [3000, 4000, 4095]], np.uint16)
NO_WINDOW = "no window: shown over the usual range of the levels"
BAD_WIDTH = "window width 0 or less: shown from minimum to maximum"


def shown(levels: Any, **attributes: Any) -> list[list[int]]:
    grey: list[list[int]] = frame(levels, **attributes)[..., 0].tolist()
    return grey


def frame(levels: Any, **attributes: Any) -> Any:
    return decoded(dicom_file(grey_dataset(levels, **attributes))).frames[0]


def notes(levels: Any, **attributes: Any) -> tuple[str, ...]:
    return decoded(dicom_file(grey_dataset(levels, **attributes))).notes


def lut_item(first: int, entries: Any, bits: int = 16) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = np.array(entries, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def test_levels_of_8_bits_are_shown_as_they_are() -> None:
    levels = np.array([[0, 7], [128, 200]], np.uint8)
    assert shown(levels) == levels.tolist()
    assert notes(levels) == ()


def test_levels_without_a_window_are_shown_over_their_usual_range_as_in_training() -> None:
    assert shown(LEVELS, BitsStored=12, HighBit=11) == [[0, 62, 125], [187, 249, 255]]
    assert notes(LEVELS) == (NO_WINDOW,)


def test_signed_levels_without_a_window_are_shown_from_lowest_to_highest() -> None:
    assert shown(np.array([[-1000, 0, 1000]], np.int16)) == [[0, 128, 255]]


def test_one_scale_holds_for_all_frames() -> None:
    stack = np.array([[[100, 200]], [[100, 4000]]], np.uint16)
    first, second = decoded(dicom_file(grey_dataset(stack))).frames
    assert first[0, 0, 0] == second[0, 0, 0] == 6


def test_the_first_of_several_windows_is_used() -> None:
    one = shown(LEVELS, WindowCenter=2000, WindowWidth=2001)
    assert one == [[0, 0, 128], [255, 255, 255]]
    assert shown(LEVELS, WindowCenter=[2000, 50], WindowWidth=[2001, 10]) == one


@pytest.mark.parametrize("width", [0, -5])
def test_a_width_of_0_or_less_means_minimum_to_maximum_and_is_said(width: int) -> None:
    levels = np.array([[500, 1000, 1500]], np.uint16)
    assert shown(levels, WindowCenter=700, WindowWidth=width) == [[0, 128, 255]]
    assert notes(levels, WindowCenter=700, WindowWidth=width) == (BAD_WIDTH,)


def test_a_window_that_is_no_number_counts_as_none() -> None:
    dataset = grey_dataset(LEVELS, WindowCenter=7, WindowWidth=9)
    content = dicom_file(dataset)
    assert content.count(b"DS\x04\x009.0 ") == 1
    content = content.replace(b"DS\x04\x009.0 ", b"DS\x04\x00x.0 ")
    assert decoded(content).notes == (NO_WINDOW,)


def test_a_width_of_1_is_a_threshold() -> None:
    assert shown(LEVELS, WindowCenter=2000, WindowWidth=1) == [[0, 0, 255], [255, 255, 255]]


def test_exact_and_sigmoid_windows_follow_the_standard() -> None:
    levels = np.array([[0, 50, 100]], np.uint16)
    window = {"WindowCenter": 50, "WindowWidth": 100}
    assert shown(levels, VOILUTFunction="LINEAR_EXACT", **window) == [[0, 128, 255]]
    expected = [round(255 / (1 + math.exp(-4 * (x - 50) / 100))) for x in (0, 50, 100)]
    assert shown(levels, VOILUTFunction="SIGMOID", **window) == [expected]


def test_the_window_applies_to_rescaled_levels() -> None:
    window = {
        "WindowCenter": 0.5,
        "WindowWidth": 2001,
        "RescaleIntercept": -1000,
        "RescaleSlope": 1,
    }
    assert shown(LEVELS, **window)[0] == [0, 128, 255]


def test_monochrome1_is_inverted() -> None:
    levels = np.array([[0, 100, 255]], np.uint8)
    assert shown(levels, PhotometricInterpretation="MONOCHROME1") == [[255, 155, 0]]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_counts_neither_as_minimum_nor_as_maximum(photometric: str) -> None:
    levels = np.array([[-2000, 0, 1000]], np.int16)
    found = shown(
        levels,
        PixelPaddingValue=-2000,
        WindowCenter=0,
        WindowWidth=0,
        PhotometricInterpretation=photometric,
    )
    assert found[0][0] == 0
    assert sorted(found[0][1:]) == [0, 255]


def test_a_range_of_padding_is_black() -> None:
    levels = np.array([[200, 250, 255, 100]], np.uint8)
    dataset = grey_dataset(levels, PixelPaddingValue=250, PixelPaddingRangeLimit=255)
    assert decoded(dicom_file(dataset)).frames[0][..., 0].tolist() == [[200, 0, 0, 100]]


def test_bits_above_the_stored_ones_are_ignored() -> None:
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "BitsStored": 12, "HighBit": 11}
    junk = LEVELS | 0xF000
    assert shown(junk, **window) == shown(LEVELS, **window)


def test_bits_above_the_stored_ones_do_not_change_a_sign() -> None:
    levels = np.array([[-2048, -1, 2047]], np.int16)
    window = {"WindowCenter": 0, "WindowWidth": 4096, "BitsStored": 12, "HighBit": 11}
    junk = (levels & 0x0FFF) | 0x5000
    assert shown(junk.astype(np.int16), **window) == [[0, 127, 255]]


def test_bits_below_the_stored_ones_are_ignored() -> None:
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "BitsStored": 12}
    shifted = (LEVELS << 4) | 0x9
    assert shown(shifted, HighBit=15, **window) == shown(LEVELS, HighBit=11, **window)


def test_a_modality_lut_is_applied() -> None:
    item = lut_item(10, [0, 1000, 4095])
    levels = np.array([[0, 10, 11, 12, 200]], np.uint8)
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    assert shown(levels, ModalityLUTSequence=[item], **window) == [[0, 0, 62, 255, 255]]


@pytest.mark.parametrize("keyword", ["ModalityLUTSequence", "VOILUTSequence"])
def test_an_empty_lut_descriptor_is_passed_over_with_a_note(keyword: str) -> None:
    item = lut_item(0, [0, 9])
    item["LUTDescriptor"].value = None
    levels = np.array([[0, 7]], np.uint8)
    assert shown(levels, **{keyword: [item]}) == levels.tolist()
    assert "has no usable descriptor: it is not applied" in notes(levels, **{keyword: [item]})[0]


def test_a_voi_lut_is_applied_before_a_window() -> None:
    item = lut_item(1, [0, 128, 255], bits=8)
    levels = np.array([[0, 1, 2, 3, 4]], np.uint8)
    found = shown(levels, VOILUTSequence=[item], WindowCenter=1, WindowWidth=1)
    assert found == [[0, 0, 128, 255, 255]]


def test_each_frame_has_its_own_window_and_rescaling() -> None:
    dataset = grey_dataset(np.full((2, 1, 1), 100, np.uint16), SOPClassUID=OPHTHALMIC_TOMOGRAPHY)
    dataset.PerFrameFunctionalGroupsSequence = [_group(0, center=50), _group(50, center=200)]
    first, second = decoded(dicom_file(dataset)).frames
    assert (first[0, 0, 0], second[0, 0, 0]) == (255, 0)


def test_a_shared_window_holds_for_all_frames() -> None:
    dataset = grey_dataset(np.array([[[100]], [[49]]], np.uint16))
    dataset.SharedFunctionalGroupsSequence = [_group(0, center=50)]
    assert [f[0, 0, 0] for f in decoded(dicom_file(dataset)).frames] == [255, 0]


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_signed_levels_survive_lossless_compression(syntax: str) -> None:
    levels = np.array([[-2000, -1, 0, 1], [5, 77, 1500, 2000]], np.int16)
    levels = np.tile(levels, (32, 16))
    window = {"WindowCenter": 0, "WindowWidth": 4096}
    dataset = grey_dataset(levels, BitsStored=12, HighBit=11, **window)
    plain = decoded(dicom_file(dataset)).frames[0]
    content = dicom_file(compressed(dataset, syntax), syntax)
    assert np.array_equal(decoded(content).frames[0], plain)


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEGLSNearLossless])
def test_jpeg_ls_of_8_bits_in_words_of_16_is_read(syntax: str) -> None:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    narrow = compressed(grey_dataset(levels), JPEGLSLossless)
    stream = next(generate_frames(narrow.PixelData, number_of_frames=1))
    wide = grey_dataset(levels.astype(np.uint16), BitsStored=8, HighBit=7)
    content = dicom_file(with_streams(wide, [stream]), syntax)
    assert np.array_equal(decoded(content).frames[0][..., 0], levels)


def test_float_levels_are_shown_and_what_is_no_number_is_black() -> None:
    dataset = grey_dataset(np.zeros((1, 4), np.uint8), PixelData=None, BitsStored=None)
    del dataset.HighBit, dataset.PixelRepresentation
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = np.array([0, 0.5, 1, np.nan], "<f4").tobytes()
    assert decoded(dicom_file(dataset)).frames[0][0, :, 0].tolist() == [0, 128, 255, 0]


def _group(intercept: int, *, center: int) -> Dataset:
    transformation, window, group = Dataset(), Dataset(), Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope = intercept, 1
    transformation.RescaleType = "US"
    window.WindowCenter, window.WindowWidth = center, 1
    group.PixelValueTransformationSequence = [transformation]
    group.FrameVOILUTSequence = [window]
    return group
