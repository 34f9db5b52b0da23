"""`fovea train`: the server trains, the command follows it and ends as it does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.client import FoveaClient
from tests.api.cli.conftest import Fovea
from tests.api.client.fake_ray import TrainingServer
from tests.waiting import until
from tracking_plugin.names import RunStatus


def test_a_training_is_followed_until_it_completes(
    fovea: Fovea, trainer: TrainingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ended = fovea(
        *("train", "--recipe", "retinal", "--data", "pictures", "--workers", "2"),
        *("--param", "epochs=3", "--param", "compile=true"),
        *("--experiment-name", "from the terminal", "--url", trainer.url),
    )

    assert ended.code == 0, ended.err
    assert "status completed" in ended.out
    run_id = ended.err.split()[2].rstrip(";")
    entrypoint = trainer.ray.entrypoints[run_id]
    assert "--workers 2" in entrypoint
    assert f"--data={tmp_path / 'pictures'} --epochs=3 --compile" in entrypoint
    with FoveaClient(trainer.url) as client:
        (run,) = client.runs(experiment="from the terminal").entries
    assert run.run_id == run_id


def test_a_detached_training_is_its_id(fovea: Fovea, trainer: TrainingServer) -> None:
    ended = fovea("train", "--detach", "--url", trainer.url)

    assert (ended.code, ended.err) == (0, "")
    run_id = ended.out.strip()
    until(lambda: run_id in trainer.ray.entrypoints, "its job")


def test_ctrl_c_leaves_the_training_running_and_says_how_to_stop_it(
    fovea: Fovea, trainer: TrainingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.ray, "last_step", None)
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "fovea"), "train", "--url", trainer.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )
    assert process.stdout is not None
    assert any("status training" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    run_id = said.split()[2].rstrip(";")
    assert process.returncode == 130
    assert f"`fovea stop {run_id[:8]}` stops it" in said
    assert "Traceback" not in said
    with FoveaClient(trainer.url) as client:
        assert client.job(run_id).status is RunStatus.TRAINING

    assert fovea("stop", run_id, "--url", trainer.url, "--timeout", "60").code == 0
    watched = fovea("watch", run_id, "--url", trainer.url)
    assert watched.code == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "fundus"], "--recipe fundus: the server has no such recipe"),
        (["--param", "epochs=many"], "--param epochs: a whole number was expected"),
        # What only the server knows, it says.
        (["--param", "epochs=0"], "body.params.epochs: 0 is less than the minimum of 1"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    fovea: Fovea, trainer: TrainingServer, arguments: list[str], message: str
) -> None:
    before = len(trainer.ray.entrypoints)

    ended = fovea("train", *arguments, "--url", trainer.url)

    assert ended.code == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert len(trainer.ray.entrypoints) == before
