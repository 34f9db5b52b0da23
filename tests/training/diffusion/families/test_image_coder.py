"""Images become the latents of diffusers' VAE, in finite numbers whatever their type."""

import logging
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, DiffusionPipeline
from torch import Tensor

from training.diffusion.families.family import Family, load_family
from training.diffusion.families.image_coder import ImageCoder
from training.errors import WeightsError


def pixels(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 16, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1


def half_coder(folder: Path) -> ImageCoder:
    """A VAE in float16 that says that it can be used so."""
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float16)
    vae.register_to_config(force_upcast=False)
    return ImageCoder(vae)


def overflow_for_bright_images(coder: ImageCoder) -> list[torch.dtype]:
    """Let float16 make no finite numbers of images with a mean above 0; the types of each call."""
    encode, seen = coder.vae.encode, []

    def overflowing(images: Tensor) -> object:
        seen.append(images.dtype)
        output = encode(images)
        if images.dtype == torch.float16:
            bright = images.float().flatten(1).mean(dim=1) > 0
            output.latent_dist.mean[bright] = float("nan")
        return output

    coder.vae.encode = overflowing
    return seen


@torch.no_grad()
def test_latents_are_those_of_diffusers(any_family: Family, any_folder: Path) -> None:
    vae = DiffusionPipeline.from_pretrained(any_folder).vae
    posterior = vae.encode(pixels()).latent_dist
    shift = vae.config.shift_factor or 0.0
    mode = (posterior.mode() - shift) * vae.config.scaling_factor
    latents = any_family.encode_images(pixels(), None)
    assert tuple(latents.shape[1:]) == any_family.latent_shape(16, 24)
    torch.testing.assert_close(latents, mode)
    noise = torch.randn(2, *any_family.latent_shape(16, 24))
    sampled = (posterior.mean + posterior.std * noise - shift) * vae.config.scaling_factor
    torch.testing.assert_close(any_family.encode_images(pixels(), noise), sampled)


def test_decoding_undoes_the_scale(sd3_folder: Path) -> None:
    coder = ImageCoder(AutoencoderKL.from_pretrained(sd3_folder / "vae"))
    latents = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        expected = coder.vae.decode(latents).sample
    scaled = (latents - coder.vae.config.shift_factor) * coder.vae.config.scaling_factor
    torch.testing.assert_close(coder.decode(scaled), expected, rtol=1e-4, atol=1e-5)


def test_each_channel_may_have_its_own_scale(sdxl_folder: Path) -> None:
    vae = AutoencoderKL.from_pretrained(sdxl_folder / "vae")
    plain = ImageCoder(vae).encode(pixels(), None) / vae.config.scaling_factor
    mean, deviation = [0.5, -1.0, 2.0, 0.0], [1.0, 2.0, 4.0, 0.5]
    vae.register_to_config(latents_mean=mean, latents_std=deviation)
    expected = (plain - torch.tensor(mean).view(1, 4, 1, 1)) * vae.config.scaling_factor
    expected = expected / torch.tensor(deviation).view(1, 4, 1, 1)
    torch.testing.assert_close(ImageCoder(vae).encode(pixels(), None), expected)


def test_what_overflows_in_float16_is_computed_in_float32(
    sd15_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    coder, exact = half_coder(sd15_folder), load_family(sd15_folder)
    seen = overflow_for_bright_images(coder)
    images = torch.stack([torch.full((3, 16, 24), 0.5), torch.full((3, 16, 24), -0.5)])
    with caplog.at_level(logging.WARNING):
        first, second = coder.encode(images, None), coder.encode(images, None)
    assert seen == [torch.float16, torch.float32] * 2
    assert coder.vae.dtype == torch.float16
    torch.testing.assert_close(
        first[:1], exact.encode_images(images[:1], None), rtol=0.02, atol=1e-3
    )
    assert torch.equal(first, second)
    (warning,) = (record.message for record in caplog.records)
    assert warning.endswith("it computes those images again in float32.")


def test_an_image_does_not_depend_on_one_that_overflowed(sd15_folder: Path) -> None:
    coder = half_coder(sd15_folder)
    dark = torch.full((1, 3, 16, 24), -0.5)
    before = coder.encode(dark, None)
    overflow_for_bright_images(coder)
    coder.encode(torch.full((1, 3, 16, 24), 0.5), None)
    assert torch.equal(coder.encode(dark, None), before)


def test_a_vae_that_asks_for_float32_gets_it(sd15_folder: Path) -> None:
    vae = AutoencoderKL.from_pretrained(sd15_folder / "vae", torch_dtype=torch.float16)
    assert vae.config.force_upcast
    assert ImageCoder(vae).vae.dtype == torch.float32


def test_a_damaged_vae_is_named(sd15_folder: Path) -> None:
    coder = ImageCoder(AutoencoderKL.from_pretrained(sd15_folder / "vae"))
    with torch.no_grad():
        coder.vae.encoder.conv_in.weight.fill_(float("inf"))
        coder.vae.decoder.conv_in.weight.fill_(float("inf"))
    with pytest.raises(WeightsError, match=r"The VAE of the base model .* damaged"):
        coder.encode(pixels(), None)
    with pytest.raises(WeightsError, match=r"The VAE of the base model .* damaged"):
        coder.decode(torch.randn(1, 4, 8, 8))
