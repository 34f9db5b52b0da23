"""Encodes images as latents and decodes them, with the scale that denoisers expect."""

import logging
from collections.abc import Callable

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from training.errors import WeightsError

logger = logging.getLogger(__name__)


class ImageCoder:
    """A VAE, which is never trained."""

    def __init__(self, vae: AutoencoderKL) -> None:
        if vae.dtype == torch.float16 and vae.config.get("force_upcast"):
            # It says of itself that it makes no finite numbers in float16.
            _convert(vae, torch.float32)
        self.vae = vae
        self.pixels_per_latent: int = 2 ** (len(vae.config["block_out_channels"]) - 1)
        self.num_channels: int = vae.config["latent_channels"]
        self._has_warned = False

    @torch.no_grad()
    def encode(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """Scaled latents [B, C, h, w] float32 of pixels [B, 3, H, W] from -1 to 1.

        A sample of the posterior by standard normal `noise`, or its mode. Raises WeightsError if a
        value is no finite number.
        """

        def posterior(images: Tensor) -> Tensor:
            distribution = self.vae.encode(images).latent_dist
            return torch.stack([distribution.mean.float(), distribution.std.float()], dim=1)

        mean, deviation = self._finite(posterior, pixels).unbind(dim=1)
        latents = mean if noise is None else mean + deviation * noise.to(mean)
        return self._scaled(latents)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] float32 of scaled latents. Raises WeightsError as `encode` does."""

        def decode(unscaled: Tensor) -> Tensor:
            pixels: Tensor = self.vae.decode(unscaled, return_dict=False)[0]
            return pixels.float()

        return self._finite(decode, self._unscaled(latents.float()))

    def _finite(self, compute: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        """`compute` of the inputs; in float32 for those whose result is no finite number in float16.

        Only for those, so that the result of an image does not depend on the images before it.
        """
        inputs = inputs.to(self.vae.device)
        result = compute(inputs.to(self.vae.dtype))
        failed = ~result.flatten(1).isfinite().all(dim=1)
        if not bool(failed.any()):
            return result
        dtype = self.vae.dtype
        if dtype != torch.float32:
            self._warn()
            _convert(self.vae, torch.float32)
            result[failed] = compute(inputs[failed].float())
            _convert(self.vae, dtype)
        if not bool(result.isfinite().all()):
            raise WeightsError(
                "The VAE of the base model gives values that are no finite numbers, in float32 too: "
                "its weights or the values that it was given are damaged."
            )
        return result

    def _warn(self) -> None:
        if not self._has_warned:
            logger.warning(
                "The VAE gives values that are no finite numbers in %s; it computes those images "
                "again in float32.",
                str(self.vae.dtype).removeprefix("torch."),
            )
            self._has_warned = True

    def _scaled(self, latents: Tensor) -> Tensor:
        shift, scale = self._shift_and_scale(latents)
        return (latents - shift) * scale

    def _unscaled(self, latents: Tensor) -> Tensor:
        shift, scale = self._shift_and_scale(latents)
        return latents / scale + shift

    def _shift_and_scale(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """As diffusers' pipelines have it, by channel for the SDXL models with `latents_mean`."""
        config = self.vae.config
        mean, deviation = config.get("latents_mean"), config.get("latents_std")
        shift: object = config.get("shift_factor") or 0.0
        scale = torch.tensor(config["scaling_factor"])
        if mean and deviation:
            shift, scale = mean, scale / torch.tensor(deviation)
        return (
            torch.as_tensor(shift).to(latents).view(1, -1, 1, 1),
            scale.to(latents).view(1, -1, 1, 1),
        )


def _convert(vae: nn.Module, dtype: torch.dtype) -> None:
    """Convert the weights, without the warning of diffusers about parts that a VAE does not have."""
    nn.Module.to(vae, dtype)
