"""Compares the steps a second of the recipe `diffusion` with those of a plain script on diffusers.

    .venv/bin/python -m benchmarks.diffusion
    .venv/bin/python -m benchmarks.diffusion --base-model /models/stable-diffusion-v1-5 --resolution 512

Both train the same LoRA on the same base model with the same latents, embeddings, optimizer, batch and
min-SNR weights, in turns in one process. The plain script draws its noise on the device and keeps its
data in memory; the recipe reads its cache and draws the numbers of each sample by its own key on the
CPU. Without `--base-model`, a UNet with random weights is trained that suits a CPU.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.training_utils import compute_snr
from peft import LoraConfig
from PIL import Image

from benchmarks.harness.results import interleaved, ms, percentile, print_table, ratios, spread
from benchmarks.harness.temporary_folder import temporary_folder
from tests.training.diffusion.tiny_pipelines import write_sd15
from training.agreement import Agreement
from training.deferred_scalars import DeferredScalars
from training.diffusion.families.family import Family
from training.precision import autocast, resolve_precision
from training.process import Process, current_process
from training.recipes.diffusion.base import open_base
from training.recipes.diffusion.building import build_recipe
from training.recipes.diffusion.config import DiffusionConfig, diffusion_config
from training.recipes.diffusion.recipe import DiffusionRecipe
from training.steps.learner import Learner

NUM_ROUNDS = 8
STEPS_A_ROUND = 5
NUM_IMAGES = 16
CAPTION = "a photo of a retina"
MIN_SNR_GAMMA = 5.0
LEARNING_RATE = 1e-4

Steps = Callable[[], None]


def main() -> None:
    options = parsed()
    process = current_process(use_gpu=torch.cuda.is_available())
    with temporary_folder() as folder:
        base = options.base_model or write_sd15(folder / "base")
        data = drawn_images(folder / "data", options.resolution)
        config = diffusion_config(
            {
                "base_model": str(base),
                "data": str(data),
                "resolution": options.resolution,
                "batch_size": options.batch_size,
                "rank": options.rank,
                "held_out_share": 0.0,
                "learning_rate": LEARNING_RATE,
                "min_snr_gamma": MIN_SNR_GAMMA,
                "schedule": "constant",
            }
        )
        steps = {
            "plain script": plain_steps(config, process),
            "recipe": recipe_steps(config, folder / "cache", process),
        }
        for each in steps.values():
            each()
        seconds: dict[str, list[float]] = {name: [] for name in steps}
        for name in interleaved(list(steps), options.rounds):
            seconds[name].append(timed(steps[name], process))
    print_figures(seconds)


def timed(steps: Steps, process: Process) -> float:
    """Seconds a step."""
    began = time.perf_counter()
    steps()
    if process.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / STEPS_A_ROUND


def recipe_steps(config: DiffusionConfig, cache: Path, process: Process) -> Steps:
    recipe: DiffusionRecipe = build_recipe(config, cache, process)
    learner = Learner(recipe, process, Agreement(process, None), lambda _: None)
    learner.train_mode()
    scalars = DeferredScalars(process)
    batches = recipe.batches(0)
    done = 0

    def steps() -> None:
        nonlocal done
        for _ in range(STEPS_A_ROUND):
            learner.set_learning_rate(done)
            learner.step(next(batches), scalars)
            done += 1
            scalars.end_step(done, due=True)
        scalars.flush()

    return steps


def plain_steps(config: DiffusionConfig, process: Process) -> Steps:
    """The loop of diffusers' own scripts, without their progress and saving."""
    precision = resolve_precision(config.precision, process.device)
    family = open_base(config, process)
    unet = family.denoiser.requires_grad_(False)
    unet.add_adapter(  # type: ignore[operator]
        LoraConfig(
            r=config.rank,
            lora_alpha=config.rank,
            init_lora_weights="gaussian",
            target_modules=["to_k", "to_q", "to_v", "to_out.0"],
        )
    )
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.data = parameter.data.float()
    optimizer = torch.optim.AdamW(
        trained, lr=LEARNING_RATE, fused=True if process.device.type == "cuda" else None
    )
    latents, states = encoded(config, family, process)
    unet.train()

    def steps() -> None:
        for _ in range(STEPS_A_ROUND):
            chosen = torch.randint(len(latents), (config.batch_size,), device=process.device)
            with autocast(process.device, precision):
                loss = plain_loss(family, unet, latents[chosen], states[chosen])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, config.clip_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            loss.item()

    return steps


def plain_loss(
    family: Family, unet: torch.nn.Module, latents: torch.Tensor, states: torch.Tensor
) -> torch.Tensor:
    scheduler = family.noise_scheduler
    noise = torch.randn_like(latents)
    times = torch.randint(
        scheduler.config.num_train_timesteps, (len(latents),), device=latents.device
    )
    noisy = scheduler.add_noise(latents, noise, times)
    prediction = unet(noisy, times, states).sample
    snr = compute_snr(scheduler, times)
    weights = (MIN_SNR_GAMMA / snr).clamp(max=1)
    errors = F.mse_loss(prediction.float(), noise.float(), reduction="none").flatten(1).mean(dim=1)
    loss: torch.Tensor = (errors * weights).mean()
    return loss


def encoded(
    config: DiffusionConfig, family: Family, process: Process
) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents and text states of as many samples as there are images."""
    shape = family.latent_shape(config.resolution, config.resolution)
    latents = torch.randn(NUM_IMAGES, *shape, device=process.device)
    with torch.no_grad():
        [states] = family.encode_prompts([CAPTION]).values()
    return latents, states.expand(NUM_IMAGES, -1, -1)


def drawn_images(folder: Path, side: int) -> Path:
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(NUM_IMAGES):
        levels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(levels).resize((side, side)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(CAPTION)
    return folder


def print_figures(seconds: dict[str, list[float]]) -> None:
    plain = seconds["plain script"]
    rows = [
        [name, ms(percentile(found, 50)), spread(ratios(plain, found))]
        for name, found in seconds.items()
    ]
    print_table(("training", "median of a step", "steps a second, of the plain script's"), rows)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-model", type=Path, help="folder of a Stable Diffusion 1.x pipeline")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=NUM_ROUNDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
