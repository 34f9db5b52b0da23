"""Without a Fovea server every example trains to its end, with one warning."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.api.plain_mlflow import plain_mlflow_server
from tests.examples.catalogue import (
    ALL_EXAMPLES,
    DDP,
    EXAMPLES,
    LOOP,
    OF_TRAINERS,
    XGBOOST,
    Example,
)
from tests.examples.run_example import EXIT_DEADLINE_S, FEW_THREADS, runs
from tests.mlflow_database import new_store

pytestmark = pytest.mark.timeout(600)


def output_of(example: Example, work_dir: Path, **environment: str) -> str:
    """Run the example to its end, and return its output."""
    process = subprocess.run(
        example.command(example.short),
        env={**os.environ, **FEW_THREADS, **environment},
        cwd=work_dir,
        capture_output=True,
        text=True,
        timeout=2 * EXIT_DEADLINE_S,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout + process.stderr


def assert_finished(client: MlflowClient, example: Example) -> None:
    (run,) = runs(client)
    assert run.info.status == "FINISHED"
    assert example.logged_last in run.data.metrics
    assert len(client.get_metric_history(run.info.run_id, example.metric)) == 12


def test_every_example_is_in_the_catalogue() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        example.script for example in ALL_EXAMPLES
    }


@pytest.mark.parametrize(
    "example",
    [LOOP, XGBOOST, DDP, *(pytest.param(it, marks=pytest.mark.soak) for it in OF_TRAINERS)],
    ids=str,
)
def test_it_trains_to_its_end_without_a_server(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = new_store(tmp_path)

    output = output_of(example, tmp_path)

    assert len(re.findall("No control of run", output)) == 1, output
    assert_finished(MlflowClient(store), example)


def test_it_trains_to_its_end_on_an_mlflow_server_without_fovea(tmp_path: Path) -> None:
    with plain_mlflow_server(tmp_path / "server") as url:
        output = output_of(LOOP, tmp_path, MLFLOW_TRACKING_URI=url)

        assert len(re.findall("No control from", output)) == 1, output
        assert_finished(MlflowClient(url), LOOP)
