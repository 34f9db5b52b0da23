"""Draws images with a denoiser, the same ones as diffusers' pipelines draw with the same latents."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.diffusion.families.family import Family, PromptEmbedding, SampleSize
from training.errors import ConfigError, TrainingError

BATCH_SIZE = 4
MAX_STEPS = 1000
MAX_SEED = 2**63

Image = np.ndarray[Any, np.dtype[np.uint8]]


class SamplingError(TrainingError):
    """Images were not finished in time, or the denoiser gave numbers that are not finite."""


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """How images are drawn."""

    width: int
    height: int
    """In pixels."""
    steps: int = 28
    guidance: float = 5.0
    """Of classifier-free guidance, above 1, or the input of a model that has guidance as an input."""


def sample(
    family: Family,
    denoiser: nn.Module,
    prompts: Sequence[str] | PromptEmbedding,
    seeds: Sequence[int],
    settings: SampleSettings,
    *,
    negative: Sequence[str] | PromptEmbedding | None = None,
    deadline: float | None = None,
    batch_size: int = BATCH_SIZE,
) -> Image:
    """One image for each prompt and its seed, RGB uint8 [B, height, width, 3].

    The noise of each image comes from a generator of its own seed on the CPU, and no other random
    number is drawn. `deadline` is a time of `time.monotonic`. The denoiser is in evaluation mode
    meanwhile and not changed otherwise. Raises ConfigError for settings that the model does not take,
    SamplingError after the deadline or for results that are no finite numbers.
    """
    _require_valid(family, settings, prompts, seeds)
    images: list[Image] = []
    with torch.no_grad(), _evaluating(denoiser):
        positive = _embedding(family, prompts)
        opposite = _opposite(family, settings, positive, negative)
        for start in range(0, len(seeds), batch_size):
            part = slice(start, start + batch_size)
            guided = _Guided(
                family=family,
                denoiser=denoiser,
                settings=settings,
                positive=_rows(positive, part),
                opposite=None if opposite is None else _rows(opposite, part),
            )
            latents = _denoise(guided, seeds[part], deadline)
            images.extend(_picture(family, row) for row in latents)
    return np.stack(images)


def initial_noise(family: Family, seed: int, settings: SampleSettings) -> Tensor:
    """The latents [1, C, h, w] float32 on the CPU from which the image of a seed is drawn."""
    shape = family.latent_shape(settings.height, settings.width)
    return torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))


@dataclass(frozen=True, kw_only=True)
class _Guided:
    """A denoiser with the prompts of a batch."""

    family: Family
    denoiser: nn.Module
    settings: SampleSettings
    positive: PromptEmbedding
    opposite: PromptEmbedding | None

    def predict(self, latents: Tensor, timestep: Tensor) -> Tensor:
        """The prediction in float32, with classifier-free guidance (Ho and Salimans, 2022)."""
        if self.opposite is None:
            return self._run(latents, timestep, self.positive)
        both = {
            name: torch.cat([self.opposite[name].to(tensor), tensor])
            for name, tensor in self.positive.items()
        }
        without, with_prompt = self._run(torch.cat([latents] * 2), timestep, both).chunk(2)
        return without + self.settings.guidance * (with_prompt - without)

    def _run(self, latents: Tensor, timestep: Tensor, embedding: PromptEmbedding) -> Tensor:
        times = timestep.expand(len(latents))
        extra = self._extra(len(latents))
        return self.family.predict(self.denoiser, latents, times, embedding, extra).float()

    def _extra(self, count: int) -> Mapping[str, Tensor]:
        size = (self.settings.height, self.settings.width)
        whole = SampleSize(original=size, crop=(0, 0), target=size)
        extra = dict(self.family.size_conditions([whole] * count))
        if self.family.guidance_is_embedded:
            extra["guidance"] = torch.full([count], self.settings.guidance)
        return extra


def _denoise(guided: _Guided, seeds: Sequence[int], deadline: float | None) -> Tensor:
    family, settings = guided.family, guided.settings
    noise = torch.cat([initial_noise(family, seed, settings) for seed in seeds])
    latents = noise.to(family.settings.device)
    sampler = family.sampler(settings.steps, (noise.shape[2], noise.shape[3]))
    for step, timestep in enumerate(sampler.timesteps):
        if deadline is not None and time.monotonic() >= deadline:
            raise SamplingError(
                f"Drawing images took too long: {step} of {settings.steps} steps were done at the "
                "deadline. Draw fewer or smaller images, or take fewer steps."
            )
        prediction = guided.predict(latents, timestep.to(latents.device))
        latents = sampler.step(prediction, timestep, latents).prev_sample
    if not bool(latents.isfinite().all()):
        raise SamplingError(
            "The denoiser gave values that are no finite numbers, so there are no images to show: the "
            "training has diverged. Lower the learning rate, or use bfloat16 instead of float16."
        )
    return latents


def _picture(family: Family, latents: Tensor) -> Image:
    """The image of latents [C, h, w] as uint8 [H, W, 3], rounded as diffusers does."""
    pixels = family.decode_latents(latents[None])[0]
    shown = (pixels / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
    return (shown * 255).round().to(torch.uint8).cpu().numpy()


def _embedding(family: Family, prompts: Sequence[str] | PromptEmbedding) -> PromptEmbedding:
    return prompts if isinstance(prompts, Mapping) else family.encode_prompts(prompts)


def _opposite(
    family: Family,
    settings: SampleSettings,
    positive: PromptEmbedding,
    negative: Sequence[str] | PromptEmbedding | None,
) -> PromptEmbedding | None:
    """What guidance leads away from, None without classifier-free guidance."""
    if family.guidance_is_embedded:
        if negative is not None:
            raise ConfigError(
                f"negative prompt: this {family.name} model has guidance as an input and takes no "
                "negative prompt; leave it out."
            )
        return None
    if settings.guidance <= 1:
        return None
    if negative is None:
        return family.unconditional(positive)
    opposite = _embedding(family, negative)
    if _count(opposite) != _count(positive):
        raise ConfigError(
            f"negative prompt: there are {_count(opposite)} for {_count(positive)} prompts; "
            "expected one for each prompt."
        )
    return opposite


def _rows(embedding: PromptEmbedding, part: slice) -> PromptEmbedding:
    return {name: tensor[part] for name, tensor in embedding.items()}


def _count(embedding: PromptEmbedding) -> int:
    return len(next(iter(embedding.values())))


def _require_valid(
    family: Family,
    settings: SampleSettings,
    prompts: Sequence[str] | PromptEmbedding,
    seeds: Sequence[int],
) -> None:
    family.latent_shape(settings.height, settings.width)
    count = _count(prompts) if isinstance(prompts, Mapping) else len(prompts)
    if not 1 <= settings.steps <= MAX_STEPS:
        raise ConfigError(f"steps: {settings.steps} is out of range; expected 1 to {MAX_STEPS}.")
    if not math.isfinite(settings.guidance) or settings.guidance < 0:
        raise ConfigError(f"guidance: {settings.guidance} is out of range; expected 0 or more.")
    if count == 0 or count != len(seeds):
        raise ConfigError(
            f"seeds: there are {len(seeds)} for {count} prompts; expected one for each prompt."
        )
    if not all(0 <= seed < MAX_SEED for seed in seeds):
        raise ConfigError(f"seeds: expected numbers from 0 to {MAX_SEED - 1}.")


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode, in which nothing is dropped out; each layer's own mode comes back after it."""
    training = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True
