"""PNG, JPEG, TIFF, WebP and others are prepared as the training prepares them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from serving.images.limits import DecodeLimits
from serving.images.refusal import RefusalReason
from tests.serving.images.decoded_here import decoded, refusal
from training.data.decode import read_image

COLOURS = np.random.default_rng(5).integers(0, 256, (12, 20, 3), np.uint8)


def picture(pixels: Any, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(COLOURS, "JPEG", exif=exif, quality=95)


def with_alpha() -> Image.Image:
    image = Image.fromarray(COLOURS).convert("RGBA")
    image.putalpha(17)
    return image


PICTURES = {
    "rgb.png": lambda: picture(COLOURS, "PNG"),
    "grey.png": lambda: picture(COLOURS[..., 0], "PNG"),
    "deep.png": lambda: picture(COLOURS[..., 0].astype(np.uint16) * 16, "PNG"),
    "alpha.png": lambda: picture(with_alpha(), "PNG"),
    "palette.png": lambda: picture(Image.fromarray(COLOURS).quantize(16), "PNG"),
    "turned.jpg": turned,
    "cmyk.jpg": lambda: picture(Image.fromarray(COLOURS).convert("CMYK"), "JPEG"),
    "rgb.tif": lambda: picture(COLOURS, "TIFF", compression="tiff_lzw"),
    "deep.tif": lambda: picture(COLOURS[..., 0].astype(np.uint16) * 257, "TIFF"),
    "float.tif": lambda: picture(COLOURS[..., 0].astype(np.float32) / 255, "TIFF"),
    "rgb.webp": lambda: picture(COLOURS, "WEBP", lossless=True),
    "rgb.bmp": lambda: picture(COLOURS, "BMP"),
    "rgb.gif": lambda: picture(Image.fromarray(COLOURS).quantize(16), "GIF"),
    "grey.pgm": lambda: picture(COLOURS[..., 0], "PPM"),
    "rgb.jp2": lambda: picture(np.tile(COLOURS, (6, 4, 1)), "JPEG2000"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_the_pixels_that_the_training_reads(name: str, tmp_path: Path) -> None:
    content = PICTURES[name]()
    (tmp_path / name).write_bytes(content)
    # With a size above the picture's, the training decodes a JPEG at its full size.
    trained_on = np.asarray(read_image(tmp_path, name, 10_000).rgb)
    (frame,) = decoded(content).frames
    assert np.array_equal(frame, trained_on)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rgb.png", "PNG"), ("turned.jpg", "JPEG"), ("rgb.tif", "TIFF"), ("rgb.webp", "WebP")],
)
def test_the_format_is_named_by_content(name: str, expected: str) -> None:
    assert decoded(PICTURES[name](), suffix=".dcm").format == expected


def test_a_picture_is_turned_upright() -> None:
    assert decoded(turned()).frames[0].shape == (20, 12, 3)


def test_of_several_pages_the_first_is_read_and_it_is_said() -> None:
    pages = [Image.fromarray(np.full((4, 4), level, np.uint8)) for level in (10, 20, 30)]
    content = picture(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = decoded(content)
    assert found.frames[0].max() == 10
    assert found.notes == ("the file has 3 pages: only the first is read",)


@pytest.mark.parametrize("name", ["rgb.png", "turned.jpg", "rgb.tif", "rgb.webp"])
def test_a_picture_that_is_cut_off_is_refused(name: str) -> None:
    content = PICTURES[name]()
    refused = refusal(content[: len(content) // 2])
    assert refused.reason is RefusalReason.UNREADABLE


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    content = PICTURES["rgb.png"]()
    refused = refusal(content, limits=DecodeLimits(frame_pixels=239))
    assert refused.reason is RefusalReason.TOO_LARGE
    assert "239 pixels" in refused.message


def test_a_declared_size_of_4_thousand_million_pixels_is_refused() -> None:
    content = bytearray(PICTURES["rgb.png"]())
    content[16:24] = (65535).to_bytes(4, "big") * 2
    assert refusal(bytes(content)).reason in (RefusalReason.TOO_LARGE, RefusalReason.UNREADABLE)


def test_levels_that_are_no_numbers_are_refused() -> None:
    levels = np.full((4, 4), np.nan, np.float32)
    refused = refusal(picture(levels, "TIFF"))
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "no numbers" in refused.message
