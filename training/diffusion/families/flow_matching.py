"""The noise of SD3 and Flux: flow matching along straight lines, for transformers.

Esser et al., Scaling Rectified Flow Transformers for High-Resolution Image Synthesis, 2024.
"""

import math
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from training.diffusion.families.family import LoadSettings, Sampler
from training.diffusion.families.latent_family import LatentFamily
from training.diffusion.families.part_loading import load_flow_scheduler
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.errors import ConfigError, WeightsError

MAX_T5_TOKENS = 512


class FlowMatchingFamily(LatentFamily):
    """A transformer that predicts noise minus image. `times` are numbers above 0 up to 1000."""

    has_snr = False
    noise_scheduler: FlowMatchEulerDiscreteScheduler

    T5_PART: str
    """The tokenizer of T5."""
    DEFAULT_T5_TOKENS: int
    SAMPLES_FROM_PURE_NOISE: bool
    """Whether the sampler's steps are evenly spaced from the time 1000 before they are shifted."""

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        self.settings = settings
        if not 2 <= self.t5_tokens <= MAX_T5_TOKENS:
            raise ConfigError(
                f"max_prompt_tokens: {self.t5_tokens} is out of range; expected 2 to {MAX_T5_TOKENS}."
            )
        if settings.clip_skip != 1:
            raise ConfigError(
                f"clip_skip: {self.name} reads CLIP in one fixed way; leave clip_skip at 1."
            )
        super().__init__(pipeline, settings)

    @property
    def patch_size(self) -> int:
        """Rows and columns of latents in a token of the transformer."""
        raise NotImplementedError

    @property
    def t5_tokens(self) -> int:
        """The length to which T5's prompts are padded and cut."""
        chosen = self.settings.max_prompt_tokens
        return self.DEFAULT_T5_TOKENS if chosen is None else chosen

    @property
    def pixels_per_cell(self) -> int:
        return self.image_coder.pixels_per_latent * self.patch_size

    @property
    def prompt_limit(self) -> int:
        return max(self._limit(part) for part in self.tokenizers)

    def max_tokens(self, tokenizer_part: str) -> int:
        is_t5 = tokenizer_part == self.T5_PART
        return self.t5_tokens if is_t5 else super().max_tokens(tokenizer_part)

    def load_scheduler(self, pipeline: PipelineFolder) -> FlowMatchEulerDiscreteScheduler:
        scheduler = load_flow_scheduler(pipeline)
        if scheduler.config["invert_sigmas"]:
            raise WeightsError(
                f"The scheduler of the base model {pipeline.path} inverts its sigmas, which cannot be "
                "trained here; expected invert_sigmas to be false."
            )
        return scheduler

    def draw_timesteps(self, uniform: Tensor, latent_size: tuple[int, int]) -> Tensor:
        """Logit-normal with mean 0 and deviation 1, by its inverse CDF, then shifted as in sampling."""
        least = 1 / self._num_steps
        normal = torch.special.ndtri(uniform.cpu().double())
        sigma = normal.sigmoid().clamp(least, 1.0)
        return (self._shifted(sigma, latent_size) * self._num_steps).float()

    def noised(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        sigma = (times / self._num_steps).to(latents).view(-1, 1, 1, 1)
        return (1.0 - sigma) * latents + sigma * noise

    def target(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        return noise - latents

    def loss_weights(self, times: Tensor, min_snr_gamma: float | None) -> Tensor:
        """1 for every time: the distribution of the times is the weight."""
        return torch.ones(len(times), device=times.device)

    def sampler(self, steps: int, latent_size: tuple[int, int]) -> Sampler:
        """Euler's method, with the shift for this number of tokens where the model has one."""
        scheduler: Any = FlowMatchEulerDiscreteScheduler.from_config(
            self.noise_scheduler.config, stochastic_sampling=False
        )
        mu = self._mu(latent_size) if scheduler.config["use_dynamic_shifting"] else None
        if self.SAMPLES_FROM_PURE_NOISE:
            scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
        else:
            scheduler.set_timesteps(steps, mu=mu)
        sampler: Sampler = scheduler
        return sampler

    @property
    def _num_steps(self) -> int:
        return int(self.noise_scheduler.config["num_train_timesteps"])

    def _shifted(self, sigma: Tensor, latent_size: tuple[int, int]) -> Tensor:
        config = self.noise_scheduler.config
        if not config["use_dynamic_shifting"]:
            shift: float = config["shift"]
            return shift * sigma / (1 + (shift - 1) * sigma)
        mu = self._mu(latent_size)
        factor: float = math.exp(mu) if config["time_shift_type"] == "exponential" else mu
        return factor / (factor + (1 / sigma - 1))

    def _mu(self, latent_size: tuple[int, int]) -> float:
        """The shift by the number of tokens, as `calculate_shift` of diffusers' FluxPipeline."""
        config: Any = self.noise_scheduler.config
        tokens = (latent_size[0] // self.patch_size) * (latent_size[1] // self.patch_size)
        slope = (config["max_shift"] - config["base_shift"]) / (
            config["max_image_seq_len"] - config["base_image_seq_len"]
        )
        mu: float = config["base_shift"] + slope * (tokens - config["base_image_seq_len"])
        return mu
