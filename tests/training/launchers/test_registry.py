"""The launcher registry: the launchers that exist, and a new one that needs one line."""

from pathlib import Path

import pytest

from tests.training.program import Program
from training.config import LaunchConfig
from training.errors import ConfigError, LaunchError
from training.job import TrainingJob
from training.launchers.launcher import open_launcher
from training.launchers.registry import LAUNCHERS
from training.launchers.single import SingleLauncher
from training.outcome import TrainingOutcome
from training.recipes import registry as recipes
from training.settings import TrainingSettings


class EchoLauncher(SingleLauncher):
    """Trains in this process, and says so."""

    def train(
        self, job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings
    ) -> TrainingOutcome:
        print(f"Echo: {job.recipe}")
        return super().train(job, launch, settings)


def test_a_launcher_with_one_line_in_the_registry_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(LAUNCHERS, "echo", f"{__name__}:EchoLauncher")
    monkeypatch.setitem(recipes.RECIPES, "line", "tests.training.program_recipe:LineSpec")
    (tmp_path / "numbers.txt").write_text("1\n2\n")
    program = Program(tmp_path)
    data = ("--data", str(tmp_path / "numbers.txt"))
    assert (
        program.run_here(monkeypatch, "fit", "--recipe", "line", "--launcher", "echo", *data) == 0
    )
    assert "Echo: line" in capsys.readouterr().out
    assert program.only_run().info.status == "FINISHED"


@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_registered_launcher_can_be_opened(name: str) -> None:
    launcher = open_launcher(name)
    assert not launcher.is_remote(TrainingSettings(ray_address="", RAY_ADDRESS=""))


def test_an_unknown_launcher_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=f"{' or '.join(map(repr, LAUNCHERS))}, but 'slurm' came"):
        LaunchConfig.parse({"launcher": "slurm"})


def test_torchrun_without_its_processes_says_how_to_start_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    launcher = open_launcher("torchrun")
    with (
        pytest.raises(LaunchError, match="torchrun --nproc-per-node N"),
        launcher.peers(LaunchConfig(), TrainingSettings()),
    ):
        raise AssertionError("The launcher started without processes.")
