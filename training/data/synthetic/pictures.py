"""Draws one picture of a CAASI class and saves it as a JPEG that is marked as drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from training.data.synthetic.drawing import Canvas
from training.data.synthetic.fundus import paint_fundus
from training.data.synthetic.oct import paint_oct
from training.data.synthetic.oct_signs import OCT_SIGNS
from training.data.synthetic.structures import Structure
from training.data.synthetic.tissue_signs import TISSUE_SIGNS
from training.data.synthetic.vascular_signs import VASCULAR_SIGNS

DESCRIPTION = "Drawn for demonstration, not a patient image"
DRAWABLE_CLASSES = frozenset({*VASCULAR_SIGNS, *TISSUE_SIGNS, *OCT_SIGNS})

_FUNDUS_SIGNS = {**VASCULAR_SIGNS, **TISSUE_SIGNS}
_JPEG_QUALITY = 92
_EXIF_IMAGE_DESCRIPTION = 0x010E
_WATERMARK_BRIGHTNESS = 170

# The word DRAWN, five pixels tall, with a margin around it.
_WATERMARK = (
    "........................",
    ".##..##...#..#...#.#..#.",
    ".#.#.#.#.#.#.#...#.##.#.",
    ".#.#.##..###.#.#.#.#.##.",
    ".#.#.#.#.#.#.#.#.#.#..#.",
    ".##..#.#.#.#..#.#..#..#.",
    "........................",
)


@dataclass(frozen=True)
class Drawing:
    """A drawn picture, and what each of its pixels shows."""

    picture: Image.Image
    """RGB."""
    mask: Image.Image
    """Grey; a level is a position in `Structure`."""


def draw_picture(class_name: str, size_px: int, rng: np.random.Generator) -> Image.Image:
    """A square picture of a left or right eye with the sign of the class and a watermark."""
    return draw(class_name, size_px, rng).picture


def draw(class_name: str, size_px: int, rng: np.random.Generator) -> Drawing:
    """The picture of `draw_picture`, with its mask."""
    canvas = Canvas(size_px)
    if class_name in OCT_SIGNS:
        paint_oct(canvas, OCT_SIGNS[class_name], rng)
    else:
        paint_fundus(canvas, _FUNDUS_SIGNS[class_name], rng)
    is_mirrored = bool(rng.random() < 0.5)
    picture, mask = canvas.to_image(mirrored=is_mirrored), canvas.to_mask(mirrored=is_mirrored)
    mark = watermark(size_px)
    corner = (0, size_px - mark.height)
    picture.paste(mark, corner)
    mask.paste(Structure.BACKGROUND.level, (*corner, mark.width, size_px))
    return Drawing(picture, mask)


def watermark(size_px: int) -> Image.Image:
    """The word DRAWN, for the lower left corner of a picture of this size."""
    letters = np.asarray([[pixel == "#" for pixel in row] for row in _WATERMARK])
    scale = max(1, size_px // 128)
    shades = (letters * _WATERMARK_BRIGHTNESS).astype(np.uint8).repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray(shades).convert("RGB")


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a JPEG whose comment and EXIF description say that it was drawn."""
    exif = Image.Exif()
    exif[_EXIF_IMAGE_DESCRIPTION] = DESCRIPTION
    picture.save(path, "JPEG", quality=_JPEG_QUALITY, comment=DESCRIPTION.encode(), exif=exif)


def save_mask(mask: Image.Image, path: Path) -> None:
    """Write a PNG that says that it was drawn."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Description", DESCRIPTION)
    mask.save(path, "PNG", pnginfo=info)
