"""The evaluate command: it records the scores of the best model, with a report, in the same run."""

import re
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from mlflow.entities import Run
from PIL import Image

from tests.training.data.images import CLASSES
from tests.training.program import Program
from training.errors import ConfigError
from training.recipes.images.patients import patient_groups


def evaluate(program: Program, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    run_id = program.only_run().info.run_id
    return program.run_here(
        monkeypatch, "evaluate", "--run-id", run_id, "--num-resamples", "100", *arguments
    )


def test_the_test_split_is_scored_with_intervals_and_a_report(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(trained, monkeypatch) == 0
    run = trained.only_run()
    assert run.info.status == "FINISHED"
    expected = {f"test/{name}" for name in ("loss", "accuracy", "auc_roc_macro", "f1", "kappa")}
    expected |= {f"test_per_class/{name}" for name in CLASSES}
    expected |= {"test_critical/RAO", "test_critical_support/RAO"}
    assert expected <= set(run.data.metrics)
    scores = trained.json_artifact(run.info.run_id, "evaluation/test/scores.json")
    low, high = scores["metrics"]["accuracy"]["interval"]
    assert low <= run.data.metrics["test/accuracy"] <= high
    uri = f"{run.info.artifact_uri}/evaluation/test/clinical_report.html"
    page = Path(mlflow.artifacts.download_artifacts(uri)).read_text()
    assert run.info.run_id in page
    assert "RAO" in page
    assert "Not enough positives to tell" in page or "not enough positives" in page.lower()
    assert "Report: " in capsys.readouterr().out


def test_the_evidence_of_the_model_is_checked_on_the_scored_split(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate(trained, monkeypatch) == 0
    run_id = trained.only_run().info.run_id
    checked = trained.json_artifact(run_id, "evaluation/test/scores.json")["evidence"]
    assert [item["name"] for item in checked["conditions"]] == ["RAO"]
    assert checked["conditions"][0]["threshold"] is None
    assert checked["prediction_sets"] is None, "four images of a class on val are too few"
    assert any("No prediction sets" in sentence for sentence in checked["missing"])
    uri = f"{trained.only_run().info.artifact_uri}/evaluation/test/clinical_report.html"
    page = Path(mlflow.artifacts.download_artifacts(uri)).read_text()
    assert "The registered evidence on these images" in page
    assert "cannot be shown: 4 positives" in page


def test_an_evaluation_with_a_run_of_its_own_ends_that_run_and_links_the_report(
    trained: Program, finished_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored = finished_run.info
    job = trained.client.create_run(scored.experiment_id).info.run_id
    try:
        arguments = ("--run-id", scored.run_id, "--job-run-id", job, "--num-resamples", "100")
        assert trained.run_here(monkeypatch, "evaluate", *arguments) == 0
        run = trained.client.get_run(job)
    finally:
        trained.client.delete_run(job)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FINISHED", "completed")
    assert run.data.tags["fovea.evaluated_run"] == scored.run_id
    report = "evaluation/test/clinical_report.html"
    assert run.data.tags["fovea.report"] == report
    assert f"/runs/{scored.run_id}/artifacts/{report}" in run.data.tags["mlflow.note.content"]
    assert not [name for name in run.data.metrics if name.startswith("test")]
    assert "test/accuracy" in trained.client.get_run(scored.run_id).data.metrics


def test_an_evaluation_that_is_refused_ends_its_own_run_with_the_reason(
    trained: Program, finished_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = trained.client.create_run(finished_run.info.experiment_id).info.run_id
    try:
        arguments = ("--run-id", finished_run.info.run_id, "--job-run-id", job)
        assert trained.run_here(monkeypatch, "evaluate", *arguments, "--modality", "xray") == 1
        run = trained.client.get_run(job)
    finally:
        trained.client.delete_run(job)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FAILED", "error")
    assert "modality: 'xray' is not among the run's" in run.data.tags["fovea.message"]
    assert trained.only_run().info.status == "FINISHED"


def test_one_modality_with_augmentation_has_metrics_of_its_own(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate(trained, monkeypatch, "--modality", "fundus", "--tta") == 0
    run = trained.only_run()
    assert "test_fundus_tta/accuracy" in run.data.metrics
    scores = trained.json_artifact(run.info.run_id, "evaluation/test_fundus_tta/scores.json")
    assert "OCT_Normal" not in [entry["name"] for entry in scores["classes"]]


def test_the_registered_model_agrees_with_the_evaluation(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate(trained, monkeypatch) == 0
    mlflow.set_tracking_uri(trained.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/fovea-retinal/1")
    folder = trained.data / "test"
    correct = []
    for index, name in enumerate(sorted(CLASSES)):
        for path in sorted((folder / name).iterdir()):
            picture = np.asarray(Image.open(path).convert("RGB"))[None]
            correct.append(int(model.predict(picture)[0].argmax()) == index)
    measured = trained.only_run().data.metrics["test/accuracy"]
    assert np.mean(correct) == pytest.approx(measured, abs=1.5 / len(correct))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--modality", "xray"), "modality: 'xray' is not among the run's"),
        (("--patient-pattern", "("), "is no regular expression"),
        (("--patient-pattern", "abc"), "has no group"),
        (("--patient-pattern", "(abc)"), "does not match every file name"),
        (("--data", "/nowhere"), "There is no data folder /nowhere"),
        (("--split", "all"), "split"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_the_reason(
    trained: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert evaluate(trained, monkeypatch, *arguments) == 1
    assert message in capsys.readouterr().err


def training_metrics(program: Program) -> dict[str, list[tuple[int, float]]]:
    """The curves of every metric that a training writes."""
    run = program.only_run()
    names = [name for name in run.data.metrics if not name.startswith(("test", "system/"))]
    return {name: program.curve(run.info.run_id, name) for name in names}


def other_set(program: Program, name: str, *, classes: tuple[str, ...] = CLASSES) -> Path:
    """A test split alone, in which the names of two classes are exchanged."""
    folder = program.root / name
    exchanged = {CLASSES[1]: CLASSES[2], CLASSES[2]: CLASSES[1]}
    for class_name in classes:
        source = program.data / "test" / exchanged.get(class_name, class_name)
        shutil.copytree(source, folder / "test" / class_name)
    return folder


@pytest.mark.parametrize(
    ("arguments", "variant"),
    [
        (("--split", "val"), "test_on_val"),
        (("--split", "train", "--modality", "fundus"), "test_on_train_fundus"),
    ],
)
def test_no_evaluation_writes_the_metrics_of_the_training(
    trained: Program, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], variant: str
) -> None:
    before = training_metrics(trained)
    assert {"val/loss", "train/loss", "critical/RAO", "per_class/OCT_Normal"} <= set(before)
    assert evaluate(trained, monkeypatch, *arguments) == 0
    assert training_metrics(trained) == before
    assert f"{variant}/accuracy" in trained.only_run().data.metrics
    run_id = trained.only_run().info.run_id
    scores = trained.json_artifact(run_id, f"evaluation/{variant}/scores.json")
    assert not scores["methods"]["held_out"]


def test_another_data_set_has_metrics_and_artifacts_of_its_own(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate(trained, monkeypatch) == 0
    own = dict(trained.only_run().data.metrics)
    folder = other_set(trained, "other place")
    assert evaluate(trained, monkeypatch, "--data", str(folder)) == 0
    run = trained.only_run()
    assert {name: run.data.metrics[name] for name in own} == own
    added = set(run.data.metrics) - set(own)
    (variant,) = {name.removesuffix("/accuracy") for name in added if name.endswith("/accuracy")}
    assert re.fullmatch(r"test_on_other-place_[0-9a-f]{8}", variant)
    assert all(name.startswith(variant) for name in added)
    scores = trained.json_artifact(run.info.run_id, f"evaluation/{variant}/scores.json")
    assert scores["methods"]["held_out"]
    assert scores["calibration"]["temperature"] is not None, "from the run's own val"


def test_the_runs_own_data_set_keeps_its_names_when_it_is_given_explicitly(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(trained.only_run().data.metrics)
    assert evaluate(trained, monkeypatch, "--data", str(trained.data)) == 0
    added = set(trained.only_run().data.metrics) - before
    assert all(name.startswith(("test/", "test_per_class/", "test_critical")) for name in added)


def test_an_absent_class_has_no_score_and_ends_nothing(
    trained: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = other_set(trained, "no-rao", classes=(CLASSES[0], CLASSES[2]))
    assert evaluate(trained, monkeypatch, "--data", str(folder)) == 0
    run = trained.only_run()
    (accuracy,) = (
        name for name in run.data.metrics if re.match("test_on_no-rao_.*/accuracy", name)
    )
    variant = accuracy.removesuffix("/accuracy")
    scores = trained.json_artifact(run.info.run_id, f"evaluation/{variant}/scores.json")
    absent = next(entry for entry in scores["classes"] if entry["name"] == CLASSES[1])
    assert absent["support"] == 0
    assert absent["sensitivity"]["value"] is None
    assert scores["critical_conditions"][0]["verdict"] == "not_assessed"
    assert f"{variant}_per_class/{CLASSES[1]}" not in run.data.metrics


def test_a_run_is_evaluated_from_another_folder_and_without_its_validation_images(
    trained: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = other_set(trained, "alone")
    val = (trained.data / "val").rename(trained.root / "val elsewhere")
    run_id = trained.only_run().info.run_id
    try:
        with monkeypatch.context() as during:
            during.setattr(trained, "root", tmp_path)
            arguments = ("--run-id", run_id, "--num-resamples", "100")
            assert trained.run_here(during, "evaluate", *arguments) == 0
            assert trained.run_here(during, "evaluate", *arguments, "--data", str(folder)) == 0
    finally:
        val.rename(trained.data / "val")
    scores = trained.json_artifact(run_id, "evaluation/test/scores.json")
    assert scores["calibration"]["temperature"] is None


def test_skipped_and_seen_images_are_counted_in_metrics_console_and_report(
    trained: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    data = tmp_path / "clinic"
    shutil.copytree(trained.data / "test", data / "test")
    shutil.copy(trained.data / "train/Fundus_RAO/000.jpg", data / "test/Fundus_RAO/new.jpg")
    (data / "test/OCT_Normal/000.jpg").write_bytes(b"")
    arguments = ("--data", str(data), "--skip-bad-images")
    assert evaluate(trained, monkeypatch, *arguments) == 0
    run = trained.only_run()
    (name,) = [
        name for name in run.data.metrics if name.endswith("/skipped_images") and "clinic" in name
    ]
    variant = name.removesuffix("/skipped_images")
    assert run.data.metrics[name] == 1
    assert run.data.metrics[f"{variant}/images_trained_on"] == 1
    scores = trained.json_artifact(run.info.run_id, f"evaluation/{variant}/scores.json")
    assert scores["skipped_images"] == 1
    assert scores["seen_images"] == {"trained_on": 1, "chosen_with": 0}
    uri = f"{run.info.artifact_uri}/evaluation/{variant}/clinical_report.html"
    page = Path(mlflow.artifacts.download_artifacts(uri)).read_text()
    assert "The model was trained on 1 of these 12 images" in page
    assert "1 images could not be read" in page
    assert f"{variant}/skipped_images" in capsys.readouterr().out


def test_classes_that_the_run_was_not_trained_on_are_named(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = other_set(trained, "new class")
    shutil.copytree(folder / "test" / CLASSES[0], folder / "test" / "OCT_CSR")
    assert evaluate(trained, monkeypatch, "--data", str(folder)) == 1
    assert "classes that the run was not trained on: OCT_CSR" in capsys.readouterr().err


def test_an_evaluation_cannot_report_on_a_training(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = trained.only_run()
    client = trained.client
    experiment = before.info.experiment_id
    training = client.create_run(experiment, tags={"fovea.recipe": "retinal"}).info.run_id
    try:
        arguments = ("--run-id", before.info.run_id, "--job-run-id", training)
        assert trained.run_here(monkeypatch, "evaluate", *arguments) == 1
        assert "is a training, whose status" in capsys.readouterr().err
        assert client.get_run(training).info.status == "RUNNING"
    finally:
        client.delete_run(training)


def test_an_unknown_run_is_named(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained.run_here(monkeypatch, "evaluate", "--run-id", "abc") == 1
    assert "There is no run abc" in capsys.readouterr().err


def test_a_foreign_run_is_refused(
    trained: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    other = Program(tmp_path)
    experiment = other.client.create_experiment("other", artifact_location=str(tmp_path / "art"))
    run_id = other.client.create_run(experiment).info.run_id
    assert other.run_here(monkeypatch, "evaluate", "--run-id", run_id) == 1
    assert "not one that this program has trained" in capsys.readouterr().err


def test_images_of_one_patient_share_an_anonymous_number() -> None:
    paths = ("test/A/0017_OD_1.jpg", "test/B/0017_OS_2.jpg", "test/A/0018_OD_1.jpg")
    groups = patient_groups(paths, r"^(\d+)_")
    assert groups is not None
    assert torch.equal(groups, torch.tensor([0, 0, 1]))
    with pytest.raises(ConfigError):
        patient_groups(paths, r"^(\d+)-")
