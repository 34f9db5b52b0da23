"""The pipeline of a table that needs more memory than the limit."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from tests.tracking_plugin.control_server import ControlServer
from tests.training.controlled import controlled
from tests.training.program import Program
from tests.training.tables.large.made_files import star_table, written
from tests.waiting import until
from tracking_plugin.control_messages import Desired
from tracking_plugin.names import PipelineArtifact, PipelineMetric, PipelineStage
from training import program as program_module
from training.tables.target import RANK_UNDECIDED

NUM_ROWS = 150_000
LIMIT_BYTES = 2 * 2**20
ANSWERS = f'{{"target": "disposition", "undecided_labels": "{RANK_UNDECIDED}"}}'
BOOSTER = ("--learners", "xgboost", "--hyperparameters")


@pytest.fixture(scope="module")
def stars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 10 MB of text."""
    return written(star_table(NUM_ROWS), tmp_path_factory.mktemp("stars") / "stars.csv")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("FOVEA_TABLE_MEMORY_BYTES", str(LIMIT_BYTES))
    return Program(tmp_path)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    with controlled(monkeypatch, program_module) as server:
        yield server


def arguments(path: Path, *more: str) -> tuple[str, ...]:
    common = ("fit", "--recipe", "tables", "--launcher", "single", "--budget-s", "60")
    return (*common, "--data", str(path), "--answers", ANSWERS, *more)


def pipeline_run(program: Program) -> Run:
    (run,) = [run for run in program.runs() if "mlflow.parentRunId" not in run.data.tags]
    return run


def document(program: Program, artifact: PipelineArtifact) -> Any:
    return program.json_artifact(pipeline_run(program).info.run_id, artifact)


def test_a_large_file_passes_the_same_stages_to_a_model_that_predicts(
    program: Program,
    stars: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert stars.stat().st_size > 8e6
    more = (*BOOSTER, '{"n_estimators": 15, "learning_rate": 0.3, "max_depth": 4}')
    assert program.run_here(monkeypatch, *arguments(stars, *more, "--register-as", "stars")) == 0

    run = pipeline_run(program)
    assert (run.info.status, run.data.params["num_rows"]) == ("FINISHED", str(NUM_ROWS))
    stages = program.curve(run.info.run_id, PipelineMetric.STAGE)
    assert [value for _, value in stages] == [float(stage.number) for stage in PipelineStage]

    analysis = document(program, PipelineArtifact.ANALYSIS)
    assert analysis["sample"]["num_sampled"] < analysis["sample"]["num_rows"] == NUM_ROWS
    assert analysis["group"]["column"] == "star"
    (leak,) = document(program, PipelineArtifact.LEAKS)["leaks"]
    assert (leak["column"], leak["left_out"]) == ("vetting", True)
    columns = document(program, PipelineArtifact.PROCESSING)
    assert set(columns["features"]) == {"depth", "size", "kind"}
    assert set(columns["left_out"]) == {"star", "vetting", "disposition"}

    selection = document(program, PipelineArtifact.SELECTION)
    assert selection["selected_models"] == ["xgboost"]
    said = capfd.readouterr().out
    assert "Only XGBoost is trained" in said
    assert all(sentence in said for sentence in selection["left_out"])
    evaluation = document(program, PipelineArtifact.EVALUATION)
    assert 0.75 < evaluation["holdout_score"]["value"] < 0.95
    assert evaluation["num_rows"] > 0.15 * NUM_ROWS

    model = mlflow.pyfunc.load_model("models:/stars@champion")
    answer = model.predict(pd.DataFrame({"depth": [-3.0, 3.0], "size": 0.0, "kind": "kind 2"}))
    assert list(answer["label"]) == ["FALSE POSITIVE", "CONFIRMED"]
    shown = document(program, PipelineArtifact.PREDICTIONS)
    assert np.mean([row["prediction"] == row["actual"] for row in shown]) > 0.75
    assert max(row["row"] for row in shown) > len(shown)
    assert not list((program.root / "fovea").glob("work/*"))


def test_a_stop_between_rounds_keeps_the_rounds_so_far(
    program: Program, server: ControlServer, stars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_in_training() -> None:
        stage = float(PipelineStage.MODEL_TRAINING.number)
        until(
            lambda: any(
                run.data.metrics.get(PipelineMetric.STAGE) == stage for run in program.runs()
            ),
            "boosting",
        )
        server.set_desired(Desired.STOPPED)

    stopping = threading.Thread(target=stop_in_training)
    stopping.start()
    more = (*BOOSTER, '{"n_estimators": 20000, "learning_rate": 0.001}', "--budget-s", "5000")
    assert program.run_here(monkeypatch, *arguments(stars, *more, "--register-as", "early")) == 0
    stopping.join()
    run = pipeline_run(program)
    assert run.data.tags["fovea.status"] == "stopped"
    selection = document(program, PipelineArtifact.SELECTION)
    assert selection["was_stopped"] is True
    assert 0 < selection["report"]["rounds"] < 20_000
    version = program.client.get_model_version_by_alias("early", "champion")
    assert version.run_id == run.info.run_id


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--learners", "linear"), "only xgboost can be trained"),
        (("--date", "size"), "not divided by time"),
        (("--engine", "autogluon"), "autogluon cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_refused(
    program: Program,
    stars: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    message: str,
) -> None:
    assert program.run_here(monkeypatch, *arguments(stars, *more)) == 1
    assert message in capfd.readouterr().err
