"""All files that pydicom brings for its own tests: each gives an image, or a refusal with a name."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

from serving.images.image import DecodedFile, Modality
from serving.images.refusal import Refusal, RefusalReason
from tests.serving.images.decoded_here import decoded, refusal

FOLDER = Path(pydicom.data.__file__).parent / "test_files"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
REFUSED_IMAGES = {
    "JPEG-lossy.dcm": "12 bits",
    "JPGExtended.dcm": "12 bits",
    "JPEG2000-embedded-sequence-delimiter.dcm": "differs in size",
    "MR_truncated.dcm": "shorter than it declares",
    "meta_missing_tsyntax.dcm": "size of its image",
    "nested_priv_SQ.dcm": "size of its image",
    "no_meta.dcm": "no known kind",
}
OTHER_OBJECTS = ("DICOMDIR", "rtplan.dcm", "rtstruct.dcm", "reportsi.dcm", "waveform_ecg.dcm")

Array = np.ndarray[Any, np.dtype[Any]]

pytestmark = pytest.mark.filterwarnings("ignore")


def content_of(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def outcome(path: Path) -> DecodedFile | Refusal:
    try:
        return decoded(path.read_bytes(), suffix=path.suffix)
    except Refusal as refused:
        return refused


def pixel_data_files() -> list[str]:
    names = []
    for path in sorted(FOLDER.glob("*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True, specific_tags=["PixelData"])
        if "PixelData" in dataset and path.name not in {*REFUSED_IMAGES, "badVR.dcm"}:
            names.append(path.name)
    return names


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(FOLDER)) for path in FILES])
def test_each_file_gives_an_image_or_a_named_refusal(path: Path) -> None:
    found = outcome(path)
    if isinstance(found, Refusal):
        assert found.reason in RefusalReason
        assert len(found.message) > 20
        return
    assert found.format == "DICOM"
    assert {(frame.ndim, frame.dtype, frame.shape) for frame in found.frames} == {
        (3, np.dtype(np.uint8), found.frames[0].shape)
    }
    assert found.frames[0].shape[2] == 3


@pytest.mark.parametrize("name", pixel_data_files())
def test_an_image_is_shown_as_by_the_pipeline_of_pydicom(name: str) -> None:
    dataset = pydicom.dcmread(get_testdata_file(name, download=False), force=True)
    stored = dataset.pixel_array
    shown = np.stack(decoded(content_of(name)).frames).astype(np.int64)
    expected = _expected(dataset, stored).reshape((*shown.shape[:3], -1))
    assert np.array_equal(np.broadcast_to(expected, shown.shape), shown)


@pytest.mark.parametrize(("name", "words"), sorted(REFUSED_IMAGES.items()))
def test_an_image_that_cannot_be_shown_is_refused_with_the_cause(name: str, words: str) -> None:
    assert words in refusal(content_of(name)).message


@pytest.mark.parametrize("name", OTHER_OBJECTS)
def test_an_object_without_an_image_is_refused_as_such(name: str) -> None:
    path = next(path for path in FILES if path.name == name)
    refused = refusal(path.read_bytes())
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "has no image" in refused.message


def test_all_frames_of_a_multi_frame_image_are_read() -> None:
    found = decoded(content_of("examples_ybr_color.dcm"))
    assert len(found.frames) == 30
    assert found.modality is Modality.OTHER


def test_the_pixel_spacing_is_copied() -> None:
    assert decoded(content_of("MR_small.dcm")).pixel_spacing_mm == (0.3125, 0.3125)


def test_frames_beyond_a_damaged_number_of_frames_are_read_with_a_note() -> None:
    found = decoded(content_of("badVR.dcm"))
    assert len(found.frames) == 15
    assert "the file has more frames than it declares: all are read" in found.notes


def _expected(dataset: pydicom.Dataset, stored: Array) -> Array:
    photometric = dataset.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        return (apply_color_lut(stored, dataset) >> 8).astype(np.int64)
    if not photometric.startswith("MONOCHROME"):
        white = 2.0**dataset.BitsStored - 1
        return np.rint(stored.astype(np.float64) * 255 / white).astype(np.int64)
    values = apply_voi_lut(apply_modality_lut(stored, dataset), dataset).astype(np.float64)
    black, white = _scale(dataset, values)
    return np.rint((values - black) / (white - black) * 255).clip(0, 255).astype(np.int64)


def _scale(dataset: pydicom.Dataset, values: Array) -> tuple[float, float]:
    """The range of the output of the window; without a window, the usual range of the levels."""
    if "WindowWidth" in dataset:
        bits, is_signed = dataset.BitsStored, dataset.PixelRepresentation
        black, white = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
        slope = float(dataset.get("RescaleSlope") or 1)
        intercept = float(dataset.get("RescaleIntercept") or 0)
        return black * slope + intercept, white * slope + intercept
    if values.min() < 0:
        return values.min(), values.max()
    bits = next(bits for bits in (1, 8, 10, 12, 14, 16, 24, 32) if values.max() < 2**bits)
    return 0, 2 ** min(bits, dataset.BitsStored) - 1
