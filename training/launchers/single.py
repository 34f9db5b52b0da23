"""Trains in this process alone."""

from contextlib import AbstractContextManager, nullcontext

from training.config import LaunchConfig
from training.job import TrainingJob
from training.launchers.launcher import Alone, Peers
from training.outcome import TrainingOutcome
from training.rank import run_rank
from training.settings import TrainingSettings


class SingleLauncher:
    """Implements `training.launchers.launcher.Launcher`."""

    def peers(
        self, launch: LaunchConfig, settings: TrainingSettings
    ) -> AbstractContextManager[Peers]:
        return nullcontext(Alone())

    def is_remote(self, settings: TrainingSettings) -> bool:
        return False

    def decide_gpu(self, launch: LaunchConfig, settings: TrainingSettings) -> bool:
        # Recipes without the torch loop train without torch.
        from training.process import decide_gpu  # noqa: PLC0415

        return decide_gpu(launch.gpus)

    def train(
        self, job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings
    ) -> TrainingOutcome:
        return run_rank(job)
