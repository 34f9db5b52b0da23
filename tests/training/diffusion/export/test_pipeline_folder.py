import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.diffusion.attached import components_of, load_pipeline, randomise
from training.diffusion.export.pipeline_folder import write_pipeline
from training.diffusion.families.family import load_family
from training.diffusion.methods.full import FullPart
from training.diffusion.methods.options import MethodOptions
from training.diffusion.methods.registry import attach
from training.errors import WeightsError

Folder = Callable[[str], Path]


@pytest.fixture
def part(tiny_folder: Folder) -> FullPart:
    components = components_of(load_pipeline(tiny_folder("sd15")), "sd15")
    part = attach("full", components, MethodOptions(), 0)
    assert isinstance(part, FullPart)
    randomise(part, scale=0.01)
    return part


def test_a_half_precision_file_leaves_the_training_whole(
    tiny_folder: Folder, tmp_path: Path, part: FullPart
) -> None:
    kept = {name: each.clone() for name, each in part.weights().items()}

    folder = write_pipeline(part, tiny_folder("sd15"), tmp_path / "trained", dtype=torch.float16)

    written = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert {each.dtype for each in written.values()} == {torch.float16}
    assert all(torch.equal(each, kept[name]) for name, each in part.weights().items())
    assert all(torch.equal(each, kept[f"unet.{name}"].half()) for name, each in written.items())


def test_a_written_model_can_be_trained_further(
    tiny_folder: Folder, tmp_path: Path, part: FullPart
) -> None:
    family = load_family(write_pipeline(part, tiny_folder("sd15"), tmp_path / "trained"))

    weights = part.weights()
    assert family.name == "sd15"
    for name, parameter in family.denoiser.named_parameters():
        assert torch.equal(parameter, weights[f"unet.{name}"])


def test_pickles_are_not_copied(tiny_folder: Folder, tmp_path: Path, part: FullPart) -> None:
    base = shutil.copytree(tiny_folder("sd15"), tmp_path / "base")
    (base / "vae" / "weights.bin").write_bytes(b"pickle")

    folder = write_pipeline(part, base, tmp_path / "trained")

    assert not (folder / "vae" / "weights.bin").exists()
    assert (folder / "vae" / "config.json").is_file()


def test_a_folder_that_exists_is_not_replaced(
    tiny_folder: Folder, tmp_path: Path, part: FullPart
) -> None:
    with pytest.raises(WeightsError, match="exists already"):
        write_pipeline(part, tiny_folder("sd15"), tmp_path)


def test_what_fails_leaves_nothing_behind(tmp_path: Path, part: FullPart) -> None:
    with pytest.raises(WeightsError, match="could not be written"):
        write_pipeline(part, tmp_path / "missing", tmp_path / "trained")
    with torch.no_grad():
        next(iter(part.trained_parameters().values())).fill_(float("nan"))
    with pytest.raises(WeightsError, match="diverged"):
        write_pipeline(part, tmp_path / "missing", tmp_path / "trained")

    assert not list(tmp_path.iterdir())
