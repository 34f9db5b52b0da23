"""DICOM files that are damaged, hostile or no DICOM files."""

import struct
import zlib

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from serving.images.refusal import RefusalReason
from tests.serving.images.decoded_here import LIMITS, decoded, refusal
from tests.serving.images.dicom.test_frames import jpeg
from tests.serving.images.dicom_files import (
    dicom_file,
    element,
    grey_dataset,
    raw_file,
    with_streams,
)

LEVELS = np.arange(30, dtype=np.uint8).reshape(5, 6)
NO_SYNTAX = "the transfer syntax is absent: it is concluded from the pixel data"


def test_a_text_named_dcm_is_refused_as_a_text() -> None:
    refused = refusal(b"Patient: nobody\nFindings: none\n", suffix=".dcm")
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert refused.message.startswith("This is no image, but a text.")
    assert "nobody" not in refused.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (bytes(4096), "no known kind"),
        (bytes(128) + b"DICM", "has no image"),
        (bytes(128) + b"DICM" + b"\xff" * 64, "has no image"),
    ],
)
def test_what_is_no_image_is_refused_by_its_name(content: bytes, words: str) -> None:
    assert words in refusal(content, suffix=".dcm").message


@pytest.mark.parametrize("is_defined_length", [True, False])
def test_sequences_nested_300_deep_are_refused_or_passed_over(is_defined_length: bool) -> None:
    nested = b""
    for _ in range(300):
        if is_defined_length:
            item = struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested
            nested = element(0x00081140, "SQ", item)
        else:
            nested = (
                struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
                + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
                + nested
                + struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
            )
    content = raw_file(nested, *_image_elements())
    if is_defined_length:
        assert np.array_equal(decoded(content).frames[0][..., 0], LEVELS)
    else:
        refused = refusal(content)
        assert refused.reason is RefusalReason.UNREADABLE
        assert "nested too deep" in refused.message


def test_pixel_data_hidden_in_an_icon_is_no_image() -> None:
    icon = grey_dataset(LEVELS)
    dataset = grey_dataset(LEVELS, PixelData=None)
    del icon.SOPClassUID, icon.SOPInstanceUID
    dataset.IconImageSequence = [icon]
    refused = refusal(dicom_file(dataset))
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "has no image" in refused.message


def test_the_image_beside_an_icon_is_read_and_not_the_icon() -> None:
    dataset = grey_dataset(LEVELS)
    icon = grey_dataset(np.zeros((2, 2), np.uint8))
    del icon.SOPClassUID, icon.SOPInstanceUID
    dataset.IconImageSequence = [icon]
    assert np.array_equal(decoded(dicom_file(dataset)).frames[0][..., 0], LEVELS)


def test_a_deflate_bomb_is_refused_without_inflating_it() -> None:
    elements = b"".join(_image_elements())
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = compressor.compress(elements)
    for _ in range(512):
        bomb += compressor.compress(bytes(2**20))
    bomb += compressor.flush()
    assert len(bomb) < 2**20
    syntax = element(0x00020010, "UI", str(DeflatedExplicitVRLittleEndian).encode())
    refused = refusal(bytes(128) + b"DICM" + syntax + bomb)
    assert refused.reason is RefusalReason.TOO_LARGE
    assert f"{LIMITS.inflated_bytes:,} bytes when it is inflated" in refused.message


def test_a_deflated_image_is_read() -> None:
    content = dicom_file(grey_dataset(LEVELS), DeflatedExplicitVRLittleEndian)
    assert np.array_equal(decoded(content).frames[0][..., 0], LEVELS)


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_an_image_without_a_preamble_is_read(syntax: str) -> None:
    content = dicom_file(grey_dataset(LEVELS), syntax)
    assert np.array_equal(decoded(content[132:]).frames[0][..., 0], LEVELS)


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_an_uncompressed_image_without_a_transfer_syntax_is_read(syntax: str) -> None:
    levels = np.arange(30, dtype="<u2").reshape(5, 6) * 100
    order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
    dataset = grey_dataset(levels, WindowCenter=1450, WindowWidth=2901)
    dataset.PixelData = levels.astype(order).tobytes()
    whole = dicom_file(dataset, syntax)
    start = whole.index(b"\x08\x00\x16\x00" if order == "<u2" else b"\x00\x08\x00\x16")
    assert np.array_equal(decoded(whole[start:]).frames[0], decoded(whole).frames[0])


def test_a_compressed_image_without_a_transfer_syntax_is_read_with_a_note() -> None:
    dataset = with_streams(grey_dataset(np.zeros((16, 24), np.uint8)), [jpeg(90)])
    whole = dicom_file(dataset, JPEGBaseline8Bit)
    found = decoded(whole[whole.index(b"\x08\x00\x16\x00") :])
    assert NO_SYNTAX in found.notes
    assert abs(int(found.frames[0].mean()) - 90) <= 1


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_a_damaged_stream_is_refused(syntax: str) -> None:
    dataset = with_streams(grey_dataset(LEVELS), [b"\x01\x02\x03\x04" * 8])
    refused = refusal(dicom_file(dataset, syntax))
    assert refused.reason is RefusalReason.UNREADABLE


def test_a_video_is_refused_with_the_name_of_its_syntax() -> None:
    dataset = with_streams(grey_dataset(LEVELS), [bytes(32)])
    refused = refusal(dicom_file(dataset, "1.2.840.10008.1.2.4.100"))
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "MPEG2 Main Profile" in refused.message


def test_an_unknown_syntax_is_refused_without_quoting_it() -> None:
    dataset = with_streams(grey_dataset(LEVELS), [bytes(32)])
    known, unknown = b"1.2.840.10008.1.2.4.100", b"1.2.826.0.1.3680043.114"
    refused = refusal(dicom_file(dataset, known.decode()).replace(known, unknown))
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "1.2.826" not in refused.message


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"BitsAllocated": 24}, RefusalReason.UNSUPPORTED),
        ({"BitsStored": 9}, RefusalReason.UNREADABLE),
        ({"SamplesPerPixel": 3}, RefusalReason.UNREADABLE),
        ({"PhotometricInterpretation": "HSV"}, RefusalReason.UNSUPPORTED),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, RefusalReason.UNREADABLE),
    ],
)
def test_attributes_that_contradict_each_other_are_refused(
    attributes: dict[str, int | str], reason: RefusalReason
) -> None:
    assert refusal(dicom_file(grey_dataset(LEVELS, **attributes))).reason is reason


def _image_elements() -> list[bytes]:
    return [
        element(0x00280002, "US", b"\x01\0"),
        element(0x00280004, "CS", b"MONOCHROME2 "),
        element(0x00280010, "US", b"\x05\0"),
        element(0x00280011, "US", b"\x06\0"),
        element(0x00280100, "US", b"\x08\0"),
        element(0x00280101, "US", b"\x08\0"),
        element(0x00280103, "US", b"\0\0"),
        element(0x7FE00010, "OB", LEVELS.tobytes()),
    ]
