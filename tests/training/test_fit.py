"""The fit command: what a training records in MLflow, and how it fails on wrong input."""

import json
import os
import resource
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from mlflow.entities import Run
from mlflow.models import Model
from safetensors.numpy import load_file

from tests.training.data.images import CLASSES, truncate
from tests.training.program import TINY, Program
from tracking_plugin.names import Metric
from training.evidence.schema import EVIDENCE_ARTIFACT, ModelEvidence
from training.recipes.classification.recipe import ClassifierRecipe
from training.taxonomies.names import metric_part

METRICS = {
    "train/loss",
    "train/accuracy",
    "train/learning_rate",
    "train/images_per_second",
    "train/data_wait_fraction",
    "epoch",
    "val/loss",
    "val/accuracy",
    "val/auc_roc_macro",
    "val/auc_roc_weighted",
    "val/f1",
    "val/kappa",
    *(f"per_class/{name}" for name in CLASSES),
    "critical/RAO",
    "critical_support/RAO",
}
NUM_STEPS = 18


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def fit(program: Program, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    return program.run_here(
        monkeypatch, "fit", "--launcher", "single", "--data", str(program.data), *TINY, *arguments
    )


def failure(program: Program, capsys: pytest.CaptureFixture[str]) -> str:
    """The message of the only run, which must have failed and have printed the same message."""
    run = program.only_run()
    assert run.info.status == "FAILED"
    assert run.data.tags["fovea.status"] == "error"
    message = run.data.tags["fovea.message"]
    assert f"Error: {message}" in capsys.readouterr().err
    return message


def test_the_run_has_every_metric_and_a_point_for_every_step(
    trained: Program, finished_run: Run
) -> None:
    others = ("system/", "evidence/")
    names = {name for name in finished_run.data.metrics if not name.startswith(others)}
    assert names == METRICS
    run_id = finished_run.info.run_id
    for name in ("train/loss", "train/learning_rate", "epoch"):
        steps = [step for step, _ in trained.curve(run_id, name)]
        assert steps == list(range(1, NUM_STEPS + 1))
    assert [step for step, _ in trained.curve(run_id, "val/kappa")] == [9, 18]


def test_the_run_has_its_status_params_and_data_set(trained: Program) -> None:
    run = trained.only_run()
    assert run.info.status == "FINISHED"
    assert run.data.tags["fovea.status"] == "completed"
    assert run.data.tags["fovea.recipe"] == "retinal"
    params = run.data.params
    assert params["total_epochs"] == "2"
    assert params["steps_per_epoch"] == "9"
    assert params["backbone"] == "test_resnet"
    assert params["preset"] == "small"
    assert params["skipped_images"] == "0"
    (dataset_input,) = run.inputs.dataset_inputs
    assert dataset_input.dataset.name == "data"
    profile = json.loads(dataset_input.dataset.profile)
    assert profile["images_per_class"]["train"] == dict.fromkeys(CLASSES, 12)


def test_each_epoch_has_its_evaluation_and_a_stepped_image(trained: Program) -> None:
    run_id = trained.only_run().info.run_id
    for epoch in (1, 2):
        document = trained.json_artifact(run_id, f"epochs/{epoch:04d}/evaluation.json")
        assert document["classes"] == sorted(CLASSES)
        assert document["step"] == 9 * epoch
        assert sum(map(sum, document["confusion_matrix"])) == 12
        assert {"class_report", "metrics"} <= set(document)
    images = [file.path for file in trained.client.list_artifacts(run_id, "images")]
    assert sum(path.endswith(".png") for path in images) == 2


def test_checkpoints_are_in_the_artifact_store_and_no_file_is_left_elsewhere(
    trained: Program,
) -> None:
    run = trained.only_run()
    folder = Path(run.info.artifact_uri) / "checkpoints"
    kept = json.loads((folder / "index.json").read_text())["kept"]
    assert sorted(path.name for path in folder.iterdir()) == ["index.json", *kept]
    assert not list((trained.root / "fovea" / "work").iterdir())


def test_the_best_model_is_registered_and_predicts(trained: Program) -> None:
    (version,) = trained.client.search_model_versions("name='fovea-retinal'")
    mlflow.set_tracking_uri(trained.tracking_uri)
    model = mlflow.pyfunc.load_model(f"models:/fovea-retinal/{version.version}")
    assert version.run_id == trained.only_run().info.run_id
    champion = trained.client.get_model_version_by_alias("fovea-retinal", "champion")
    assert champion.version == version.version
    logged = trained.client.get_logged_model(model.model_id)
    assert logged.experiment_id == trained.only_run().info.experiment_id
    assert model.metadata.signature is not None
    assert model.input_example is not None
    pictures = np.random.default_rng(0).integers(0, 255, (3, 50, 60, 3), dtype=np.uint8)
    probabilities = model.predict(pictures)
    assert probabilities.shape == (3, 3)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_run_and_the_registered_model_have_the_evidence(
    trained: Program, finished_run: Run
) -> None:
    stored = trained.json_artifact(finished_run.info.run_id, EVIDENCE_ARTIFACT)
    evidence = ModelEvidence.model_validate(stored)
    assert (evidence.split, evidence.num_samples) == ("val", 12)
    assert evidence.features is not None
    (condition,) = evidence.conditions
    assert condition.name == "RAO"
    assert condition.note.startswith("cannot be shown: 4 positives")
    assert finished_run.data.metrics.get(Metric.TEMPERATURE) == evidence.temperature
    mlflow.set_tracking_uri(trained.tracking_uri)
    folder = Path(mlflow.artifacts.download_artifacts("models:/fovea-retinal/1"))
    function = Model.load(folder).flavors["python_function"]
    files = {name: folder / entry["path"] for name, entry in function["artifacts"].items()}
    assert ModelEvidence.model_validate_json(files["evidence"].read_text()) == evidence
    tensors = load_file(files["feature_statistics"])
    dimension = evidence.features.dimension
    assert tensors["means"].shape == (3, dimension)
    assert tensors["precision"].shape == (dimension, dimension)
    settings = function["config"]
    assert settings["recipe"] == "retinal"
    assert settings["modalities"] == ["fundus", "fundus", "oct"]
    assert settings["critical_conditions"] == [
        {"name": "RAO", "classes": [1], "min_sensitivity": 0.99}
    ]


def test_a_failure_of_the_evidence_loses_no_model(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(ClassifierRecipe, "evidence", fail)
    assert fit(program, monkeypatch, "--epochs", "1") == 0
    run = program.only_run()
    assert run.info.status == "FINISHED"
    evidence = program.json_artifact(run.info.run_id, EVIDENCE_ARTIFACT)
    assert evidence["missing"] == ["No evidence: the fit failed (MemoryError)."]
    (version,) = program.client.search_model_versions("name='fovea-retinal'")
    assert version.run_id == run.info.run_id


def test_a_finished_run_is_not_resumed(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = trained.only_run().info.run_id
    assert fit(trained, monkeypatch, "--run-id", run_id) == 1
    assert "has finished; start a new one" in capsys.readouterr().err
    assert trained.only_run().info.status == "FINISHED"


def test_a_wrong_setting_is_named_and_creates_no_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(program, monkeypatch, "--epochs", "0", "--learning-rate", "many") == 1
    message = capsys.readouterr().err
    assert "epochs" in message
    assert "'0' came" in message
    assert "learning_rate" in message
    assert not program.runs()


def test_an_unreachable_server_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "tracking_uri", "http://127.0.0.1:9")
    assert fit(program, monkeypatch) == 1
    assert "No MLflow server answers at http://127.0.0.1:9" in capsys.readouterr().err


def test_a_truncated_image_fails_the_run_and_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truncate(program.data / "train" / "OCT_Normal" / "003.jpg")
    assert fit(program, monkeypatch) == 1
    message = failure(program, capsys)
    assert "1 images cannot be read: train/OCT_Normal/003.jpg" in message
    assert "--skip-bad-images" in message


def test_bad_images_are_left_out_and_counted_on_request(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    truncate(program.data / "train" / "OCT_Normal" / "003.jpg")
    (program.data / "val" / "OCT_Normal" / "000.jpg").write_bytes(b"")
    assert fit(program, monkeypatch, "--skip-bad-images") == 0
    params = program.only_run().data.params
    assert params["skipped_images"] == "2"
    assert params["train_images"] == "35"


HINDI = "\u092e\u094b\u0924\u093f\u092f\u093e\u092c\u093f\u0902\u0926"
DECOMPOSED, COMPOSED = "OCT_Re\u0301tine", "OCT_R\u00e9tine"


def test_the_scan_of_the_data_is_shown_and_logged_without_names_of_files(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train, val, test = (program.data / split for split in ("train", "val", "test"))
    for folder in (train, val, test):
        (folder / "OCT_Normal").rename(folder / HINDI)
        (folder / "Fundus_Normal").rename(folder / DECOMPOSED)
    shutil.copy(train / "Fundus_RAO" / "000.jpg", test / "Fundus_RAO" / "smith.jpg")
    shutil.copy(train / "Fundus_RAO" / "001.jpg", train / "Fundus_RAO" / "smith.jpg")
    (train / "Fundus_RAO" / "@eaDir").mkdir()
    shutil.copy(train / "Fundus_RAO" / "002.jpg", train / "Fundus_RAO" / "@eaDir" / "smith.jpg")
    (train / "Fundus_RAO" / "smith.dcm").write_bytes(b"")
    (train / DECOMPOSED / "003.jpg").rename(train / DECOMPOSED / os.fsdecode(b"\xe9.jpg"))
    (train / "OCT_Empty").mkdir()
    assert fit(program, monkeypatch) == 0
    run = program.only_run()
    shown = capsys.readouterr().out
    report = program.json_artifact(run.info.run_id, "data/scan.json")
    assert report["splits"]["train"] == {
        "num_images": 36,
        "images_per_class": {"Fundus_RAO": 12, COMPOSED: 12, HINDI: 12},
    }
    left_out = {(item["split"], item["reason"]): item for item in report["left_out"]}
    assert left_out["train", "a copy of an image in another split"]["count"] == 1
    assert left_out["train", "hidden, or made by an operating system"]["count"] == 1
    assert left_out["train", "the folder of a class, but empty"]["count"] == 1
    assert left_out["train", "no image by its ending"]["endings"] == {".dcm": 1}
    assert report["copies"]["across_splits"] == {"train and test": 1}
    assert report["copies"]["within_a_split"] == 1
    assert report["modes"] == {"RGB": sum(s["num_images"] for s in report["splits"].values())}
    assert "The same image in train and test: 1." in shown
    assert "smith" not in shown + json.dumps(report) + json.dumps(dict(run.data.tags))
    assert (run.data.params["left_out_copies"], run.data.params["num_classes"]) == ("1", "3")
    recalls = {name for name in run.data.metrics if name.startswith("per_class/")}
    assert recalls == {f"per_class/{metric_part(name)}" for name in (HINDI, COMPOSED, "Fundus_RAO")}


def test_images_in_two_splits_are_refused_on_request(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = program.data / "train" / "Fundus_RAO" / "000.jpg"
    shutil.copy(source, program.data / "val" / "Fundus_RAO" / "smith.jpg")
    assert fit(program, monkeypatch, "--shared-images", "refuse") == 1
    message = failure(program, capsys)
    assert "1 images of the split train are also in val or test" in message
    assert "smith" not in message


def test_a_missing_split_fails_the_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.data / "val").rename(program.root / "elsewhere")
    assert fit(program, monkeypatch) == 1
    assert "The split val is missing" in failure(program, capsys)


def test_a_class_that_train_lacks_fails_the_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.data / "val" / "OCT_CSR").mkdir()
    assert fit(program, monkeypatch) == 1
    assert "classes that are not in the split train: OCT_CSR" in failure(program, capsys)


def test_weights_of_another_network_fail_the_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = program.root / "other.pth"
    torch.save({"conv1.weight": torch.zeros(2)}, weights)
    assert fit(program, monkeypatch, "--weights", str(weights)) == 1
    assert "does not fit the configured ResNet" in failure(program, capsys)


def test_retfound_without_its_weights_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(program, monkeypatch, "--preset", "retfound-mae") == 1
    assert "needs RETFound's checkpoint file" in failure(program, capsys)


def test_missing_gpus_fail_the_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fit(program, monkeypatch, "--gpus") == 1
    assert "GPUs were asked for, but PyTorch finds none" in failure(program, capsys)


def test_too_few_images_for_a_step_fail_the_run(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(program, monkeypatch, "--batch-size", "64") == 1
    assert "has 36 samples, fewer than one step of 64" in failure(program, capsys)


def test_a_full_disk_at_checkpoint_time_fails_the_run_and_leaves_no_half_checkpoint(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Larger than what MLflow's database and the spool need, smaller than a checkpoint.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        assert fit(program, monkeypatch, "--backbone", "resnet10t") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "The checkpoint of step 9 could not be written" in failure(program, capsys)
    folder = Path(program.only_run().info.artifact_uri) / "checkpoints"
    assert [path.name for path in folder.iterdir()] == []
