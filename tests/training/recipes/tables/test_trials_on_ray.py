"""A whole selection inside a worker of Ray Train, with its trials as Ray tasks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.program import Program
from tracking_plugin.names import PipelineArtifact


@pytest.mark.soak
def test_a_selection_on_ray_registers_a_model(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    size = draw.normal(size=120).round(2)
    label = np.where(size + draw.normal(size=120) > 0, "large", "small")
    path = tmp_path / "t.csv"
    pd.DataFrame({"size": size, "weight": draw.normal(size=120), "label": label}).to_csv(
        path, index=False
    )
    program = Program(tmp_path)
    output = program.finish(
        *("fit", "--recipe", "tables", "--launcher", "ray", "--trials", "ray"),
        *("--data", str(path), "--answers", '{"target": "label"}'),
        *("--learners", "linear", "--budget-s", "20"),
    )
    assert "Trials are tasks on Ray" in output
    run = next(it for it in program.runs() if "mlflow.parentRunId" not in it.data.tags)
    assert run.info.status == "FINISHED"
    selection = program.json_artifact(run.info.run_id, PipelineArtifact.SELECTION)
    finished = {it["learner"] for it in selection["candidates"] if it["status"] == "finished"}
    assert finished == {"linear"}
    (model,) = program.client.search_registered_models()
    assert str(model.aliases["champion"]) == "1"
