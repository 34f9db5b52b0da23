"""Pixels of every mode and depth become the right 8-bit colours, and never black by mistake."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from training.data.colours import on_white
from training.data.decode import UnreadableImageError, decode_image, read_image
from training.data.framing import Framing
from training.data.greys import DeclaredLevels, level_range, to_eight_bits

SIZE = 16
RAMP = np.tile(np.linspace(0, 1, SIZE), (SIZE, 1))


def decoded(path: Path) -> np.ndarray:
    """The decoded pixels, int [SIZE, SIZE, 3]."""
    image = decode_image(path.parent, path.name, SIZE, Framing.STRETCH)
    return image.permute(1, 2, 0).numpy().astype(int)


def require_ramp(pixels: np.ndarray) -> None:
    """The pixels are a ramp from black to white."""
    expected = np.repeat((RAMP * 255)[..., None], 3, axis=2)
    assert np.abs(pixels - expected).max() <= 2


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_fewer_bits_in_16_reach_from_black_to_white(tmp_path: Path, bits: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray((RAMP * (2**bits - 1)).astype(np.uint16)).save(path)
    require_ramp(decoded(path))


@pytest.mark.parametrize("maximum", [255, 4095, 65535, 2**31 - 1])
def test_integers_of_32_bits(tmp_path: Path, maximum: int) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray((RAMP * maximum).astype(np.int32)).save(path)
    if maximum == 2**31 - 1:
        assert decoded(path)[0, -1, 0] == 255
    else:
        require_ramp(decoded(path))


@pytest.mark.parametrize(("lowest", "highest"), [(0, 1), (-1, 1), (0, 255), (0, 65535), (-50, 900)])
def test_fractions(tmp_path: Path, lowest: float, highest: float) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray((lowest + RAMP * (highest - lowest)).astype(np.float32)).save(path)
    require_ramp(decoded(path))


def save_tiff(path: Path, pixels: np.ndarray, tags: dict[int, object]) -> Path:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[tag] = value
    Image.fromarray(pixels).save(path, tiffinfo=info)
    return path


def test_a_dark_image_stays_dark_where_the_file_declares_its_scale(tmp_path: Path) -> None:
    dark = (RAMP * 1000).astype(np.uint16)
    path = save_tiff(tmp_path / "a.tif", dark, {281: 4095})
    assert decoded(path).max() == pytest.approx(255 * 1000 / 4095, abs=2)


def raw_tiff(
    path: Path, pixels: bytes, bits: int, photometric: int, sample_format: int = 1
) -> Path:
    """A TIFF of SIZE x SIZE greys, written by hand in a layout that Pillow does not write."""
    entries = [
        (256, 3, SIZE),
        (257, 3, SIZE),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8 + 2 + 12 * 10 + 4),
        (277, 3, 1),
        (278, 3, SIZE),
        (279, 4, len(pixels)),
        (339, 3, sample_format),
    ]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    path.write_bytes(head + body + struct.pack("<I", 0) + pixels)
    return path


def test_packed_12_bits_keep_their_scale(tmp_path: Path) -> None:
    first, second = (RAMP[:, half::2] * 2000 for half in (0, 1))
    first, second = first.astype(int), second.astype(int)
    packed = np.stack(
        [first >> 4, ((first & 15) << 4) | (second >> 8), second & 255], axis=2
    ).astype(np.uint8)
    path = raw_tiff(tmp_path / "a.tif", packed.tobytes(), 12, 1)
    assert decoded(path).max() == pytest.approx(255 * 2000 / 4095, abs=2)


@pytest.mark.parametrize(
    ("kind", "bits", "sample_format"), [("<u2", 16, 1), ("<f4", 32, 3)], ids=["16 bits", "float"]
)
def test_where_white_is_zero_the_greys_are_inverted(
    tmp_path: Path, kind: str, bits: int, sample_format: int
) -> None:
    white = 1 if kind == "<f4" else 65535
    pixels = ((1 - RAMP) * white).astype(kind).tobytes()
    require_ramp(decoded(raw_tiff(tmp_path / "a.tif", pixels, bits, 0, sample_format)))


@pytest.mark.parametrize("maximum", [4095, 32767])
def test_signed_integers_of_16_bits(tmp_path: Path, maximum: int) -> None:
    pixels = (RAMP * maximum).astype("<i2").tobytes()
    require_ramp(decoded(raw_tiff(tmp_path / "a.tif", pixels, 16, 1, sample_format=2)))


def test_unsigned_integers_of_32_bits_do_not_turn_negative(tmp_path: Path) -> None:
    pixels = (RAMP * (2**32 - 1)).astype("<u4").tobytes()
    require_ramp(decoded(raw_tiff(tmp_path / "a.tif", pixels, 32, 1)))


def test_big_endian_greys(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.frombytes("I;16B", (SIZE, SIZE), (RAMP * 65535).astype(">u2").tobytes()).save(path)
    require_ramp(decoded(path))


@pytest.mark.parametrize("maximum", [255, 1023, 4095, 65535])
def test_portable_greys_have_the_scale_of_their_header(tmp_path: Path, maximum: int) -> None:
    path = tmp_path / "a.pgm"
    kind = "u1" if maximum < 256 else ">u2"
    pixels = (RAMP * maximum).astype(kind).tobytes()
    path.write_bytes(f"P5 {SIZE} {SIZE} {maximum}\n".encode() + pixels)
    require_ramp(decoded(path))


def deep_png(path: Path, pixels: np.ndarray) -> Path:
    """A PNG with 16 bits per colour, which Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 16, kind, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize("num_channels", [3, 4])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_fewer_bits_in_colours_of_16(tmp_path: Path, bits: int, num_channels: int) -> None:
    pixels = np.repeat((RAMP * (2**bits - 1))[..., None], num_channels, axis=2)
    require_ramp(decoded(deep_png(tmp_path / "a.png", pixels)))


