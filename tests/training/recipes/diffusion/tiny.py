"""A diffusion training that takes seconds: a tiny base model, small drawn images, few steps."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.training.ranks import lone_process
from tests.training.toy import MemoryTracker
from tests.training.toy_training import Killed, _dying
from training.agreement import Agreement
from training.checkpoints.store import CheckpointStore
from training.loop import TrainingLoop
from training.null_recorders import NullConsole
from training.process import Process
from training.recipes.diffusion.building import build_recipe
from training.recipes.diffusion.config import diffusion_config
from training.recipes.diffusion.recipe import DiffusionRecipe

SIDE = 32
CAPTION = "a photo of a retina"


def make_images(folder: Path, count: int, *, seed: int = 0, caption: str = CAPTION) -> Path:
    """Coloured noise; every third image is wide."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for number in range(count):
        levels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        size = (SIDE * 3 // 2, SIDE) if number % 3 == 0 else (SIDE, SIDE)
        Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC).save(
            folder / f"{number:03}.png"
        )
        (folder / f"{number:03}.txt").write_text(caption)
    return folder


def tiny_recipe(
    base: Path, data: Path, cache_dir: Path, process: Process | None = None, **settings: Any
) -> DiffusionRecipe:
    given = {
        "base_model": str(base),
        "data": str(data),
        "resolution": SIDE,
        "most_enlarged": 2,
        "rank": 2,
        "batch_size": 2,
        "epochs": 2,
        "held_out_share": 0.2,
        "learning_rate": 1e-2,
        **settings,
    }
    return build_recipe(diffusion_config(given), cache_dir, process or lone_process())


class Trained:
    """A training to its end, or until it "dies" after some steps and only its files remain."""

    def __init__(
        self,
        base: Path,
        data: Path,
        folder: Path,
        *,
        stop_after: int = 0,
        process: Process | None = None,
        **settings: Any,
    ) -> None:
        process = process or lone_process()
        store = CheckpointStore(root=folder / "checkpoints", mirror=None, keep_last=2)
        if process.is_main:
            store.open_for_writing()
        self.tracker = MemoryTracker()
        torch.manual_seed(3)
        self.recipe = tiny_recipe(base, data, folder / "cache", process, **settings)
        loop = TrainingLoop(
            recipe=self.recipe,
            process=process,
            agreement=Agreement(process, None),
            tracker=self.tracker,
            checkpoints=store,
            console=NullConsole(),
        )
        if stop_after:
            loop.recipe.batches = _dying(loop.recipe.batches, stop_after)  # type: ignore[method-assign]
        with contextlib.suppress(Killed):
            loop.run()
        part = self.recipe.part
        self.weights = {name: value.clone() for name, value in part.weights().items()}
        checkpoint = loop.state.capture()
        self.average = dict(checkpoint.tensors.get("ema", {}))
