"""The training loss is what diffusers' training scripts compute, and its gradient reaches the denoiser."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDPMScheduler, DiffusionPipeline, FluxPipeline
from diffusers.training_utils import compute_snr
from torch import Tensor

from training.diffusion.families.family import Family, SampleSize, load_family
from training.diffusion.families.loss import diffusion_loss

PROMPTS = ["a photo of the retina", "red"]
GAMMA = 5.0
SIZES = [
    SampleSize(original=(100, 120), crop=(1, 2), target=(16, 24)),
    SampleSize(original=(30, 40), crop=(0, 5), target=(16, 24)),
]
TIME_IDS = [[100, 120, 1, 2, 16, 24], [30, 40, 0, 5, 16, 24]]


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def our_loss(family: Family, pixels: Tensor, noise: Tensor, uniform: Tensor) -> Tensor:
    latents = family.encode_images(pixels, None)
    times = family.draw_timesteps(uniform, (latents.shape[2], latents.shape[3]))
    prediction = family.predict(
        family.denoiser,
        family.noised(latents, noise, times),
        times,
        family.encode_prompts(PROMPTS),
        family.size_conditions(SIZES),
    )
    target = family.target(latents, noise, times)
    return diffusion_loss(prediction, target, family.loss_weights(times, GAMMA), None)


def plain_ddpm_loss(pipeline: Any, pixels: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """As train_text_to_image.py and train_text_to_image_sdxl.py of diffusers."""
    scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
    latents = pipeline.vae.encode(pixels).latent_dist.mode() * pipeline.vae.config.scaling_factor
    noisy = scheduler.add_noise(latents, noise, times)
    conditions: dict[str, Any] = {}
    if hasattr(pipeline, "text_encoder_2"):
        hidden, _, pooled, _ = pipeline.encode_prompt(PROMPTS)
        time_ids = torch.tensor(TIME_IDS, dtype=torch.float32)
        conditions["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": time_ids}
    else:
        hidden = pipeline.encode_prompt(PROMPTS, "cpu", 1, False)[0]
    prediction = pipeline.unet(noisy, times, hidden, return_dict=False, **conditions)[0]
    snr = compute_snr(scheduler, times)
    weights = torch.stack([snr, GAMMA * torch.ones_like(times)], dim=1).min(dim=1)[0]
    target = noise
    if scheduler.config.prediction_type == "v_prediction":
        target = scheduler.get_velocity(latents, noise, times)
        weights = weights / (snr + 1)
    else:
        weights = weights / snr
    loss = torch.nn.functional.mse_loss(prediction, target, reduction="none")
    weighted: Tensor = loss.mean(dim=(1, 2, 3)) * weights
    return weighted


def plain_flow_loss(pipeline: Any, pixels: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """As train_dreambooth_sd3.py and train_dreambooth_flux.py of diffusers."""
    config = pipeline.vae.config
    latents = pipeline.vae.encode(pixels).latent_dist.mode()
    latents = (latents - config.shift_factor) * config.scaling_factor
    sigmas = (times / 1000).view(-1, 1, 1, 1)
    noisy = (1.0 - sigmas) * latents + sigmas * noise
    if isinstance(pipeline, FluxPipeline):
        prediction = plain_flux_prediction(pipeline, noisy, times)
    else:
        hidden, _, pooled, _ = pipeline.encode_prompt(PROMPTS, None, None)
        prediction = pipeline.transformer(noisy, hidden, pooled, times, return_dict=False)[0]
    error: Tensor = (prediction - (noise - latents)).square()
    return error.flatten(1).mean(dim=1)


def plain_flux_prediction(pipeline: Any, noisy: Tensor, times: Tensor) -> Tensor:
    hidden, pooled, text_ids = pipeline.encode_prompt(PROMPTS)
    batch, _, height, width = noisy.shape
    image_ids = pipeline._prepare_latent_image_ids(
        batch, height // 2, width // 2, "cpu", torch.float32
    )
    packed = pipeline.transformer(
        hidden_states=pipeline._pack_latents(noisy, *noisy.shape),
        timestep=times / 1000,
        guidance=torch.ones(batch),
        pooled_projections=pooled,
        encoder_hidden_states=hidden,
        txt_ids=text_ids,
        img_ids=image_ids,
        return_dict=False,
    )[0]
    factor = pipeline.vae_scale_factor
    unpacked: Tensor = pipeline._unpack_latents(packed, height * factor, width * factor, factor)
    return unpacked


def test_the_loss_is_that_of_a_plain_script(any_family: Family, any_folder: Path) -> None:
    pixels, noise = random(2, 3, 16, 24, seed=1).clamp(-1, 1), random(2, 4, 8, 12, seed=2)
    uniform = torch.tensor([0.3, 0.85])
    times = any_family.draw_timesteps(uniform, (8, 12))
    pipeline = DiffusionPipeline.from_pretrained(any_folder)
    plain = plain_ddpm_loss if any_family.has_snr else plain_flow_loss
    with torch.no_grad():
        expected = plain(pipeline, pixels, noise, times)
        found = our_loss(any_family, pixels, noise, uniform)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_the_gradient_reaches_the_denoiser_alone(any_folder: Path) -> None:
    family = load_family(any_folder)
    family.denoiser.requires_grad_(True)
    pixels, noise = random(2, 3, 16, 24, seed=1).clamp(-1, 1), random(2, 4, 8, 12, seed=2)
    our_loss(family, pixels, noise, torch.tensor([0.3, 0.85])).mean().backward()
    gradients = [tensor.grad for tensor in family.denoiser.parameters() if tensor.grad is not None]
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)
    assert any(bool(gradient.any()) for gradient in gradients)
    assert not any(tensor.requires_grad for tensor in family.vae.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_gives_nearly_the_same_loss(
    dtype: torch.dtype, any_family: Family, any_folder: Path
) -> None:
    pixels, noise = random(2, 3, 16, 24, seed=1).clamp(-1, 1), random(2, 4, 8, 12, seed=2)
    uniform = torch.tensor([0.3, 0.85])
    half = load_family(any_folder, dtype=dtype)
    with torch.no_grad():
        exact = our_loss(any_family, pixels, noise, uniform)
        found = our_loss(half, pixels, noise, uniform)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0.01)


def test_flux_takes_the_guidance_that_it_is_given(flux_folder: Path) -> None:
    family = load_family(flux_folder)
    noisy, times = random(2, 4, 8, 12, seed=3), torch.tensor([300.0, 800.0])
    embedding = family.encode_prompts(PROMPTS)

    def predict(**extra: Tensor) -> Tensor:
        return family.predict(family.denoiser, noisy, times, embedding, extra)

    assert torch.equal(predict(), predict(guidance=torch.ones(2)))
    assert not torch.equal(predict(), predict(guidance=torch.full([2], 4.0)))