def test_dark_greys_of_16_bits_with_transparency_are_refused_with_the_mend(tmp_path: Path) -> None:
    pixels = np.repeat((RAMP * 255)[..., None], 2, axis=2)
    with pytest.raises(UnreadableImageError, match="save it with 8 bits"):
        decoded(deep_png(tmp_path / "a.png", pixels))


def test_levels_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    pixels = RAMP.astype(np.float32).copy()
    pixels[0, 0] = np.nan
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    with pytest.raises(UnreadableImageError, match="no numbers"):
        decoded(tmp_path / "a.tif")


COLOUR = (200, 120, 40)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix", "expected"),
    [
        ("RGBA", "png", COLOUR),
        ("P", "png", COLOUR),
        ("P", "gif", COLOUR),
        ("CMYK", "jpg", COLOUR),
        ("CMYK", "tif", COLOUR),
        ("YCbCr", "tif", COLOUR),
        ("LAB", "tif", COLOUR),
        ("RGB", "webp", COLOUR),
        ("RGB", "jp2", COLOUR),
        ("RGB", "ppm", COLOUR),
        ("RGB", "bmp", COLOUR),
        ("LA", "png", (135, 135, 135)),
        ("1", "png", (255, 255, 255)),
        ("1", "tif", (255, 255, 255)),
        ("L", "pgm", (135, 135, 135)),
    ],
)
def test_an_image_of_every_mode_has_its_colour(
    tmp_path: Path, mode: str, suffix: str, expected: tuple[int, int, int]
) -> None:
    image = Image.new("RGB", (SIZE, SIZE), COLOUR)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    elif mode == "1":
        image = Image.new("1", (SIZE, SIZE), 1)
    else:
        image = image.quantize(4) if mode == "P" else image.convert(mode)
    formats = {"jp2": "JPEG2000", "pgm": "PPM", "tif": "TIFF", "jpg": "JPEG"}
    path = saved(image, tmp_path / f"a.{suffix}", format=formats.get(suffix, suffix.upper()))
    assert np.abs(decoded(path) - np.array(expected)).max() <= 6


def test_transparent_pixels_keep_their_colour(tmp_path: Path) -> None:
    saved(Image.new("RGBA", (SIZE, SIZE), (*COLOUR, 0)), tmp_path / "a.png")
    saved(Image.new("LA", (SIZE, SIZE), (90, 10)), tmp_path / "b.png")
    palette = Image.new("RGB", (SIZE, SIZE), COLOUR).quantize(4)
    saved(palette, tmp_path / "c.png", transparency=palette.getpixel((0, 0)))
    assert decoded(tmp_path / "a.png")[0, 0].tolist() == list(COLOUR)
    assert decoded(tmp_path / "b.png")[0, 0].tolist() == [90, 90, 90]
    assert np.abs(decoded(tmp_path / "c.png")[0, 0] - np.array(COLOUR)).max() <= 6


