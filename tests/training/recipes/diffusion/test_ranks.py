"""Two ranks train as one with twice the batch, and resume exactly."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tests.training.ranks import run_ranks
from tests.training.recipes.diffusion.tiny import Trained, make_images
from training.process import Process

SETTINGS: dict[str, Any] = {
    "epochs": 2,
    "checkpoint_every_steps": 1,
    "ema_decay": 0.5,
    "caption_dropout": 0.3,
    "flip": True,
}


def _trained(process: Process, argument: tuple[Path, Path, Path]) -> Mapping[str, Any]:
    """Starting ranks takes seconds, so they do everything at once."""
    base, data, folder = argument
    halves = {**SETTINGS, "batch_size": 1}
    whole = Trained(base, data, folder / "whole", process=process, **halves)
    Trained(base, data, folder / "killed", process=process, stop_after=2, **halves)
    resumed = Trained(base, data, folder / "killed", process=process, **halves)
    return {
        "weights": whole.weights,
        "resumed": resumed.weights,
        "averages": [whole.average, resumed.average],
        "curves": [dict(each.tracker.points) for each in (whole, resumed)],
    }


def test_two_ranks_train_as_one_and_resume_exactly(sd15_folder: Path, tmp_path: Path) -> None:
    data = make_images(tmp_path / "data", 8)
    alone = Trained(sd15_folder, data, tmp_path / "alone", batch_size=2, **SETTINGS)
    first, second = run_ranks(
        _trained, (sd15_folder, data, tmp_path / "ranks"), world_size=2, folder=tmp_path
    )
    for name, value in alone.weights.items():
        torch.testing.assert_close(first["weights"][name], value, rtol=1e-3, atol=1e-4)
        assert torch.equal(first["weights"][name], second["weights"][name]), name
        assert torch.equal(first["resumed"][name], first["weights"][name]), name
    assert first["averages"][0].keys() == first["averages"][1].keys() != set()
    for name, value in first["averages"][0].items():
        assert torch.equal(first["averages"][1][name], value), name
    whole, resumed = first["curves"]
    assert dict(whole["train/loss"])[4] == dict(resumed["train/loss"])[4]
    assert whole["val/loss"][-1] == resumed["val/loss"][-1]
