"""The pipeline of tables, from the file to predictions of the registered model."""

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
from tests.waiting import until
from tracking_plugin.control_messages import Desired, Observed
from tracking_plugin.names import PipelineArtifact, PipelineMetric, PipelineStage
from training import program as program_module
from training.tables.target import RANK_UNDECIDED

QUICK = ("--learners", "linear", "--hyperparameters", '{"C": 0.5}')
"""One trial, which takes as long as it needs."""
TWO_CLASSES = "x,diagnosis\n" + "".join(
    f"{at / 7},{'ill' if at % 2 else 'well'}\n" for at in range(60)
)
CLASSES = ["ill", "unsure", "well"]


def patients(num_patients: int = 60, visits: int = 3) -> pd.DataFrame:
    """Several visits of each patient; `verdict` gives the diagnosis away, `site` is a category."""
    draw = np.random.default_rng(3)
    num_rows = num_patients * visits
    patient = np.repeat(np.arange(num_patients), visits)
    pressure = draw.normal(130, 15, num_rows).round(1)
    risk = (pressure - 130) / 15 + draw.normal(0, 0.6, num_patients)[patient]
    codes = np.digitize(risk, [-0.3, 0.4])
    labels = np.array(["well", "unsure", "ill"])[codes]
    return pd.DataFrame(
        {
            "patient_id": [f"P{number:04d}" for number in patient],
            "pressure": pressure,
            "weight[1]": draw.normal(70, 10, num_rows).round(1),
            "site": draw.choice(["north", "south"], num_rows),
            "verdict": codes,
            "diagnosis": labels,
        }
    )


def arguments(path: Path, *more: str) -> tuple[str, ...]:
    sentence = "Predict the diagnosis of each visit"
    common = ("fit", "--recipe", "tables", "--launcher", "single", "--data", str(path))
    return (*common, "--description", sentence, *more)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path)
    patients().to_csv(tmp_path / "visits.csv", index=False)
    return program


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    with controlled(monkeypatch, program_module) as server:
        yield server


def pipeline_run(program: Program) -> Run:
    (run,) = [run for run in program.runs() if "mlflow.parentRunId" not in run.data.tags]
    return run


def candidate_runs(program: Program) -> list[Run]:
    return [run for run in program.runs() if "mlflow.parentRunId" in run.data.tags]


def document(program: Program, artifact: PipelineArtifact) -> Any:
    return program.json_artifact(pipeline_run(program).info.run_id, artifact)


