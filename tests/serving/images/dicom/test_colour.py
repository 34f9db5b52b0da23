"""How the colours of DICOM images are shown."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels import convert_color_space
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from serving.images.refusal import RefusalReason
from tests.serving.images.decoded_here import decoded, refusal
from tests.serving.images.dicom_files import (
    colour_dataset,
    compressed,
    dicom_file,
    grey_dataset,
    with_streams,
)

OTHER_LABEL = "the photometric interpretation differs from the JPEG stream: the stream decides"
COLOURS = np.zeros((16, 16, 3), np.uint8)
COLOURS[:8, :8], COLOURS[8:, :8], COLOURS[:, 8:] = (200, 40, 10), (20, 180, 60), (30, 50, 220)


def shown(dataset: Any, syntax: str | None = None) -> Any:
    content = dicom_file(dataset, syntax) if syntax else dicom_file(dataset)
    return decoded(content).frames[0]


def jpeg_of(samples: Any, *, mode: str, mark: str) -> bytes:
    """A JPEG stream of YCbCr or RGB samples, with a JFIF mark, an Adobe mark or none."""
    buffer = io.BytesIO()
    image = Image.fromarray(samples, mode="RGB")
    if mode == "YCbCr":
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "JPEG", quality=95, subsampling=0, keep_rgb=True)
    stream = buffer.getvalue()
    unmarked = _without_segments(stream)
    if mark == "jfif":
        segment = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    elif mark == "adobe":
        transform = b"\x01" if mode == "YCbCr" else b"\x00"
        segment = b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0" + transform
    else:
        segment = b""
    return unmarked[:2] + segment + unmarked[2:]


def with_numbered_components(stream: bytes) -> bytes:
    """The stream with the component names 1, 2 and 3, which say nothing about its colours."""
    for name, number in zip(b"RGB", (1, 2, 3), strict=True):
        stream = stream.replace(bytes([name, 0x11]), bytes([number, 0x11]))
        stream = stream.replace(bytes([name, 0x00]), bytes([number, 0x00]))
    return stream


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_is_shown_as_it_is_by_pixel_or_by_plane(planar: int) -> None:
    dataset = colour_dataset(COLOURS, PlanarConfiguration=planar)
    if planar:
        dataset.PixelData = np.ascontiguousarray(COLOURS.transpose(2, 0, 1)).tobytes()
    assert np.array_equal(shown(dataset), COLOURS)


def test_rgb_of_16_bits_becomes_8_bits() -> None:
    dataset = colour_dataset(COLOURS.astype(np.uint16) * 257)
    assert np.array_equal(shown(dataset), COLOURS)


def test_colours_of_12_stored_bits_become_8_bits() -> None:
    dataset = colour_dataset(np.full((2, 2, 3), 4095, np.uint16), BitsStored=12, HighBit=11)
    assert shown(dataset).min() == 255


def test_ybr_full_is_converted() -> None:
    ybr = convert_color_space(COLOURS, "RGB", "YBR_FULL")
    dataset = colour_dataset(ybr, PhotometricInterpretation="YBR_FULL")
    assert np.abs(shown(dataset).astype(int) - COLOURS).max() <= 2


def test_a_label_of_subsampled_colours_over_full_ones_is_corrected_with_a_note() -> None:
    ybr = convert_color_space(COLOURS, "RGB", "YBR_FULL")
    content = dicom_file(colour_dataset(ybr, PhotometricInterpretation="YBR_FULL_422"))
    found = decoded(content)
    assert np.abs(found.frames[0].astype(int) - COLOURS).max() <= 2
    assert "the colours are not subsampled as the file declares: read as YBR_FULL" in found.notes


@pytest.mark.parametrize("mark", ["jfif", "adobe"])
@pytest.mark.parametrize("label", ["RGB", "YBR_FULL_422"])
def test_the_mark_of_a_ycbcr_stream_decides_whatever_the_label_says(mark: str, label: str) -> None:
    stream = jpeg_of(COLOURS, mode="YCbCr", mark=mark)
    dataset = with_streams(colour_dataset(COLOURS, PhotometricInterpretation=label), [stream])
    found = decoded(dicom_file(dataset, JPEGBaseline8Bit))
    assert np.abs(found.frames[0].astype(int) - COLOURS).mean() < 4
    assert (OTHER_LABEL in found.notes) == (label == "RGB")


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL_422"])
@pytest.mark.parametrize("mark", ["adobe", "names"])
def test_the_mark_of_an_rgb_stream_decides_whatever_the_label_says(mark: str, label: str) -> None:
    stream = jpeg_of(COLOURS, mode="RGB", mark=mark)
    if mark == "adobe":
        stream = with_numbered_components(stream)
    dataset = with_streams(colour_dataset(COLOURS, PhotometricInterpretation=label), [stream])
    found = decoded(dicom_file(dataset, JPEGBaseline8Bit))
    assert np.abs(found.frames[0].astype(int) - COLOURS).mean() < 4
    assert (OTHER_LABEL in found.notes) == (label != "RGB")


@pytest.mark.parametrize(("mode", "label"), [("RGB", "RGB"), ("YCbCr", "YBR_FULL_422")])
def test_without_a_mark_the_label_decides(mode: str, label: str) -> None:
    stream = with_numbered_components(jpeg_of(COLOURS, mode=mode, mark=""))
    dataset = with_streams(colour_dataset(COLOURS, PhotometricInterpretation=label), [stream])
    found = decoded(dicom_file(dataset, JPEGBaseline8Bit))
    assert np.abs(found.frames[0].astype(int) - COLOURS).mean() < 4
    assert found.notes == ()


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_colours_survive_lossless_compression(syntax: str) -> None:
    colours = np.tile(COLOURS, (4, 4, 1))
    dataset = compressed(colour_dataset(colours), syntax)
    assert np.array_equal(shown(dataset, syntax), colours)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_gives_colours(bits: int) -> None:
    dataset = palette_dataset(np.array([[0, 1, 2, 9]], np.uint8), bits)
    assert shown(dataset).tolist() == [[[10, 40, 70], [20, 50, 80], [30, 60, 90], [30, 60, 90]]]


def test_indices_above_255_reach_a_palette_of_8_bits() -> None:
    dataset = palette_dataset(np.array([[299, 300, 301]], np.uint16), 8, first=299)
    assert shown(dataset)[0, :, 0].tolist() == [10, 20, 30]


def test_an_incomplete_palette_is_refused() -> None:
    dataset = palette_dataset(np.array([[0, 1]], np.uint8), 8)
    del dataset.GreenPaletteColorLookupTableData
    refused = refusal(dicom_file(dataset))
    assert refused.reason is RefusalReason.UNREADABLE
    assert "palette" in refused.message


def palette_dataset(indices: Any, bits: int, first: int = 0) -> Any:
    dataset = grey_dataset(indices, PhotometricInterpretation="PALETTE COLOR")
    levels = {"Red": [10, 20, 30], "Green": [40, 50, 60], "Blue": [70, 80, 90]}
    for colour, entries in levels.items():
        words = np.array(entries, f"<u{bits // 8}") * (257 if bits == 16 else 1)
        data = words.astype(f"<u{bits // 8}").tobytes()
        name = f"{colour}PaletteColorLookupTable"
        setattr(dataset, f"{name}Descriptor", [3, first, bits])
        setattr(dataset, f"{name}Data", data + b"\0" * (len(data) % 2))
    return dataset


def _without_segments(stream: bytes) -> bytes:
    """The stream without its application segments."""
    position, kept = 2, stream[:2]
    while stream[position + 1] != 0xDA:
        length = 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        if not 0xE0 <= stream[position + 1] <= 0xEF:
            kept += stream[position : position + length]
        position += length
    return kept + stream[position:]
