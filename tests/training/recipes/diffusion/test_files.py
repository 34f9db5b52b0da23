"""What a training writes for other programs draws the same images in plain diffusers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DiffusionPipeline

from tests.training.recipes.diffusion.tiny import SIDE, Trained, make_images, tiny_recipe
from training.diffusion.families.sampling import SampleSettings, sample

WORD = {"placeholder": "<lesion>", "initial_words": "retina"}
PROMPT = "a photo of a retina"
STEPS = 4


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_images(tmp_path_factory.mktemp("captioned"), 6)


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "lora", "alpha": 6.0},
        {"method": "dora"},
        {"method": "lokr"},
        {"method": "full"},
        {"method": "dreambooth", "class_caption": "a photo of an eye"},
        {"method": "dreambooth", "dreambooth_trains": "full"},
        {"method": "textual_inversion", "learning_rate": 1.0, **WORD},
    ],
    ids=lambda settings: "-".join((settings["method"], settings.get("dreambooth_trains", ""))),
)
def test_plain_diffusers_draws_the_same_image(
    tiny_folder: Callable[[str], Path], data: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    base = tiny_folder("sd15")
    settings = {"epochs": 6, "learning_rate": 0.05, **settings}
    if "placeholder" in settings:
        data = make_images(tmp_path / "data", 6, caption="a <lesion> in a retina")
    if "class_caption" in settings:
        settings["class_data"] = str(make_images(tmp_path / "class", 4, seed=1))
    trained = Trained(base, data, tmp_path, **settings)
    part = trained.recipe.part.eval()
    package = trained.recipe.package()
    assert package.write_files is not None
    names = part.module_names()
    weights = {names[name]: value for name, value in part.weights().items()}
    files = package.write_files(weights, tmp_path / "files")
    prompt = f"{PROMPT} <lesion>" if "placeholder" in settings else PROMPT
    drawing = SampleSettings(width=SIDE, height=SIDE, steps=STEPS, guidance=3.0)
    family = trained.recipe._family
    [inside] = sample(family, part.denoiser, [prompt], [7], drawing)
    with part.adapter_off():
        [of_base] = sample(family, part.denoiser, [prompt], [7], drawing)

    pipeline = DiffusionPipeline.from_pretrained(files.get("pipeline", base), safety_checker=None)
    if "diffusers" in files:
        pipeline.load_lora_weights(files["diffusers"])
    if "embeddings" in files:
        pipeline.load_textual_inversion(files["embeddings"])
    pipeline.scheduler = DDIMScheduler.from_config(
        pipeline.scheduler.config, clip_sample=False, steps_offset=1
    )
    outside = pipeline(
        prompt,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=3.0,
        generator=[torch.Generator().manual_seed(7)],
        output_type="np",
    ).images[0]
    difference = np.abs((outside * 255).round() - inside.astype(float))
    assert difference.max() <= 1
    assert np.abs(inside.astype(float) - of_base).max() > 3


@pytest.mark.parametrize(
    "file", ["diffusers/pytorch_lora_weights.safetensors", "kohya/fovea.safetensors"]
)
def test_a_training_begins_from_the_file_of_another_one(
    sd15_folder: Path, data: Path, tmp_path: Path, file: str
) -> None:
    trained = Trained(sd15_folder, data, tmp_path / "first", epochs=2)
    part = trained.recipe.part
    names = part.module_names()
    weights = {names[name]: value for name, value in part.weights().items()}
    write_files = trained.recipe.package().write_files
    assert write_files is not None
    write_files(weights, tmp_path / "files")
    again = tiny_recipe(
        sd15_folder, data, tmp_path / "cache", adapter=str(tmp_path / "files" / file)
    )
    for name, value in part.weights().items():
        assert torch.equal(again.part.weights()[name], value), name
