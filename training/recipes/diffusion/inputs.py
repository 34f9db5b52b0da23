"""Makes the micro-batches of each step: which images, with which noise, time and caption."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from training.data.sampling import Shard
from training.diffusion.data.buckets import Bucket, Placement, place_in
from training.diffusion.data.draws import SampleDraws, Stream
from training.diffusion.data.order import Sample, SampleOrder
from training.diffusion.data.prior import PriorPairs
from training.diffusion.data.scan import TrainingImage
from training.diffusion.data.views import (
    Augmentation,
    View,
    draw_view,
    masks_of,
    possible_views,
)
from training.diffusion.families.family import Family, SampleSize
from training.process import Process
from training.recipes.diffusion.batch import DiffusionBatch, Inputs
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData
from training.recipes.diffusion.encodings import Embeddings, Latents

MIRRORED = 0.5
"""The share of mirrored samples, if any are."""


@dataclass(frozen=True, kw_only=True)
class Encodings:
    """Where the inputs of a training come from."""

    latents: Latents
    prior_latents: Latents | None
    """Of the images of the subject's class."""
    embeddings: Embeddings | None
    """None if each step encodes its prompts itself, because that is trained."""

    def of(self, views: Sequence[View], latents: Tensor, noise: Tensor, times: Tensor) -> Inputs:
        """The inputs of views of one shape, of which `latents` are those."""
        prompts = [view.caption for view in views]
        return Inputs(
            latents=latents,
            noise=noise,
            times=times,
            sizes=[size_of(view) for view in views],
            prompts=prompts,
            embedding=None if self.embeddings is None else self.embeddings.of(prompts),
            mask=weights_of(views, cells_of(latents)),
        )


class TrainingInputs:
    """The inputs of every step of a training, as a pure function of the settings and the step."""

    def __init__(
        self,
        config: DiffusionConfig,
        data: DiffusionData,
        family: Family,
        process: Process,
        order: SampleOrder,
        encodings: Encodings,
    ) -> None:
        self._data = data
        self._family = family
        self._device = process.device
        self._encodings = encodings
        self._augmentation = augmentation_of(config)
        self._order = order
        self._draws = SampleDraws(config.seed)
        self._prior_draws = SampleDraws(config.seed, Stream.PRIOR)
        self._pairs = None
        if data.prior is not None:
            buckets = [image.placement.bucket for image in data.prior.images]
            self._pairs = PriorPairs(buckets, config.seed)

    def batches(self, first_step: int) -> Iterator[Sequence[DiffusionBatch]]:
        """Without end, this rank's micro-batches of each step from `first_step` on."""
        for micro_batches in self._order.stream(first_step):
            yield [self._batch(samples) for samples in micro_batches]

    def views(self) -> list[View]:
        """Every view of an image that is learned; only if it is cropped in one way."""
        placed = [(image, image.placement) for image in self._data.train_images]
        return possible_views(placed, self._augmentation)

    def partner_views(self) -> list[View]:
        """Every view of an image of the class that a sample may be paired with."""
        prior = self._data.prior
        if prior is None or self._pairs is None:
            return []
        buckets = {image.placement.bucket for image in self._data.train_images}
        placed = [
            (prior.images[number], _placement_in(prior.images[number], bucket))
            for bucket in sorted(buckets)
            for number in self._pairs.candidates(bucket)
        ]
        return possible_views(placed, self._augmentation)

    def _batch(self, samples: Sequence[Sample]) -> DiffusionBatch:
        numbers = [self._data.train[sample.image] for sample in samples]
        images = [self._data.scan.images[number] for number in numbers]
        bucket = images[0].placement.bucket
        indices = [sample.index for sample in samples]
        own = self._inputs(images, bucket, indices, self._draws, self._encodings.latents)
        return DiffusionBatch(
            samples=own.to(self._device),
            partners=self._partners(samples, bucket, indices),
            images=numbers,
        )

    def _partners(
        self, samples: Sequence[Sample], bucket: Bucket, indices: Sequence[int]
    ) -> Inputs | None:
        prior, latents = self._data.prior, self._encodings.prior_latents
        if self._pairs is None or prior is None or latents is None:
            return None
        images = [prior.images[self._pairs.partner(bucket, sample)] for sample in samples]
        partners = self._inputs(images, bucket, indices, self._prior_draws, latents)
        return partners.to(self._device)

    def _inputs(
        self,
        images: Sequence[TrainingImage],
        bucket: Bucket,
        indices: Sequence[int],
        draws: SampleDraws,
        source: Latents,
    ) -> Inputs:
        views = [
            draw_view(image, index, draws, self._augmentation, _placement_in(image, bucket))
            for image, index in zip(images, indices, strict=True)
        ]
        latents = source.of(views)
        noise = draws.normal(indices, latents.shape[1:])
        times = self._family.draw_timesteps(draws.timesteps(indices), cells_of(latents))
        return self._encodings.of(views, latents, noise, times)


def training_order(config: DiffusionConfig, data: DiffusionData, process: Process) -> SampleOrder:
    """Which of the images to learn make each step."""
    return SampleOrder(
        buckets=[image.placement.bucket for image in data.train_images],
        repeats=[image.listed.repeats for image in data.train_images],
        batch_size=config.batch_size,
        gradient_accumulation=config.gradient_accumulation,
        shard=Shard(rank=process.rank, world_size=process.world_size),
        seed=config.seed,
    )


def augmentation_of(config: DiffusionConfig) -> Augmentation:
    return Augmentation(
        flip=MIRRORED if config.flip else 0.0,
        random_crop=config.random_crop,
        caption_dropout=config.caption_dropout,
        shuffle_tags=config.shuffle_tags,
        keep_tags=config.keep_tags,
    )


def size_of(view: View) -> SampleSize:
    width, height = view.placement.original
    left, top = view.crop_pixels
    bucket = view.placement.bucket
    return SampleSize(
        original=(height, width), crop=(top, left), target=(bucket.height, bucket.width)
    )


def cells_of(latents: Tensor) -> tuple[int, int]:
    """Height and width of latents [B, C, h, w]."""
    return latents.shape[2], latents.shape[3]


def weights_of(views: Sequence[View], cells: tuple[int, int]) -> Tensor | None:
    """Float32 [B, 1, h, w]; None if none of the images has a mask."""
    if all(view.image.listed.mask is None for view in views):
        return None
    return masks_of(views, cells)


def _placement_in(image: TrainingImage, bucket: Bucket) -> Placement:
    """The image's own placement, or the one in the bucket of its partner."""
    own = image.placement
    return own if own.bucket == bucket else place_in(*own.original, bucket)
