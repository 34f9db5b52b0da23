"""Draws one picture of a CAASI class and saves it as a JPEG that is marked as drawn."""

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.synthetic.drawing import Canvas
from training.data.synthetic.fundus import paint_fundus
from training.data.synthetic.oct import paint_oct
from training.data.synthetic.oct_signs import OCT_SIGNS
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


def draw_picture(class_name: str, size_px: int, rng: np.random.Generator) -> Image.Image:
    """A square picture of a left or right eye with the sign of the class and a watermark."""
    canvas = Canvas(size_px)
    if class_name in OCT_SIGNS:
        paint_oct(canvas, OCT_SIGNS[class_name], rng)
    else:
        paint_fundus(canvas, _FUNDUS_SIGNS[class_name], rng)
    picture = canvas.to_image(mirrored=bool(rng.random() < 0.5))
    mark = watermark(size_px)
    picture.paste(mark, (0, size_px - mark.height))
    return picture


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
