"""Measures whether images are decoded and augmented faster than the network trains on them.

    .venv/bin/python -m benchmarks.input_pipeline [--preset retfound-mae] [--image-side 1024]

On a GPU the preset is RETFound's ViT-L with the official augmentation, on a CPU the small one. Worker
processes decode ahead while the device trains, so a ratio over 1 keeps the device busy.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.config import Split
from training.precision import autocast_type, resolve_precision
from training.process import Process
from training.recipes.classification.recipe import ClassifierRecipe, split_dataset
from training.recipes.retinal.config import retinal_config
from training.recipes.retinal.data import find_data

NUM_IMAGES = 256
MEASURE_S = 5.0


def main() -> None:
    """Print the images per second of each stage, and the ratio of input to training."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--preset", default="")
    options.add_argument("--image-side", type=int, default=1024)
    arguments = options.parse_args()
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if has_gpu else "cpu")
    preset = arguments.preset or ("retfound-mae" if has_gpu else "small")
    with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
        root = photographs(Path(folder), arguments.image_side)
        settings = {"preset": preset, "weights": "random", "data": str(root), "cache_images": False}
        config = retinal_config(settings, has_gpu=has_gpu)
        process = Process(rank=0, local_rank=0, world_size=1, device=device)
        data = find_data(config, root, (Split.TRAIN, Split.VAL))
        recipe = ClassifierRecipe(config, data, process, name="retinal")
        dataset = split_dataset(config, data, Split.TRAIN)
        decoding = rate(lambda step: dataset[step % NUM_IMAGES], 1, device)
        stream = recipe.batches(0)
        feeding = rate(lambda _: next(stream), config.batch_size, device)
        training = rate(training_step(recipe, device), config.batch_size, device)
    print(f"{preset} on {process.device_name}, {config.loader_workers} decoding processes\n")
    print("| stage | images/s |")
    print("|---|---|")
    print(f"| decoding {arguments.image_side} px, one process | {decoding:.0f} |")
    print(f"| decoding and augmentation, as configured | {feeding:.0f} |")
    print(f"| forward, backward, optimizer | {training:.0f} |")
    print(f"\ninput / training: {feeding / training:.2f}")


def photographs(root: Path, side: int) -> Path:
    """Write a data set of noisy images of a camera's size."""
    random = np.random.default_rng(0)
    for split, count in (("train", NUM_IMAGES), ("val", 4)):
        for index in range(count):
            folder = root / split / f"class_{index % 2}"
            folder.mkdir(parents=True, exist_ok=True)
            coarse = Image.fromarray(random.integers(0, 255, (side // 8, side // 8, 3), np.uint8))
            coarse.resize((side, side)).save(folder / f"{index:04d}.jpg", quality=90)
    return root


def training_step(recipe: ClassifierRecipe, device: torch.device) -> Callable[[int], object]:
    """One optimizer step, always on the same batch."""
    model = recipe.model.to(device)
    optimizer = recipe.build_optimizer()
    recipe.train_mode(model)
    (batch,) = next(islice(recipe.batches(0), 1))
    dtype = autocast_type(resolve_precision(recipe.config.precision, device))

    def step(_: int) -> None:
        with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            loss = recipe.training_step(model, batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def rate(action: Callable[[int], object], images: int, device: torch.device) -> float:
    """Images per second of `action`, after a few warm-up calls."""
    for step in range(3):
        action(step)
    synchronise(device)
    began = time.perf_counter()
    step = 0
    while time.perf_counter() - began < MEASURE_S:
        action(step)
        step += 1
    synchronise(device)
    return step * images / (time.perf_counter() - began)


def synchronise(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
