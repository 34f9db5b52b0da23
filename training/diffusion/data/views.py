"""What a training sample shows of its image: which part, flipped or not, under which caption.

A view is decided by the draws of the sample alone. Where views cannot differ between samples, their
latents and embeddings can be computed once and kept in the cache.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.diffusion.data.buckets import Placement
from training.diffusion.data.draws import SampleDraws
from training.diffusion.data.pixels import read_mask, read_pixels
from training.diffusion.data.scan import TrainingImage
from training.diffusion.data.tensor_cache import cache_key

CENTRE = (0.5, 0.5)
WITHOUT_WORDS = ""
"""The caption of a sample whose own one is dropped, for classifier-free guidance."""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What is drawn anew for each sample."""

    flip: float = 0.0
    """The share of samples that are mirrored. Left and right eyes are mirror images: off by default."""
    random_crop: bool = False
    caption_dropout: float = 0.0
    shuffle_tags: bool = False
    keep_tags: int = 0
    tag_separator: str = ","

    @property
    def latents_can_be_cached(self) -> bool:
        return not self.random_crop

    @property
    def embeddings_can_be_cached(self) -> bool:
        return not self.shuffle_tags


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A part of an image and a caption."""

    image: TrainingImage
    placement: Placement
    """That of the image, or the one in the bucket of its partner."""
    crop: tuple[float, float] = CENTRE
    is_flipped: bool = False
    caption: str

    @property
    def crop_pixels(self) -> tuple[int, int]:
        """Pixels of the scaled image that are cropped on the left and above."""
        return self.placement.crop(*self.crop)

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height; views of one shape can be in one batch."""
        return self.placement.bucket.width, self.placement.bucket.height


def draw_view(
    image: TrainingImage,
    sample: int,
    draws: SampleDraws,
    augmentation: Augmentation,
    placement: Placement | None = None,
) -> View:
    """The view of the sample of global index `sample`."""
    return View(
        image=image,
        placement=placement or image.placement,
        crop=draws.crop(sample) if augmentation.random_crop else CENTRE,
        is_flipped=draws.is_flipped(sample, augmentation.flip),
        caption=draw_caption(image.listed.caption, sample, draws, augmentation),
    )


def draw_caption(caption: str, sample: int, draws: SampleDraws, augmentation: Augmentation) -> str:
    """The caption of a sample: dropped, shuffled, or as it is written."""
    if draws.is_caption_dropped(sample, augmentation.caption_dropout):
        return WITHOUT_WORDS
    if not augmentation.shuffle_tags:
        return caption
    return draws.shuffled(
        sample, caption, keep_tags=augmentation.keep_tags, separator=augmentation.tag_separator
    )


def plain_view(image: TrainingImage) -> View:
    """The view of a validation: the centre, as it is, under its own caption."""
    return View(image=image, placement=image.placement, caption=image.listed.caption)


def latents_key(view: View, encoder_digest: str) -> str:
    """The cache key of the latents of a view; captions make no difference."""
    return cache_key(
        kind="latents",
        image=view.image.facts.file_digest.hex(),
        size=view.shape,
        scaled=view.placement.scaled,
        crop=view.crop_pixels,
        is_flipped=view.is_flipped,
        encoder=encoder_digest,
    )


def embedding_key(caption: str, encoder_digest: str) -> str:
    """The cache key of the embedding of a caption; the digest knows the limits of its tokens."""
    return cache_key(kind="embedding", caption=caption, encoder=encoder_digest)


def possible_views(
    placed: Iterable[tuple[TrainingImage, Placement]], augmentation: Augmentation
) -> list[View]:
    """Every view that a sample can have; only where `latents_can_be_cached`."""
    sides = {False: augmentation.flip < 1, True: augmentation.flip > 0}
    return [
        View(image=image, placement=placement, is_flipped=side, caption=image.listed.caption)
        for image, placement in placed
        for side, is_possible in sides.items()
        if is_possible
    ]


def pixels_of(root: Path, views: Sequence[View]) -> Tensor:
    """The pixels of views of one shape, float32 [B, 3, height, width] from -1 to 1."""
    return torch.stack(
        [
            read_pixels(
                root, view.image.listed.path, view.placement, crop=view.crop, flip=view.is_flipped
            )
            for view in views
        ]
    )


def masks_of(views: Sequence[View], cells: tuple[int, int]) -> Tensor:
    """The weights of the latents of views of one shape, float32 [B, 1, *cells] from 0 to 1."""
    return torch.stack(
        [
            read_mask(
                view.image.listed.mask,
                view.image.listed.path,
                view.placement,
                cells,
                crop=view.crop,
                flip=view.is_flipped,
            )
            for view in views
        ]
    )
