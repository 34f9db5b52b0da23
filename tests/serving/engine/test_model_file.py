"""Registered models are read without executing what came with them, and refused with a reason."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from serving.engine.loaded_model import LoadedModel
from serving.engine.model_file import ModelRefusedError, read_classifier
from serving.engine.registry import ModelRegistry, RegisteredVersion
from tests.serving.engine.conftest import TwoVersions
from training.evidence.schema import FeatureStatistics, ModelEvidence, PredictionSets

VERSION = RegisteredVersion(name="m", version="1", run_id="r", created_ms=0)


@pytest.fixture(scope="module")
def downloaded(registered_versions: TwoVersions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = ModelRegistry(registered_versions.store.uri)
    registered_versions.store.point(registered_versions.first)
    found = registry.find("fovea-retinal", "champion")
    assert found is not None
    target = tmp_path_factory.mktemp("model") / "files"
    with registry.downloaded(found) as folder:
        shutil.copytree(folder, target)
    return target


@pytest.fixture
def files(downloaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(downloaded, tmp_path / "files"))


def change(files: Path, **config: Any) -> None:
    """Change the settings with which the model was registered."""
    document = yaml.safe_load((files / "MLmodel").read_text())
    document["flavors"]["python_function"]["config"].update(config)
    (files / "MLmodel").write_text(yaml.safe_dump(document))


def add(files: Path, name: str, path: str) -> None:
    document = yaml.safe_load((files / "MLmodel").read_text())
    document["flavors"]["python_function"]["artifacts"][name] = {"path": path, "uri": ""}
    (files / "MLmodel").write_text(yaml.safe_dump(document))


def refusal(files: Path) -> str:
    with pytest.raises(ModelRefusedError) as refused:
        LoadedModel(read_classifier(files), VERSION, device="cpu", max_batch=4).warm()
    return str(refused.value)


def test_the_code_that_came_with_the_model_is_not_executed(files: Path) -> None:
    (files / "registered_classifier.py").write_text("raise SystemExit('executed')")
    LoadedModel(read_classifier(files), VERSION, device="cpu", max_batch=4).warm()


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"backbone": "hf-hub:somebody/model"}, "has no backbone"),
        ({"backbone": "no_such_network"}, "has no backbone"),
        ({"options": {"num_classes": 3, "checkpoint_path": "/tmp/x.pt"}}, "checkpoint_path"),
        ({"options": {"num_classes": 3, "pretrained_cfg": {"file": "x"}}}, "pretrained_cfg"),
        ({"options": {"num_classes": 4}}, "as many outputs as classes"),
        ({"options": "x"}, "options"),
        ({"classes": ["a"]}, "as many outputs as classes"),
        ({"classes": []}, "classes"),
        ({"framing": "mirror"}, "framing"),
        ({"image_size": 10**9}, "image_size"),
        ({"backbone": "test_vit"}, "cannot build test_vit"),
    ],
)
def test_settings_that_cannot_be_served_are_named(
    files: Path, config: dict[str, Any], reason: str
) -> None:
    change(files, **config)
    assert reason in refusal(files)


def test_other_flavours_are_refused(files: Path) -> None:
    (files / "MLmodel").write_text("flavors: {sklearn: {pickled_model: model.pkl}}\n")
    assert "flavour python_function" in refusal(files)


@pytest.mark.parametrize("content", ["", "flavors: [", "!!python/object/apply:os.system [ls]"])
def test_a_damaged_description_is_refused(files: Path, content: str) -> None:
    (files / "MLmodel").write_text(content)
    assert "MLmodel cannot be read" in refusal(files)


def test_an_artifact_outside_the_model_is_refused(files: Path) -> None:
    outside = files.parent / "outside.safetensors"
    outside.touch()
    add(files, "weights", "../outside.safetensors")
    assert "is not a file of the model" in refusal(files)


def test_weights_of_another_network_are_refused(files: Path) -> None:
    save_file({"x": torch.zeros(1)}, files / "artifacts" / "weights.safetensors")
    assert "cannot build test_resnet" in refusal(files)


def test_damaged_weights_are_refused(files: Path) -> None:
    (files / "artifacts" / "weights.safetensors").write_bytes(b"\x80\x04pickle")
    assert "no readable safetensors" in refusal(files)


def test_a_model_without_evidence_is_served_and_says_so(files: Path) -> None:
    document = yaml.safe_load((files / "MLmodel").read_text())
    del document["flavors"]["python_function"]["artifacts"]["evidence"]
    (files / "MLmodel").write_text(yaml.safe_dump(document))
    found = read_classifier(files)
    assert found.evidence == ModelEvidence()
    assert found.statistics is None
    assert len(found.missing) == 1
    assert "registered without evidence" in found.missing[0]


def with_evidence(files: Path, evidence: ModelEvidence) -> None:
    (files / "artifacts" / "evidence.json").write_text(evidence.model_dump_json())


FEATURES = FeatureStatistics(dimension=8, num_samples=20, threshold=3.0, quantile=0.99)


def test_statistics_are_read_beside_the_evidence(files: Path) -> None:
    with_evidence(files, ModelEvidence(temperature=1.5, features=FEATURES))
    tensors = {"means": torch.zeros(2, 8), "precision": torch.eye(8)}
    save_file(tensors, files / "artifacts" / "statistics.safetensors")
    add(files, "feature_statistics", "artifacts/statistics.safetensors")
    found = read_classifier(files)
    assert found.evidence.temperature == 1.5
    assert found.statistics is not None
    assert found.statistics.precision.shape == (8, 8)
    assert found.missing == ()


@pytest.mark.parametrize("shape", [(2, 7), (8,)])
def test_statistics_that_do_not_fit_are_left_out(files: Path, shape: tuple[int, ...]) -> None:
    with_evidence(files, ModelEvidence(features=FEATURES))
    tensors = {"means": torch.zeros(shape), "precision": torch.eye(8)}
    save_file(tensors, files / "artifacts" / "statistics.safetensors")
    add(files, "feature_statistics", "artifacts/statistics.safetensors")
    found = read_classifier(files)
    assert found.statistics is None
    assert "do not fit" in found.missing[0]


def test_evidence_of_other_classes_is_left_out(files: Path) -> None:
    with_evidence(
        files, ModelEvidence(prediction_sets=PredictionSets(coverage=0.9, quantiles=(0.1,)))
    )
    found = read_classifier(files)
    assert found.evidence.prediction_sets is None
    assert "another set of classes" in found.missing[0]


def test_damaged_evidence_is_left_out(files: Path) -> None:
    (files / "artifacts" / "evidence.json").write_text("{")
    assert "cannot be read" in read_classifier(files).missing[0]
