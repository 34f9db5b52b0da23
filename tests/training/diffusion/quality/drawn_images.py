"""Draws retinal pictures, and changes them as a generator that copies would."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from training.data.synthetic.pictures import draw_picture
from training.diffusion.quality.alignment import thumbnails
from training.diffusion.quality.closeness import ComparedImages, compared_images
from training.diffusion.quality.encoders import timm_encoder
from training.diffusion.quality.features import Encoder, Picture, encode

SIDE_PX = 48
CLASSES = ("Fundus_Normal", "Fundus_RAO", "Fundus_DR_Severe")


def drawn(num_pictures: int, *, seed: int) -> list[Picture]:
    """Pictures of three classes in turn; a seed gives the same ones."""
    return [
        np.asarray(draw_picture(CLASSES[i % 3], SIDE_PX, np.random.default_rng([seed, i])))
        for i in range(num_pictures)
    ]


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    changed: Picture = (picture + random.normal(0, 8, picture.shape)).clip(0, 255).astype(np.uint8)
    return changed


def mirrored(picture: Picture, _: np.random.Generator) -> Picture:
    return picture[:, ::-1]


def brighter(picture: Picture, _: np.random.Generator) -> Picture:
    changed: Picture = (picture * 0.8 + 30).clip(0, 255).astype(np.uint8)
    return changed


def cropped(picture: Picture, random: np.random.Generator) -> Picture:
    side = round(0.85 * SIDE_PX)
    top, left = random.integers(0, SIDE_PX - side + 1, 2)
    part = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(part.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))


COPIES: Sequence[Callable[[Picture, np.random.Generator], Picture]] = (
    noisy,
    mirrored,
    brighter,
    cropped,
)


def random_encoder(folder: Path) -> Encoder:
    """A small network with random weights, whose features are those of colours and edges."""
    torch.manual_seed(0)
    weights = folder / "weights.safetensors"
    save_file(timm.create_model("test_resnet", pretrained=False).state_dict(), weights)
    return timm_encoder("test_resnet", weights, image_size=SIDE_PX)


def compared(
    encoder: Encoder, pictures: Sequence[Picture], patients: np.ndarray | None = None
) -> ComparedImages:
    features = encode(encoder, pictures, mirrored=True)
    return compared_images(features, thumbnails(pictures), patients, of="pictures")
