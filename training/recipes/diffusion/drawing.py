"""Draws the prompts of a training with the model as it is, always from the same noise."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from training.data.colours import on_white
from training.data.decode import read_image
from training.diffusion.data.scan import ScannedData
from training.diffusion.families.family import Family
from training.diffusion.families.sampling import SampleSettings, sample
from training.diffusion.methods.trained_part import TrainedPart
from training.recipes.diffusion.config import DiffusionConfig

MAX_SHOWN_SIDE = 256
"""Pixels of the image that is shown while it is learned."""

Picture = np.ndarray[Any, Any]


class Drawer:
    """Draws one picture for each of `prompts`; its key in MLflow has the number of the prompt."""

    def __init__(self, config: DiffusionConfig, family: Family) -> None:
        self.prompts = config.prompts
        self._config = config
        self._family = family
        self._settings = sample_settings(config, family)

    def draw(
        self, part: TrainedPart, check_time: Callable[[], None]
    ) -> Iterator[tuple[str, Picture]]:
        deadline = time.monotonic() + self._config.sample_timeout_s
        for number, prompt in enumerate(self.prompts, start=1):
            check_time()
            seed = self._config.seed + number - 1
            [picture] = sample(
                self._family, part.denoiser, [prompt], [seed], self._settings, deadline=deadline
            )
            yield f"sample_{number}", picture


def sample_settings(config: DiffusionConfig, family: Family) -> SampleSettings:
    side = config.sample_size or config.resolution
    side = max(family.pixels_per_cell, side // family.pixels_per_cell * family.pixels_per_cell)
    return SampleSettings(
        width=side, height=side, steps=config.sample_steps, guidance=config.sample_guidance
    )


def small_picture(data: ScannedData, number: int) -> Picture:
    """An image of the data, uint8 [H, W, 3], with at most MAX_SHOWN_SIDE pixels a side."""
    listed = data.images[number].listed
    image = read_image(data.root, listed.path, MAX_SHOWN_SIDE, on_white).rgb
    image.thumbnail((MAX_SHOWN_SIDE, MAX_SHOWN_SIDE))
    return np.asarray(image)
