"""The noise of Stable Diffusion and SDXL: DDPM in discrete steps, for UNets.

Ho et al., Denoising Diffusion Probabilistic Models, 2020; velocity: Salimans and Ho, 2022.
"""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import compute_snr
from torch import Tensor, nn

from training.diffusion.families.family import LoadSettings, PromptEmbedding, Sampler
from training.diffusion.families.latent_family import LatentFamily
from training.diffusion.families.part_loading import Part, load_ddpm_scheduler
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.errors import ConfigError, WeightsError

EPSILON = "epsilon"
VELOCITY = "v_prediction"


class DdpmFamily(LatentFamily):
    """A UNet that predicts the noise or the velocity. `times` are integers from 0 to 999."""

    has_snr = True
    DENOISER = Part(name="unet", loader=UNet2DConditionModel)
    noise_scheduler: DDPMScheduler

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        if settings.max_prompt_tokens is not None:
            raise ConfigError(
                "max_prompt_tokens: the text encoders of this model, which has no T5, read a fixed number "
                "of tokens; leave it out."
            )
        super().__init__(pipeline, settings)
        self._require_text_to_image(pipeline)

    @property
    def predicts_velocity(self) -> bool:
        return bool(self.noise_scheduler.config["prediction_type"] == VELOCITY)

    @property
    def pixels_per_cell(self) -> int:
        """So that each level of the UNet has half the rows and columns of the one before."""
        config: Any = self.denoiser.config
        levels = len(config["block_out_channels"])
        return int(self.image_coder.pixels_per_latent * 2 ** (levels - 1))

    @property
    def prompt_limit(self) -> int:
        return self._limit("tokenizer")

    def load_scheduler(self, pipeline: PipelineFolder) -> DDPMScheduler:
        scheduler = load_ddpm_scheduler(pipeline)
        found = scheduler.config["prediction_type"]
        if found not in {EPSILON, VELOCITY}:
            raise WeightsError(
                f"The scheduler of the base model {pipeline.path} has the prediction type {found!r}; "
                f"expected {EPSILON!r} or {VELOCITY!r}."
            )
        return scheduler

    def draw_timesteps(self, uniform: Tensor, latent_size: tuple[int, int]) -> Tensor:
        """Uniform over the schedule."""
        num_steps = len(self.noise_scheduler)
        return (uniform.cpu().double() * num_steps).long().clamp(0, num_steps - 1)

    def noised(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        noisy: Tensor = self.noise_scheduler.add_noise(latents, noise, _steps(times))
        return noisy

    def target(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        if not self.predicts_velocity:
            return noise
        velocity: Tensor = self.noise_scheduler.get_velocity(latents, noise, _steps(times))
        return velocity

    def predict(
        self,
        denoiser: nn.Module,
        noisy: Tensor,
        times: Tensor,
        embedding: PromptEmbedding,
        extra: Mapping[str, Tensor],
    ) -> Tensor:
        dtype, device = self.settings.dtype, noisy.device
        prediction: Tensor = denoiser(
            noisy.to(dtype),
            times.to(device),
            encoder_hidden_states=embedding["hidden"].to(device, dtype),
            added_cond_kwargs=self.added_conditions(noisy, embedding, extra),
            return_dict=False,
        )[0]
        return prediction

    def added_conditions(
        self, noisy: Tensor, embedding: PromptEmbedding, extra: Mapping[str, Tensor]
    ) -> dict[str, Tensor] | None:
        """What the UNet reads beside the hidden states of the text."""
        return None

    def loss_weights(self, times: Tensor, min_snr_gamma: float | None) -> Tensor:
        """Min-SNR-gamma (Hang et al., 2023): min(SNR, gamma) / SNR, or / (SNR + 1) for the velocity."""
        if min_snr_gamma is None:
            return torch.ones(len(times), device=times.device)
        snr: Tensor = compute_snr(self.noise_scheduler, _steps(times))
        # Where the schedule ends without any signal, the limit of the first form is 1.
        least = snr.clamp(max=min_snr_gamma)
        return least / (snr + 1) if self.predicts_velocity else (min_snr_gamma / snr).clamp(max=1.0)

    def sampler(self, steps: int, latent_size: tuple[int, int]) -> Sampler:
        """DDIM (Song et al., 2020) without noise of its own, as diffusers' pipelines set it."""
        scheduler: Any = DDIMScheduler.from_config(
            self.noise_scheduler.config, clip_sample=False, steps_offset=1
        )
        scheduler.set_timesteps(steps)
        sampler: Sampler = scheduler
        return sampler

    def _require_text_to_image(self, pipeline: PipelineFolder) -> None:
        config: Any = self.denoiser.config
        if config["in_channels"] != self.image_coder.num_channels:
            raise WeightsError(
                f"The UNet of the base model {pipeline.path} reads {config['in_channels']} channels and "
                f"its VAE makes {self.image_coder.num_channels}: it is a model of another task, such as "
                "inpainting. Expected a text-to-image model."
            )
        if config["time_cond_proj_dim"] is not None:
            raise WeightsError(
                f"The UNet of the base model {pipeline.path} was distilled to few steps and has "
                "guidance as an input, which cannot be trained here. Give the model it was made from."
            )


def _steps(times: Tensor) -> Any:
    """The type that diffusers declares for the numbers of steps."""
    return times
