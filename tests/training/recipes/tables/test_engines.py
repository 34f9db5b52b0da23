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

_, _, action, model, work = sys.argv
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


def test_its_model_is_measured_and_not_registered(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    python = program.root / "python"
    python.write_text(ENGINE)
    python.chmod(0o700)
    monkeypatch.setenv("FOVEA_AUTOGLUON_PYTHON", str(python))
    assert program.run_here(monkeypatch, *arguments(program)) == 0
    selection = document(program, PipelineArtifact.SELECTION)
    assert (selection["engine"], selection["loss"]) == ("autogluon", 0.6)
    # It predicts the same for all rows.
    evaluation = document(program, PipelineArtifact.EVALUATION)
    assert evaluation["metrics"]["auroc_macro"]["value"] == pytest.approx(0.5)
    assert not program.client.search_registered_models()
    assert "not registered" in capfd.readouterr().out


def test_without_its_environment_the_table_is_not_even_read(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FOVEA_AUTOGLUON_PYTHON", raising=False)
    assert program.run_here(monkeypatch, *arguments(program)) == 1
    error = capfd.readouterr().err
    assert "Make an environment for it" in error
    assert "FOVEA_AUTOGLUON_PYTHON" in error
