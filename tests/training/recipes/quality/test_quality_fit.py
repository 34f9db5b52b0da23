"""`fit --recipe quality`: trains, registers a model that serving recognises, and is evaluated."""

from pathlib import Path

import mlflow
import numpy as np
import pytest

from tests.training.data.images import make_folder
from tests.training.program import TINY, Program
from training.recipes.quality.classes import CLASSES


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("quality"))
    counts = {"train": 10, "val": 10, "test": 5}
    make_folder(program.root / "data", counts, classes=("photographs",))
    with pytest.MonkeyPatch.context() as monkeypatch:
        arguments = ("--recipe", "quality", "--launcher", "single", "--data", str(program.data))
        assert program.run_here(monkeypatch, "fit", *arguments, *TINY) == 0
    return program


def test_the_run_has_the_classes_of_quality(program: Program) -> None:
    run = program.only_run()
    assert run.info.status == "FINISHED"
    assert run.data.tags["fovea.recipe"] == "quality"
    assert run.data.params["train_images"] == "20"
    assert {f"per_class/{name}" for name in CLASSES} <= set(run.data.metrics)
    assert run.data.metrics["critical_support/not_gradable"] == 10
    evidence = program.json_artifact(run.info.run_id, "evidence/evidence.json")
    assert evidence["num_samples"] == 20
    assert [condition["name"] for condition in evidence["conditions"]] == ["not_gradable"]


def test_the_registered_model_says_that_it_is_one_of_quality(program: Program) -> None:
    mlflow.set_tracking_uri(program.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/fovea-quality/1")
    settings = model.metadata.flavors["python_function"]["config"]
    assert settings["recipe"] == "quality"
    assert settings["classes"] == list(CLASSES)
    assert settings["classes"][0] == "gradable"
    pictures = np.zeros((2, 40, 50, 3), np.uint8)
    assert model.predict(pictures).shape == (2, len(CLASSES))


def test_the_degraded_copies_of_the_test_split_are_scored(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = program.only_run().info.run_id
    arguments = ("evaluate", "--run-id", run_id, "--num-resamples", "100")
    assert program.run_here(monkeypatch, *arguments) == 0
    run = program.only_run()
    assert run.data.metrics["test_critical_support/not_gradable"] == 5
    scores = program.json_artifact(run_id, "evaluation/test/scores.json")
    assert scores["num_images"] == 10
    assert scores["evidence"] is not None