def test_a_file_becomes_a_registered_model_with_its_evidence(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program.root / "visits.csv"
    more = ("--learners", "linear,hist_gradient_boosting", "--budget-s", "15")
    assert program.run_here(monkeypatch, *arguments(path, *more, "--register-as", "visits")) == 0

    run = pipeline_run(program)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FINISHED", "completed")
    stages = program.curve(run.info.run_id, PipelineMetric.STAGE)
    assert [value for _, value in stages] == [float(stage.number) for stage in PipelineStage]
    percents = [value for _, value in program.curve(run.info.run_id, "pipeline/progress_percent")]
    assert percents == sorted(percents)
    assert percents[-1] == 100

    analysis = document(program, PipelineArtifact.ANALYSIS)
    assert analysis["target"]["column"] == "diagnosis"
    assert analysis["group"]["column"] == "patient_id"
    (leak,) = document(program, PipelineArtifact.LEAKS)["leaks"]
    assert (leak["column"], leak["left_out"]) == ("verdict", True)
    assert leak["score_with"] > leak["score_without"]
    columns = document(program, PipelineArtifact.PROCESSING)
    assert columns["features"] == ["pressure", "weight[1]", "site"]

    evaluation = document(program, PipelineArtifact.EVALUATION)
    holdout, selection = evaluation["holdout_score"], evaluation["selection_score"]
    assert holdout["metric"] == selection["metric"] == "macro_f1"
    assert holdout["interval"][0] < holdout["value"] < holdout["interval"][1]
    assert run.data.metrics["holdout/macro_f1"] == holdout["value"]

    candidates = candidate_runs(program)
    assert {run.data.params["learner"] for run in candidates} == {
        "linear",
        "hist_gradient_boosting",
    }
    ended = {run.info.status for run in candidates}
    # The budget ends the last one.
    assert ended <= {"FINISHED", "KILLED"}
    assert document(program, PipelineArtifact.SELECTION)["selected_models"]

    model = mlflow.pyfunc.load_model("models:/visits@champion")
    answer = model.predict(patients().drop(columns=["diagnosis", "verdict"]).head(5))
    assert set(answer["label"]) <= set(CLASSES)
    shown = document(program, PipelineArtifact.PREDICTIONS)
    assert {row["actual"] for row in shown} <= set(CLASSES)


def test_rows_of_a_patient_are_never_in_two_parts(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program.root / "visits.csv"
    assert program.run_here(monkeypatch, *arguments(path, *QUICK)) == 0
    shown = document(program, PipelineArtifact.PREDICTIONS)
    of_patient = patients()["patient_id"]
    held_out = [of_patient[row["row"] - 1] for row in shown]
    assert all(held_out.count(patient) == 3 for patient in held_out)


def test_undecided_rows_are_ranked_instead_of_learned(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = patients()
    table["diagnosis"] = table["diagnosis"].replace("unsure", "CANDIDATE")
    path = program.root / "candidates.csv"
    table.to_csv(path, index=False)
    answers = f'{{"undecided_labels": "{RANK_UNDECIDED}"}}'
    assert program.run_here(monkeypatch, *arguments(path, *QUICK, "--answers", answers)) == 0
    ranked = document(program, PipelineArtifact.RANKED)
    assert len(ranked) == (table["diagnosis"] == "CANDIDATE").sum()
    assert {row["label"] for row in ranked} == {"CANDIDATE"}
    probabilities = [row["probability"] for row in ranked]
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_kept_column_is_trained_on_and_on_record(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = '[{"column": "verdict", "who": "Dr. A", "why": "known before the visit"}]'
    path = program.root / "visits.csv"
    assert program.run_here(monkeypatch, *arguments(path, *QUICK, "--overrides", kept)) == 0
    (leak,) = document(program, PipelineArtifact.LEAKS)["leaks"]
    assert leak["override"]["who"] == "Dr. A"
    assert "verdict" in document(program, PipelineArtifact.PROCESSING)["features"]


def test_a_chosen_model_is_trained_with_its_hyperparameters_and_predicts_a_second_table(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients(4).to_csv(program.root / "new.csv", index=False)
    more = (*QUICK, "--test-data", str(program.root / "new.csv"), "--register-as", "chosen")
    path = program.root / "visits.csv"
    assert program.run_here(monkeypatch, *arguments(path, *more)) == 0
    (candidate,) = candidate_runs(program)
    assert candidate.data.params["C"] == "0.5"
    shown = document(program, PipelineArtifact.PREDICTIONS)
    assert [row["row"] for row in shown] == list(range(1, 13))
    assert all(row["contributions"] for row in shown)
    assert [row["actual"] for row in shown] == list(patients(4)["diagnosis"])
    measured = document(program, PipelineArtifact.TEST_EVALUATION)
    right = sum(row["prediction"] == row["actual"] for row in shown)
    assert (measured["num_rows"], measured["metrics"]["accuracy"]["value"]) == (12, right / 12)

    patients(2).drop(columns="diagnosis").to_csv(path, index=False)
    assert program.run_here(monkeypatch, *arguments(path, "--pretrained", "chosen")) == 0
    newest = program.runs()[0].info.run_id
    again = program.json_artifact(newest, PipelineArtifact.PREDICTIONS)
    model = mlflow.pyfunc.load_model("models:/chosen@champion")
    answer = model.predict(patients(2).drop(columns="diagnosis"))
    assert [row["prediction"] for row in again] == list(answer["label"])


def test_a_second_table_with_other_columns_is_refused_before_the_training(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    second = program.root / "new.csv"
    patients(4).rename(columns={"pressure": "presure"}).to_csv(second, index=False)
    path = program.root / "visits.csv"
    more = (*QUICK, "--test-data", str(second), "--register-as", "none")
    assert program.run_here(monkeypatch, *arguments(path, *more)) == 1
    said = capfd.readouterr()
    assert "'pressure' is absent. The table has 'presure'" in said.err
    assert "Traceback" not in said.err
    assert "model selection" not in said.out
    assert not candidate_runs(program)
    assert not program.client.search_registered_models()


def test_a_class_with_one_row_and_one_that_a_fold_lacks_do_not_vanish(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    letters = "abcdefghijklmnopqrstuvwxy"
    path = program.root / "letters.csv"
    lines = [f"{at % 11},{at % 7},{letters[at % len(letters)]}" for at in range(100)]
    path.write_text("\n".join(["x,y,diagnosis", *lines, "3,4,z"]))
    assert program.run_here(monkeypatch, *arguments(path, *QUICK)) == 0
    assert "The class 'z' has 1 row" in capfd.readouterr().out
    report = document(program, PipelineArtifact.EVALUATION)
    assert [it["name"] for it in report["classes"]] == [*letters, "z"]
    assert report["confusion"]["classes"] == [*letters, "z"]
    unseen = [it["name"] for it in report["classes"] if not it["support"]]
    assert all(it["f1"]["value"] is None for it in report["classes"] if it["name"] in unseen)


def test_a_model_that_is_not_registered_cannot_predict(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = program.root / "visits.csv"
    assert program.run_here(monkeypatch, *arguments(path, "--pretrained", "nothing")) == 1
    error = capfd.readouterr().err
    assert "there is none called 'nothing'" in error
    assert "Traceback" not in error


def test_a_stop_keeps_the_best_model_so_far(
    program: Program, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_after_a_candidate() -> None:
        until(lambda: len(candidate_runs(program)) > 1, "two candidates")
        server.set_desired(Desired.STOPPED)

    stopping = threading.Thread(target=stop_after_a_candidate)
    stopping.start()
    more = ("--budget-s", "250", "--learners", "linear,hist_gradient_boosting")
    path = program.root / "visits.csv"
    assert program.run_here(monkeypatch, *arguments(path, *more, "--register-as", "early")) == 0
    stopping.join()
    run = pipeline_run(program)
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    assert server.last_report is not None
    assert server.last_report.observed is Observed.STOPPING
    assert document(program, PipelineArtifact.SELECTION)["was_stopped"] is True
    version = program.client.get_model_version_by_alias("early", "champion")
    assert version.run_id == run.info.run_id


@pytest.mark.parametrize(
    ("content", "more", "message"),
    [
        ("a,b\n", (), "Expected"),
        ("", (), "the file is empty"),
        (
            "x,diagnosis\n1,ill\n2,ill\n3,ill\n",
            ("--answers", '{"target": "diagnosis"}'),
            "at least two classes",
        ),
        ("x,y\n1,2\n3,4\n5,6\n", (), "Expected at least 10 rows"),
        ("x,y\n1,2\n3,4\n5,6\n", ("--answers", '{"target": "z"}'), "z"),
        ("x,diagnosis\n1,ill\n2,well\n", ("--learners", "magic"), "there is no 'magic'"),
        (
            "x,diagnosis\n1,ill\n2,well\n",
            ("--learners", "linear", "--hyperparameters", '{"C": -1}'),
            "C",
        ),
        (
            "x,diagnosis\n1,ill\n2,well\n",
            ("--learners", "linear", "--hyperparameters", '{"unknown": 1}'),
            "unknown",
        ),
        (TWO_CLASSES, ("--trials", "ray"), "training on Ray"),
    ],
)
def test_what_cannot_be_learned_from_is_named_without_a_traceback(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    content: str,
    more: tuple[str, ...],
    message: str,
) -> None:
    path = program.root / "bad.csv"
    path.write_text(content)
    assert program.run_here(monkeypatch, *arguments(path, *more)) == 1
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list((program.root / "fovea").glob("work/*"))
