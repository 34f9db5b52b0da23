"""Images for the tests of the gates: drawn retinas, and everyday pictures that are no retinas."""

from functools import cache
from importlib import resources

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from serving.images.image import Pixels
from training.data.synthetic.pictures import draw_picture

SIDE_PX = 160


@cache
def fundus(class_name: str = "Fundus_Normal", seed: int = 0) -> Pixels:
    return np.asarray(draw_picture(class_name, SIDE_PX, np.random.default_rng(seed)))


@cache
def oct_scan(class_name: str = "OCT_Normal", seed: int = 0) -> Pixels:
    return np.asarray(draw_picture(class_name, SIDE_PX, np.random.default_rng(seed)))


@cache
def photograph(name: str) -> Pixels:
    """One of the pictures that scikit-image installs, such as chelsea.png, a cat."""
    path = resources.files("skimage") / "data" / name
    with path.open("rb") as file, Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def noise() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)


def screenshot(background: str, ink: str) -> Pixels:
    image = Image.new("RGB", (640, 480), background)
    pen = ImageDraw.Draw(image)
    for row in range(12):
        pen.text((10, 10 + 38 * row), "the patient was seen today " * 3, fill=ink, font_size=24)
    return np.asarray(image)


def blurred(image: Pixels, fraction: float) -> Pixels:
    """A Gaussian with this standard deviation, as a fraction of the short side."""
    radius = fraction * min(image.shape[:2])
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def scaled(image: Pixels, gain: float) -> Pixels:
    return np.clip(image.astype(np.float64) * gain, 0, 255).astype(np.uint8)


def plain(level: int, shape: tuple[int, int] = (64, 64)) -> Pixels:
    return np.full((*shape, 3), level, np.uint8)
