"""The pipeline with another engine, which a stand-in for its interpreter plays."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training.program import Program
from tracking_plugin.names import PipelineArtifact

ENGINE = f"""#!{sys.executable}
import json, sys
from pathlib import Path
import numpy as np

_, _, engine, action, model, work = sys.argv
assert engine == "autogluon"
model, work = Path(model), Path(work)
if action == "fit":
    model.mkdir()
    targets = np.load(work / "targets.npy")
    np.save(model / "shares.npy", np.bincount(targets.astype(int)) / len(targets))
    report = {{"version": "1.0", "metric": "log_loss", "score": 0.6}}
else:
    rows = np.load(work / "rows.npy")
    np.save(work / "predictions.npy", np.tile(np.load(model / "shares.npy"), (len(rows), 1)))
    report = {{}}
(work / "report.json").write_text(json.dumps(report))
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    draw = np.random.default_rng(2)
    size = draw.normal(size=120).round(2)
    label = np.where(size + draw.normal(size=120) > 0, "large", "small")
    pd.DataFrame({"size": size, "weight": draw.normal(size=120), "label": label}).to_csv(
        tmp_path / "t.csv", index=False
    )
    return Program(tmp_path)


def arguments(program: Program) -> tuple[str, ...]:
    common = ("fit", "--recipe", "tables", "--launcher", "single", "--engine", "autogluon")
    path = str(program.root / "t.csv")
    return (*common, "--data", path, "--answers", '{"target": "label"}', "--budget-s", "5")


def document(program: Program, artifact: PipelineArtifact) -> Any:
    return program.json_artifact(program.only_run().info.run_id, artifact)


@pytest.fixture
def _engine(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    python = program.root / "python"
    python.write_text(ENGINE)
    python.chmod(0o700)
    monkeypatch.setenv("FOVEA_AUTOGLUON_PYTHON", str(python))


@pytest.mark.usefixtures("_engine")
def test_its_model_is_measured_and_not_registered(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert program.run_here(monkeypatch, *arguments(program)) == 0
    selection = document(program, PipelineArtifact.SELECTION)
    assert (selection["engine"], selection["loss"]) == ("autogluon", 0.6)
    # It predicts the same for all rows.
    evaluation = document(program, PipelineArtifact.EVALUATION)
    assert evaluation["metrics"]["auroc_macro"]["value"] == pytest.approx(0.5)
    assert not program.client.search_registered_models()
    assert "not registered" in capfd.readouterr().out
    deployment = document(program, PipelineArtifact.DEPLOYMENT)
    assert (deployment["model_name"], deployment["version"]) == (None, None)
    assert deployment["input_columns"] == ["size", "weight"]
    assert "train without an engine" in deployment["reason"]
    predictions = document(program, PipelineArtifact.PREDICTIONS)
    assert len(predictions) == evaluation["num_rows"]
    assert predictions[0]["actual"] in ("large", "small")
    assert sum(predictions[0]["probabilities"].values()) == pytest.approx(1)
    assert predictions[0]["contributions"] == {}


@pytest.mark.usefixtures("_engine")
def test_its_model_predicts_a_second_table(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = program.root / "second.csv"
    second.write_text("weight,label,size\n0.5,small,1.5\n0.1,large,2\n")
    assert program.run_here(monkeypatch, *arguments(program), "--test-data", str(second)) == 0
    predictions = document(program, PipelineArtifact.PREDICTIONS)
    assert [it["actual"] for it in predictions] == ["small", "large"]
    assert document(program, PipelineArtifact.TEST_EVALUATION)["num_rows"] == 2


def test_without_its_environment_the_table_is_not_even_read(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FOVEA_AUTOGLUON_PYTHON", raising=False)
    assert program.run_here(monkeypatch, *arguments(program)) == 1
    error = capfd.readouterr().err
    assert "Make an environment for it" in error
    assert "FOVEA_AUTOGLUON_PYTHON" in error
