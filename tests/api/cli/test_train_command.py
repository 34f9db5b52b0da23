"""`fovea train`: the server trains, the command follows the run and ends with it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from api.client import FoveaClient
from tests.api.cli.conftest import FOVEA, Fovea
from tests.api.client.fake_ray import TrainingServer
from tests.waiting import until
from tracking_plugin.names import RunStatus


def test_a_training_is_followed_until_it_completes(
    fovea: Fovea, trainer: TrainingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = fovea(
        *("train", "--recipe", "retinal", "--data", "pictures", "--workers", "2"),
        *("--param", "epochs=3", "--param", "compile=true"),
        *("--experiment-name", "from the terminal", "--url", trainer.url),
    )

    assert result.code == 0, result.err
    assert "status completed" in result.out
    run_id = result.err.split()[2].rstrip(";")
    entrypoint = trainer.ray.entrypoints[run_id]
    assert "--workers 2" in entrypoint
    assert f"--data={tmp_path / 'pictures'} --epochs=3 --compile" in entrypoint
    with FoveaClient(trainer.url) as client:
        (run,) = client.runs(experiment="from the terminal").entries
    assert run.run_id == run_id


def test_detach_prints_only_the_id_of_the_run(fovea: Fovea, trainer: TrainingServer) -> None:
    result = fovea("train", "--detach", "--url", trainer.url)

    assert (result.code, result.err) == (0, "")
    run_id = result.out.strip()
    until(lambda: run_id in trainer.ray.entrypoints, "its job")


def test_ctrl_c_leaves_the_training_running_and_prints_how_to_stop_it(
    fovea: Fovea, trainer: TrainingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.ray, "last_step", None)
    process = subprocess.Popen(
        [str(FOVEA), "train", "--url", trainer.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )
    assert process.stdout is not None
    assert any("status training" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    run_id = errors.split()[2].rstrip(";")
    assert process.returncode == 130
    assert f"`fovea stop {run_id[:8]}` stops it" in errors
    assert "Traceback" not in errors
    with FoveaClient(trainer.url) as client:
        assert client.job(run_id).status is RunStatus.TRAINING

    assert fovea("stop", run_id, "--url", trainer.url, "--timeout", "60").code == 0
    watched = fovea("watch", run_id, "--url", trainer.url)
    assert watched.code == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "fundus"], "--recipe fundus: the server has no such recipe"),
        (["--param", "epochs=many"], "--param epochs: expected a whole number"),
        # Only the server checks the range.
        (["--param", "epochs=0"], "body.params.epochs: 0 is less than the minimum of 1"),
    ],
)
def test_a_refused_training_is_one_sentence(
    fovea: Fovea, trainer: TrainingServer, arguments: list[str], message: str
) -> None:
    before = len(trainer.ray.entrypoints)

    result = fovea("train", *arguments, "--url", trainer.url)

    assert result.code == 1
    assert message in result.err
    assert result.err.count("\n") == 1
    assert len(trainer.ray.entrypoints) == before