def test_transparent_pixels_can_be_shown_on_white(tmp_path: Path) -> None:
    saved(Image.new("RGBA", (SIZE, SIZE), (*COLOUR, 0)), tmp_path / "a.png")
    saved(Image.new("LA", (SIZE, SIZE), (90, 128)), tmp_path / "b.png")
    saved(Image.new("RGB", (SIZE, SIZE), COLOUR), tmp_path / "c.png")
    shown = {name: read_image(tmp_path, f"{name}.png", SIZE, on_white) for name in "abc"}
    assert shown["a"].rgb.getpixel((0, 0)) == (255, 255, 255)
    assert shown["b"].rgb.getpixel((0, 0)) == (172, 172, 172)
    assert shown["c"].rgb.getpixel((0, 0)) == COLOUR
    assert [shown[name].has_alpha for name in "abc"] == [True, True, False]


def exif_entries(entries: list[tuple[int, int, bytes]]) -> bytes:
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    blobs, offset = b"", 8 + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        stored = (
            value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", offset + len(blobs))
        )
        head += struct.pack("<HHI", tag, kind, 1) + stored
        blobs += value if len(value) > 4 else b""
    return head + struct.pack("<I", 0) + blobs


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("damage", [None, "negative ratio", "type", "pointer"])
def test_an_image_is_turned_upright_whatever_else_its_exif_data_has(
    tmp_path: Path, suffix: str, damage: str | None
) -> None:
    """The last ones are data that Pillow reads and cannot write back."""
    entries = [(0x0112, 3, struct.pack("<H", 6))]
    if damage == "negative ratio":
        entries.append((0x011A, 10, struct.pack("<ii", -1, 1)))
    if damage == "type":
        entries.append((0x010E, 99, b"text"))
    if damage == "pointer":
        entries.append((0x8769, 4, struct.pack("<I", 2**32 - 1)))
    image = Image.new("RGB", (SIZE, 2 * SIZE))
    image.paste((255, 255, 255), (0, SIZE, SIZE, 2 * SIZE))
    path = tmp_path / f"a.{suffix}"
    if suffix == "tif":
        image.save(path, tiffinfo={0x0112: 6})
    else:
        image.save(path, exif=b"Exif\0\0" + exif_entries(entries))
    pixels = decoded(path)
    assert pixels[:, 0].mean() > 200, "the lower half has turned to the left"
    assert pixels[:, -1].mean() < 50


def test_exif_data_that_cannot_be_read_leave_the_pixels_as_they_are(tmp_path: Path) -> None:
    Image.new("RGB", (SIZE, SIZE), COLOUR).save(tmp_path / "a.png", exif=b"Exif\0\0garbage")
    assert decoded(tmp_path / "a.png")[0, 0].tolist() == list(COLOUR)


def test_the_first_page_is_used(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (SIZE, SIZE), colour) for colour in ("red", "lime", "blue")]
    for suffix in ("tif", "gif", "webp"):
        options = {"lossless": True} if suffix == "webp" else {}
        path = tmp_path / f"a.{suffix}"
        pages[0].save(path, save_all=True, append_images=pages[1:], **options)
        assert decoded(path)[0, 0].tolist() == [255, 0, 0]


def test_no_error_quotes_the_file(tmp_path: Path) -> None:
    for name, content in {
        "a.pgm": b"P5 secret 3 255\n",
        "b.ppm": b"P3 2 2 255\nsecret secret",
        "c.png": b"secret",
        "d.jpg": b"<html>secret</html>",
        "e.tif": b"II*\0secretsecret",
        "f.gif": b"GIF89asecret",
        "g.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:secret\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableImageError) as refused:
            decode_image(tmp_path, name, SIZE, Framing.CROP)
        assert "secret" not in str(refused.value), name
    assert "Git LFS pointer" in str(refused.value)


def test_a_damaged_file_of_any_kind_is_an_unreadable_image(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for suffix in ("png", "jpg", "tif", "gif", "webp", "bmp", "jp2", "ppm"):
        stream = io.BytesIO()
        kind = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}.get(suffix, suffix.upper())
        Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(stream, kind)
        for _ in range(40):
            content = bytearray(stream.getvalue())
            for position in random.integers(0, len(content), 6):
                content[position] = random.integers(256)
            path = tmp_path / f"a.{suffix}"
            path.write_bytes(bytes(content))
            try:
                decode_image(tmp_path, path.name, SIZE, Framing.CROP)
            except UnreadableImageError:
                continue


@pytest.mark.parametrize(
    ("highest", "white"), [(0, 255), (255, 255), (256, 1023), (5000, 16383), (2**33, 2**33)]
)
def test_undeclared_levels_are_read_as_the_fewest_usual_bits(highest: int, white: int) -> None:
    levels = np.array([0, highest])
    assert level_range(levels, DeclaredLevels()).white == white


def test_equal_negative_levels_are_grey_and_not_black() -> None:
    assert to_eight_bits(np.full((2, 2), -7.5), DeclaredLevels()).tolist() == [[128, 128]] * 2
