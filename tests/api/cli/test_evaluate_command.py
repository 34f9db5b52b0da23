"""`fovea evaluate`: the server scores a run, the command follows the job and links to the report."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from api.client import FoveaClient
from tests.api.cli.conftest import Fovea
from tests.api.client.fake_ray import REPORT_PATH, TrainingServer
from tests.waiting import DEADLINE_S, until
from tracking_plugin.mlflow_links import run_link
from tracking_plugin.names import RunStatus


@pytest.fixture
def run_id(trainer: TrainingServer) -> str:
    """The run of a model."""
    return str(MlflowClient(trainer.url).create_run("0").info.run_id)


def test_an_evaluation_is_followed_to_its_report(
    fovea: Fovea, trainer: TrainingServer, run_id: str, tmp_path: Path
) -> None:
    result = fovea(
        *("evaluate", run_id[:16], "--split", "val", "--modality", "oct", "--tta"),
        *("--data", str(tmp_path), "--url", trainer.url),
    )

    assert result.code == 0, result.err
    assert "status completed" in result.out
    assert result.out.splitlines()[-2:] == [
        f"Report:    {run_link(trainer.url, '0', run_id, REPORT_PATH)}",
        f"Dashboard: {trainer.url}/monitor/#/runs/{run_id}",
    ]
    job_id = result.err.split()[2].rstrip(";")
    words = trainer.ray.entrypoints[job_id].split()
    assert {f"--run-id={run_id}", "--split=val", "--modality=oct", "--tta"} < set(words)
    assert f"--data={tmp_path}" in words


def test_a_stopped_evaluation_is_no_success(
    fovea: Fovea, trainer: TrainingServer, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.ray, "last_step", None)
    detached = fovea("evaluate", run_id, "--detach", "--url", trainer.url)
    assert (detached.code, detached.err) == (0, "")
    job_id = detached.out.strip()
    with FoveaClient(trainer.url) as client:
        until(lambda: client.job(job_id).status is RunStatus.TRAINING, "its start")
        client.stop(job_id, timeout_s=DEADLINE_S)

    watched = fovea("watch", job_id, "--url", trainer.url)

    assert watched.code == 3
    assert "Report:" not in watched.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Missing argument"),
        (["no-such-run"], 1, "has the id or the name 'no-such-run'"),
        (["f" * 32], 1, "f" * 32),
    ],
)
def test_a_run_that_cannot_be_evaluated_is_named(
    fovea: Fovea, trainer: TrainingServer, arguments: list[str], code: int, message: str
) -> None:
    result = fovea("evaluate", *arguments, "--url", trainer.url)

    assert (result.code, result.out) == (code, "")
    assert message in result.err
