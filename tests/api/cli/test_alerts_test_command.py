"""`fovea alerts test`: rules tested on a past run."""

import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from tests.api.cli.conftest import Fovea
from tests.servers import Server

RULES = """\
rules:
  - name: overfit
    metric: val/loss
    above: 2
  - name: nobody
    metric: val/nothing
    above: 1
"""


@pytest.fixture
def run_id(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    client = MlflowClient(server.url)
    run = client.create_run("0")
    now_ms = int(time.time() * 1000)
    values = {1: (1.0, 0.8), 2: (2.1, 0.8), 3: (3.0, 0.95), 4: (1.0, 0.95), 5: (1.0, 0.95)}
    metrics = [
        metric
        for step, (loss, sensitivity) in values.items()
        for metric in (
            Metric("val/loss", loss, now_ms, step),
            Metric("critical/Glaucoma", sensitivity, now_ms, step),
            Metric("critical_support/Glaucoma", 20, now_ms, step),
        )
    ]
    floors = Param("critical_thresholds", '{"Glaucoma": 0.9}')
    client.log_batch(run.info.run_id, metrics, [floors])
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def test_each_change_of_an_alert_is_a_line(
    fovea: Fovea, server: Server, run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    result = fovea(
        "alerts", "test", str(tmp_path / "rules.yaml"), "--run", run_id, "--url", server.url
    )
    assert result.code == 0
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [[line[0], *line[2:]] for line in lines] == [
        ["1", "Glaucoma", "critical", "critical/Glaucoma", "0.8", "0.9", "20", "0.584-0.919"],
        ["2", "overfit", "warning", "val/loss", "2.1", "2", "-", "-"],
        ["3", "overfit", "critical", "val/loss", "3", "2", "-", "-"],
        ["4", "Glaucoma", "resolved", "critical/Glaucoma", "0.95", "0.9", "20", "0.764-0.991"],
        ["5", "overfit", "resolved", "val/loss", "1", "2", "-", "-"],
    ]
    assert "2 alerts in 20 evaluations\n" in result.err
    assert "nobody: the run has no metric val/nothing" in result.err
    assert "Glaucoma: critical/Glaucoma was measured on too few cases" in result.err


def test_without_a_file_the_built_in_rules_are_tested(
    fovea: Fovea, server: Server, run_id: str
) -> None:
    result = fovea("alerts", "test", "--run", run_id[:12], "--url", server.url)
    assert result.code == 0
    assert {line.split("\t")[2] for line in result.out.splitlines()} == {"Glaucoma"}


def test_an_error_in_a_file_is_named(fovea: Fovea, server: Server, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules:\n  - name: a\n    metric: b\n    above: c\n")
    result = fovea("alerts", "test", str(tmp_path / "rules.yaml"), "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert "rules.yaml:4: above: " in result.err


def test_an_unknown_run_is_named(fovea: Fovea, server: Server) -> None:
    result = fovea("alerts", "test", "--run", "nobody", "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert "nobody" in result.err
