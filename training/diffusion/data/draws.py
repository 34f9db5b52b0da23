"""Draws the random numbers of each training sample, keyed by seed, sample and purpose.

A sample is named by its global index: step * samples_per_step + position in the step. Its numbers do
not depend on the rank or the micro-batch that computes it, nor on what was drawn before, so that a
resumed training and one whose micro-batches were split draw the same. The numbers come from the CPU
on every machine.

Philox (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3) makes this exact rather than
likely: each (seed, stream, purpose) is a key of its own, and each sample has its own part of the
counter, with 2**128 numbers.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from training.diffusion.data.captions import shuffled_tags

QUANTILES = tuple(number / 10 for number in range(1, 10))
"""The parts of the schedule at which a validation looks: its nine deciles."""


class Purpose(IntEnum):
    """What a number is drawn for; the values are part of every key, so they never change."""

    NOISE = 0
    TIMESTEP = 1
    CROP = 2
    FLIP = 3
    CAPTION_DROPOUT = 4
    CAPTION_SHUFFLE = 5
    POSTERIOR = 6
    """The noise with which the image encoder draws its latents."""


class Stream(IntEnum):
    """Whose numbers are drawn; the values are part of every key, so they never change."""

    TRAINING = 0
    PRIOR = 1
    """The class image that is paired with a training sample."""
    VALIDATION = 2


class SampleDraws:
    """The numbers of the samples of one stream."""

    def __init__(self, seed: int, stream: Stream = Stream.TRAINING) -> None:
        self._seed = seed
        self._stream = stream

    def generator(self, sample: int, purpose: Purpose) -> np.random.Generator:
        """The numbers of `purpose` for the sample of global index `sample`."""
        key = np.array([self._seed, (self._stream << 32) | purpose], dtype=np.uint64)
        counter = np.array([0, 0, sample, 0], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def normal(
        self, samples: Sequence[int], shape: Sequence[int], purpose: Purpose = Purpose.NOISE
    ) -> Tensor:
        """Standard normal numbers, float32 [len(samples), *shape]."""
        drawn = [
            self.generator(sample, purpose).standard_normal(tuple(shape), dtype=np.float32)
            for sample in samples
        ]
        return torch.from_numpy(np.stack(drawn))

    def timesteps(self, samples: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1), float64 [len(samples)], from which a family makes timesteps."""
        return torch.tensor(
            [self.generator(sample, Purpose.TIMESTEP).random() for sample in samples],
            dtype=torch.float64,
        )

    def crop(self, sample: int) -> tuple[float, float]:
        """Where the cropped part lies: its share of the free room on the left and above, in [0, 1)."""
        left, top = self.generator(sample, Purpose.CROP).random(2)
        return float(left), float(top)

    def is_flipped(self, sample: int, probability: float) -> bool:
        return bool(self.generator(sample, Purpose.FLIP).random() < probability)

    def is_caption_dropped(self, sample: int, probability: float) -> bool:
        return bool(self.generator(sample, Purpose.CAPTION_DROPOUT).random() < probability)

    def shuffled(
        self, sample: int, caption: str, *, keep_tags: int = 0, separator: str = ","
    ) -> str:
        """`caption` with its tags in another order, but for the first `keep_tags`."""
        generator = self.generator(sample, Purpose.CAPTION_SHUFFLE)
        return shuffled_tags(caption, generator, keep_tags=keep_tags, separator=separator)


class ValidationDraws:
    """The numbers of each validation: the same at every step and for every seed of the training."""

    def __init__(self, seed: int = 0) -> None:
        self._draws = SampleDraws(seed, Stream.VALIDATION)

    def timesteps(self) -> Tensor:
        """The uniform numbers of the nine quantiles, float64 [9]."""
        return torch.tensor(QUANTILES, dtype=torch.float64)

    def noise(self, images: Sequence[int], quantile: int, shape: Sequence[int]) -> Tensor:
        """Noise of the images of these numbers at a quantile from 0 to 8, float32 [len(images), *shape]."""
        return self._draws.normal([self._sample(image, quantile) for image in images], shape)

    def posterior(self, images: Sequence[int], shape: Sequence[int]) -> Tensor:
        """The noise of the encoder's draw, the same for all quantiles of an image."""
        return self._draws.normal(images, shape, Purpose.POSTERIOR)

    def _sample(self, image: int, quantile: int) -> int:
        if not 0 <= quantile < len(QUANTILES):
            raise ValueError(
                f"expected a quantile from 0 to {len(QUANTILES) - 1}, but {quantile} came"
            )
        return image * len(QUANTILES) + quantile
