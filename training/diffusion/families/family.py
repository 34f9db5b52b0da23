"""The adapter that every family of diffusion models has, and the function that loads one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from training.diffusion.families.hub import base_folder
from training.diffusion.families.pipeline_folder import open_pipeline_folder
from training.diffusion.families.registry import family_class

PromptEmbedding = Mapping[str, Tensor]
"""The output of the text encoders by name, the batch first. Each family decides the names."""


class TokenReport(NamedTuple):
    """How a prompt fits the text encoder that reads the most of it."""

    tokens: int
    """Without those that mark the beginning and the end."""
    truncated: str
    """The end of the prompt, as it was written, that no text encoder reads; "" if they read it all."""


@dataclass(frozen=True, kw_only=True)
class SampleSize:
    """What SDXL is told about the size of a sample, each as (height, width) or (top, left) in pixels."""

    original: tuple[int, int]
    """Before it was scaled and cropped."""
    crop: tuple[int, int]
    """The corner of the crop in the scaled image."""
    target: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """How the parts of a base model are loaded and used."""

    dtype: torch.dtype
    """Of the weights. A VAE that asks for it in its configuration stays in float32 instead of float16."""
    device: torch.device
    clip_skip: int = 1
    """Which hidden state of CLIP is read, counted from the end: 1 is the last one."""
    max_prompt_tokens: int | None = None
    """Of T5, with the token that ends the prompt; None is the number that diffusers samples with."""


class Sampler(Protocol):
    """A scheduler of diffusers that is set to a number of steps."""

    timesteps: Tensor

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor) -> Any:
        """One step towards the image; the new latents are its `prev_sample`."""


class Family(Protocol):
    """A base model and the rules by which its family is trained and sampled.

    B is the number of samples, [C, h, w] the shape of their latents. All parts are frozen and in
    evaluation mode; methods build a graph as far as a caller lets parameters require gradients.
    """

    name: str
    """`sd15`, `sd21`, `sdxl`, `sd3` or `flux`."""
    folder: Path
    settings: LoadSettings

    denoiser: nn.Module
    denoiser_part: str
    """The folder of the denoiser: `unet` or `transformer`."""
    vae: nn.Module
    text_encoders: Mapping[str, nn.Module]
    """By the name of their folder, as `tokenizers`, in the order in which they are read."""
    tokenizers: Mapping[str, Any]
    noise_scheduler: Any
    """The noise schedule of the training, a scheduler of diffusers."""

    pixels_per_cell: int
    """The sides of an image must be multiples of it."""
    prompt_limit: int
    """Tokens that the text encoder with the longest prompts takes, without the marks of both ends."""
    has_snr: bool
    """Whether min-SNR weights mean something; flow matching has none."""
    guidance_is_embedded: bool
    """Whether guidance is an input of the denoiser, so that negative prompts are not used."""

    @property
    def base_digest(self) -> str:
        """SHA-256 over the files of the model: a resume must find it unchanged."""

    @property
    def vae_digest(self) -> str:
        """The key of cached latents: the VAE's files and type of numbers."""

    @property
    def text_digest(self) -> str:
        """The key of cached prompts: the files and settings of tokenizers and text encoders."""

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """[C, h, w] of an image in pixels. Raises ConfigError if the model cannot make that size."""

    def encode_images(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """Latents [B, C, h, w] float32, scaled for the denoiser, of pixels [B, 3, H, W] from -1 to 1.

        With `noise`, standard normal [B, C, h, w], a sample of the VAE's posterior; without, its mode.
        What is no finite number in float16 is computed again in float32. Raises WeightsError if it is
        no finite number then either.
        """

    def decode_latents(self, latents: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] float32 from -1 to 1, not clipped; as `encode_images` in its errors."""

    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        """What the denoiser reads of each prompt; what is too long is cut."""

    def token_report(self, prompt: str) -> TokenReport:
        """The length of a prompt and what is cut of it."""

    def unconditional(self, embedding: PromptEmbedding) -> PromptEmbedding | None:
        """The embedding without a prompt, for as many samples; None if the family guides without it."""

    def size_conditions(self, sizes: Sequence[SampleSize]) -> Mapping[str, Tensor]:
        """What `predict` needs as `extra` for samples of these sizes."""

    def draw_timesteps(self, uniform: Tensor, latent_size: tuple[int, int]) -> Tensor:
        """The time of each sample [B], by numbers [B] from 0 to below 1, for latents of (h, w).

        A function of its arguments alone, computed on the CPU.
        """

    def noised(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Latents [B, C, h, w] with as much noise as their times say."""

    def target(self, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """What the denoiser shall predict [B, C, h, w]."""

    def predict(
        self,
        denoiser: nn.Module,
        noisy: Tensor,
        times: Tensor,
        embedding: PromptEmbedding,
        extra: Mapping[str, Tensor],
    ) -> Tensor:
        """The prediction [B, C, h, w] of a denoiser for noisy latents at `times` [B].

        `extra` is what `size_conditions` gives; Flux takes `guidance` [B] in it, 1 by default.
        """

    def loss_weights(self, times: Tensor, min_snr_gamma: float | None) -> Tensor:
        """The weight [B] of each sample's loss at its time."""

    def sampler(self, steps: int, latent_size: tuple[int, int]) -> Sampler:
        """A new sampler of this family, set to that number of steps, on the CPU."""


def load_family(
    folder_or_id: str | Path,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    clip_skip: int = 1,
    max_prompt_tokens: int | None = None,
) -> Family:
    """The base model in a diffusers pipeline folder, or of an id `owner/name` on the hub.

    Raises WeightsError if it is no such folder, of an unknown family, incomplete, damaged or has
    weights other than safetensors; ConfigError if it does not take the settings.
    """
    pipeline = open_pipeline_folder(base_folder(str(folder_or_id)))
    settings = LoadSettings(
        dtype=dtype,
        device=torch.device(device),
        clip_skip=clip_skip,
        max_prompt_tokens=max_prompt_tokens,
    )
    family: Family = family_class(pipeline.pipeline_class)(pipeline, settings)
    return family
