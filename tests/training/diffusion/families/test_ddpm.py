"""The times, noise and weights of DDPM are those of diffusers."""

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_snr

from tests.training.diffusion.families.test_family import change_json
from training.diffusion.families.family import load_family


def test_times_are_uniform_over_the_schedule(sd15_folder: Path) -> None:
    family = load_family(sd15_folder)
    uniform = torch.tensor([0.0, 0.0009, 0.001, 0.5, 0.9999999])
    assert family.draw_timesteps(uniform, (8, 8)).tolist() == [0, 0, 1, 500, 999]
    # The nearest number of float32 below 1 as well.
    below_one = torch.nextafter(torch.tensor([1.0]), torch.zeros(1))
    assert family.draw_timesteps(below_one, (8, 8)).tolist() == [999]


@pytest.mark.parametrize("name", ["sd15", "sd21", "sdxl"])
def test_min_snr_weights_follow_what_is_predicted(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(f"{name}_folder")
    family, times = load_family(folder), torch.arange(1000)
    snr = compute_snr(DDPMScheduler.from_pretrained(folder / "scheduler"), times)
    least = torch.minimum(snr, torch.full_like(snr, 5.0))
    expected = least / (snr + 1) if name == "sd21" else least / snr
    torch.testing.assert_close(family.loss_weights(times, 5.0), expected)
    assert torch.equal(family.loss_weights(times, None), torch.ones(1000))


def test_weights_are_finite_where_the_schedule_ends_without_signal(
    sd21_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(sd21_folder, tmp_path / "copy")
    config = folder / "scheduler" / "scheduler_config.json"
    last = torch.tensor([999])
    change_json(config, {"rescale_betas_zero_snr": True})
    assert load_family(folder).loss_weights(last, 5.0).tolist() == [0.0]
    change_json(config, {"prediction_type": "epsilon"})
    assert load_family(folder).loss_weights(last, 5.0).tolist() == [1.0]
