"""The number of frames: as declared, fewer, more, none, too many."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from serving.images.limits import DecodeLimits
from serving.images.refusal import RefusalReason
from tests.serving.images.decoded_here import decoded, refusal
from tests.serving.images.dicom_files import compressed, dicom_file, grey_dataset, with_streams

STACK = np.arange(4 * 6 * 5, dtype=np.uint8).reshape(4, 6, 5)
MORE = "the file has more frames than it declares: all are read"


def jpeg(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 24), value, np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_each_frame_keeps_its_levels_and_its_place() -> None:
    found = decoded(dicom_file(grey_dataset(STACK)))
    assert np.array_equal(np.stack(found.frames), np.repeat(STACK[..., None], 3, axis=3))
    assert found.notes == ()


def test_fewer_frames_than_declared_are_refused() -> None:
    refused = refusal(dicom_file(grey_dataset(STACK, NumberOfFrames=5)))
    assert refused.reason is RefusalReason.UNREADABLE
    assert "shorter than it declares" in refused.message


def test_fewer_compressed_frames_than_declared_are_refused() -> None:
    dataset = grey_dataset(np.zeros((3, 16, 24), np.uint8))
    content = dicom_file(with_streams(dataset, [jpeg(10), jpeg(20)]), JPEGBaseline8Bit)
    assert refusal(content).reason is RefusalReason.UNREADABLE


def test_more_frames_than_declared_are_read_with_a_note() -> None:
    found = decoded(dicom_file(grey_dataset(STACK, NumberOfFrames=3)))
    assert len(found.frames) == 4
    assert MORE in found.notes


@pytest.mark.parametrize("num_frames", [0, -1])
def test_a_number_of_frames_that_is_not_positive_means_one_and_what_more_there_is(
    num_frames: int,
) -> None:
    found = decoded(dicom_file(grey_dataset(STACK, NumberOfFrames=num_frames)))
    assert len(found.frames) == 4
    assert found.notes[0] == "NumberOfFrames is not positive: one frame is read"


def test_without_a_number_of_frames_all_that_are_there_are_read() -> None:
    found = decoded(dicom_file(grey_dataset(STACK, NumberOfFrames=None)))
    assert len(found.frames) == 4
    assert MORE in found.notes


def test_the_byte_that_pads_a_small_image_is_no_frame() -> None:
    found = decoded(dicom_file(grey_dataset(np.full((1, 1), 7, np.uint8))))
    assert [frame.tolist() for frame in found.frames] == [[[[7, 7, 7]]]]


def test_an_image_without_pixels_is_refused() -> None:
    assert (
        refusal(dicom_file(grey_dataset(STACK, PixelData=b""))).reason is RefusalReason.UNREADABLE
    )


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_an_image_of_no_size_is_refused(keyword: str) -> None:
    refused = refusal(dicom_file(grey_dataset(STACK, **{keyword: 0})))
    assert "does not say the size" in refused.message


def test_ten_thousand_frames_are_refused_before_they_are_decoded() -> None:
    stack = np.zeros((10_000, 2, 2), np.uint8)
    refused = refusal(dicom_file(grey_dataset(stack)))
    assert refused.reason is RefusalReason.TOO_LARGE
    assert "1,024 frames" in refused.message


def test_ten_thousand_undeclared_frames_are_refused_too() -> None:
    stack = np.zeros((10_000, 2, 2), np.uint8)
    refused = refusal(dicom_file(grey_dataset(stack, NumberOfFrames=1)))
    assert refused.reason is RefusalReason.TOO_LARGE


def test_a_frame_with_too_many_pixels_is_refused() -> None:
    limits = DecodeLimits(frame_pixels=29)
    assert refusal(dicom_file(grey_dataset(STACK)), limits=limits).reason is RefusalReason.TOO_LARGE


def test_frames_with_too_many_pixels_together_are_refused() -> None:
    limits = DecodeLimits(total_pixels=119)
    assert refusal(dicom_file(grey_dataset(STACK)), limits=limits).reason is RefusalReason.TOO_LARGE


def test_several_fragments_make_one_frame() -> None:
    dataset = grey_dataset(np.zeros((16, 24), np.uint8))
    content = dicom_file(
        with_streams(dataset, [jpeg(90)], fragments_per_frame=4, has_bot=False), JPEGBaseline8Bit
    )
    assert abs(int(decoded(content).frames[0].mean()) - 90) <= 1


@pytest.mark.parametrize("has_table", [True, False])
def test_several_fragments_make_each_of_several_frames(has_table: bool) -> None:
    dataset = grey_dataset(np.zeros((3, 16, 24), np.uint8))
    streams = [jpeg(40), jpeg(90), jpeg(200)]
    content = dicom_file(
        with_streams(dataset, streams, fragments_per_frame=3, has_bot=has_table), JPEGBaseline8Bit
    )
    assert [round(frame.mean(), -1) for frame in decoded(content).frames] == [40, 90, 200]


def test_a_delimiter_inside_a_stream_does_not_end_it() -> None:
    stream = jpeg(120)
    # A comment of the JPEG stream with the bytes that end a sequence.
    delimiter = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    comment = b"\xff\xfe" + (2 + len(delimiter)).to_bytes(2, "big") + delimiter
    dataset = grey_dataset(np.zeros((16, 24), np.uint8))
    streams = [stream[:2] + comment + stream[2:]]
    content = dicom_file(with_streams(dataset, streams), JPEGBaseline8Bit)
    assert abs(int(decoded(content).frames[0].mean()) - 120) <= 1


def test_a_stream_of_another_size_than_declared_is_refused() -> None:
    dataset = grey_dataset(np.zeros((16, 25), np.uint8))
    content = dicom_file(with_streams(dataset, [jpeg(1)]), JPEGBaseline8Bit)
    assert "differs in size" in refusal(content).message


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_a_stream_that_declares_thousands_of_millions_of_pixels_is_refused_undecoded(
    syntax: str,
) -> None:
    dataset = compressed(grey_dataset(np.zeros((64, 48), np.uint8)), syntax)
    stream = next(generate_frames(dataset.PixelData, number_of_frames=1))
    number = ">I" if syntax == JPEG2000Lossless else ">H"
    declared = struct.pack(number, 48) + struct.pack(number, 64)
    if syntax == JPEGLSLossless:
        declared = struct.pack(number, 64) + struct.pack(number, 48)
    assert stream.count(declared) >= 1
    huge = stream.replace(declared, struct.pack(number, 65000) * 2)
    content = dicom_file(with_streams(dataset, [huge]), syntax)
    assert "differs in size" in refusal(content).message


def test_compressed_syntax_over_uncompressed_pixels_is_refused() -> None:
    content = dicom_file(grey_dataset(STACK))
    uncompressed, rle = (str(uid).encode() for uid in (ExplicitVRLittleEndian, RLELossless))
    content = content.replace(uncompressed, rle + b"\0" * (len(uncompressed) - len(rle)))
    assert "declares compressed pixel data" in refusal(content).message
