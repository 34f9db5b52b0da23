"""The facts of a base model are read from its folder, and are unknown where that does not say them."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.training_inputs.folder_files import WalkLimits
from api.training_inputs.model_facts import ModelFacts, read_model
from tracking_plugin.data_roots import DataRoots


def pipeline_folder(folder: Path, name: str, width: int | None = None) -> Path:
    write_json(folder / "model_index.json", {"_class_name": name})
    if width is not None:
        write_json(folder / "unet" / "config.json", {"cross_attention_dim": width})
    return folder


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def facts(path: Path, limits: WalkLimits | None = None) -> ModelFacts:
    return read_model(path, DataRoots(None), limits or WalkLimits())


@pytest.mark.parametrize(
    ("name", "width", "family"),
    [
        ("StableDiffusionPipeline", 768, "sd15"),
        ("StableDiffusionPipeline", 1024, "sd21"),
        ("StableDiffusionXLPipeline", 2048, "sdxl"),
        ("StableDiffusion3Pipeline", None, "sd3"),
        ("FluxPipeline", None, "flux"),
    ],
)
def test_the_family_is_that_of_the_pipeline(
    tmp_path: Path, name: str, width: int | None, family: str
) -> None:
    found = facts(pipeline_folder(tmp_path, name, width))

    assert (found.pipeline, found.family, found.unknown) == (name, family, "")
    assert found.size_bytes == sum(it.stat().st_size for it in tmp_path.rglob("*.json"))


@pytest.mark.parametrize(("name", "width"), [("StableDiffusionPipeline", 32), ("Other", None)])
def test_a_pipeline_that_nobody_knows_has_no_family(
    tmp_path: Path, name: str, width: int | None
) -> None:
    found = facts(pipeline_folder(tmp_path, name, width))

    assert (found.pipeline, found.family) == (name, None)
    assert found.unknown == f"no family is known for the pipeline {name}"


@pytest.mark.parametrize(
    "index",
    ["", "{", "[1]", '{"_class_name": 7}', "[" * 100_000, '{"_class_name": "'],
    ids=range(6),
)
def test_an_index_that_is_none_is_said(tmp_path: Path, index: str) -> None:
    (tmp_path / "model_index.json").write_text(index)

    assert facts(tmp_path).unknown == (
        "no family, because model_index.json does not name a pipeline in _class_name"
    )


def test_a_folder_without_an_index_and_a_file_of_weights_say_so(tmp_path: Path) -> None:
    assert "no model_index.json" in facts(tmp_path).unknown
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"12345")
    found = facts(weights)
    assert (found.size_bytes, found.family) == (5, None)
    assert "file of weights" in found.unknown


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\ntags: [a]\nlicense: openrail++\n---\nlicense: other", "openrail++"),
        ('---\nlicense: "mit"\n---', "mit"),
        ("---\ntags: [a]\n---\nlicense: mit", ""),
        ("# Model\nlicense: mit", ""),
        ("", ""),
    ],
)
def test_the_licence_is_that_of_the_header_of_the_model_card(
    tmp_path: Path, card: str, licence: str
) -> None:
    (tmp_path / "README.md").write_text(card)

    assert facts(pipeline_folder(tmp_path, "FluxPipeline")).licence == licence


def test_a_folder_that_is_too_large_has_a_family_and_no_size(tmp_path: Path) -> None:
    found = facts(
        pipeline_folder(tmp_path, "StableDiffusionPipeline", 768), WalkLimits(max_entries=2)
    )

    assert (found.family, found.size_bytes) == ("sd15", None)
    assert found.unknown == "no size, because it has more than 2 files and folders"
