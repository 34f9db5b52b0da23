"""Trains on Ray, on a cluster or on this machine; imports Ray only when it is used."""

import os
import secrets
import sys
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType

from tracking_plugin.ray_head import LOCAL_ENVIRONMENT
from training.config import LaunchConfig
from training.errors import LaunchError
from training.job import TrainingJob
from training.launchers.launcher import Alone, Peers
from training.outcome import TrainingOutcome
from training.settings import TrainingSettings


class RayLauncher:
    """Implements `training.launchers.launcher.Launcher`."""

    def peers(
        self, launch: LaunchConfig, settings: TrainingSettings
    ) -> AbstractContextManager[Peers]:
        return nullcontext(Alone())

    def is_remote(self, settings: TrainingSettings) -> bool:
        return bool(settings.cluster_address)

    def decide_gpu(self, launch: LaunchConfig, settings: TrainingSettings) -> bool:
        if not self.is_remote(settings):
            from training.process import decide_gpu  # noqa: PLC0415

            return decide_gpu(launch.gpus)
        if launch.gpus is not None:
            return launch.gpus
        has_gpus: bool = _ray_train(settings).cluster_has_gpus(settings.cluster_address)
        return has_gpus

    def train(
        self, job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings
    ) -> TrainingOutcome:
        outcome: TrainingOutcome = _ray_train(settings).launch_ray(
            job,
            workers=launch.workers,
            max_failures=launch.max_failures,
            ray_address=settings.cluster_address,
        )
        return outcome


def _ray_train(settings: TrainingSettings) -> ModuleType:
    # Ray reads these variables while it is imported.
    os.environ.setdefault("RAY_COLOR_PREFIX", str(int(sys.stderr.isatty())))
    if not settings.cluster_address:
        os.environ.update({**LOCAL_ENVIRONMENT, "RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        # Ray is an extra: the other launchers work without it.
        from training.launchers import ray_train  # noqa: PLC0415
    except ImportError as error:
        raise LaunchError(
            f"--launcher ray needs Ray ({error}). Install mlflow-fovea[training], or use "
            "--launcher single or torchrun."
        ) from error
    return ray_train
