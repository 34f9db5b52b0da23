"""Each method on each family resumes exactly: weights, averages and curves are those without a kill."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.diffusion.tiny_pipelines import WRITERS
from tests.training.recipes.diffusion.tiny import Trained, make_images

EVERYTHING: dict[str, Any] = {
    "epochs": 3,
    "checkpoint_every_steps": 2,
    "ema_decay": 0.9,
    "gradient_accumulation": 2,
    "flip": True,
    "caption_dropout": 0.3,
    "dropout": 0.1,
}
WORD = {"placeholder": "<lesion>", "initial_words": "retina"}
CLASS = {"class_caption": "a photo of a fundus"}
METHODS: dict[str, dict[str, Any]] = {
    "lora": {},
    "dora": {},
    "lokr": {},
    "full": {},
    "dreambooth": CLASS,
    "textual_inversion": WORD,
}
CASES = [
    ("sd15", {"method": "dreambooth", **CLASS}),
    ("sd15", {"method": "lora"}),
    ("sd15", {"method": "full"}),
    ("sd21", {"method": "dora"}),
    ("sdxl", {"method": "lokr"}),
    ("sdxl", {"method": "textual_inversion", **WORD}),
    ("sd3", {"method": "lora"}),
    ("flux", {"method": "lora", "cache": False}),
]
OTHERS = [
    pytest.param(family, {"method": method, **settings}, marks=pytest.mark.soak)
    for family in WRITERS
    for method, settings in METHODS.items()
    if not any(each == family and case["method"] == method for each, case in CASES)
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_images(tmp_path_factory.mktemp("captioned"), 10)


def curve(trained: Trained, name: str) -> dict[int, float]:
    return dict(trained.tracker.points[name])


@pytest.mark.parametrize(
    ("family", "settings"), [*CASES, *OTHERS], ids=lambda value: str(value)[:40]
)
def test_a_training_that_is_killed_twice_ends_as_without(
    tiny_folder: Callable[[str], Path],
    data: Path,
    tmp_path: Path,
    family: str,
    settings: dict[str, Any],
) -> None:
    base = tiny_folder(family)
    if "placeholder" in settings:
        data = make_images(tmp_path / "data", 10, caption="a <lesion> in a retina")
    if "class_caption" in settings:
        settings = {**settings, "class_data": str(make_images(tmp_path / "class", 5, seed=1))}
    settings = {**EVERYTHING, **settings}
    undisturbed = Trained(base, data, tmp_path / "undisturbed", **settings)
    killed = [
        Trained(base, data, tmp_path / "killed", stop_after=step, **settings) for step in (3, 5)
    ]
    resumed = Trained(base, data, tmp_path / "killed", **settings)
    for name in ("train/loss", "val/loss", "val/loss_q1", "val/base_loss"):
        expected = curve(undisturbed, name)
        assert expected
        parts = [curve(each, name) for each in (*killed, resumed) if name in each.tracker.points]
        assert {step: value for part in parts for step, value in part.items()} == expected, name
    assert min(curve(resumed, "train/loss")) > 2
    for name, value in undisturbed.weights.items():
        assert torch.equal(resumed.weights[name], value), name
    assert undisturbed.average
    for name, value in undisturbed.average.items():
        assert torch.equal(resumed.average[name], value), name
