"""Trains as one of the processes that torchrun has started."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as dist

from training.config import LaunchConfig
from training.errors import LaunchError
from training.job import TrainingJob
from training.launchers.backend import collective_backend
from training.launchers.launcher import Peers
from training.outcome import TrainingOutcome
from training.process import Process, current_process, decide_gpu
from training.rank import run_rank
from training.settings import TrainingSettings

COLLECTIVE_TIMEOUT = timedelta(minutes=30)

T = TypeVar("T")


class TorchrunLauncher:
    """Implements `training.launchers.launcher.Launcher`; every process that runs `fit` is a rank."""

    def peers(
        self, launch: LaunchConfig, settings: TrainingSettings
    ) -> AbstractContextManager[Peers]:
        return _process_group(launch, settings)

    def is_remote(self, settings: TrainingSettings) -> bool:
        return False

    def decide_gpu(self, launch: LaunchConfig, settings: TrainingSettings) -> bool:
        return decide_gpu(launch.gpus)

    def train(
        self, job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings
    ) -> TrainingOutcome:
        return run_rank(job)


class TorchrunPeers:
    """The ranks of the process group, and a file that remembers their run over a restart."""

    def __init__(self, process: Process, run_file: Path) -> None:
        self._process = process
        self._run_file = run_file

    @property
    def is_main(self) -> bool:
        return self._process.is_main

    @property
    def is_alone(self) -> bool:
        return self._process.world_size == 1

    @property
    def remembered_run_id(self) -> str:
        is_restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"
        return self._run_file.read_text() if is_restart and self._run_file.is_file() else ""

    def remember_run(self, run_id: str) -> None:
        self._run_file.parent.mkdir(parents=True, exist_ok=True)
        self._run_file.write_text(run_id)

    def forget_run(self) -> None:
        self._run_file.unlink(missing_ok=True)

    def broadcast(self, value: T) -> T:
        return self._process.broadcast(value)

    def barrier(self) -> None:
        self._process.barrier()


@contextmanager
def _process_group(launch: LaunchConfig, settings: TrainingSettings) -> Iterator[TorchrunPeers]:
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        raise LaunchError(
            "--launcher torchrun needs processes that torchrun has started. Run: "
            "torchrun --nproc-per-node N -m training fit --launcher torchrun …"
        )
    use_gpu = decide_gpu(launch.gpus)
    _require_gpus(use_gpu=use_gpu)
    store, rank, world_size = next(dist.rendezvous("env://", timeout=COLLECTIVE_TIMEOUT))
    dist.init_process_group(
        collective_backend(use_gpu=use_gpu),
        # torchrun's store outlives a restart and still has the addresses of the dead processes.
        store=dist.PrefixStore(f"attempt-{os.environ['TORCHELASTIC_RESTART_COUNT']}", store),
        rank=rank,
        world_size=world_size,
        timeout=COLLECTIVE_TIMEOUT,
    )
    # The parent process is torchrun itself, which outlives a restart of the ranks.
    run_file = settings.data_dir.resolve() / "work" / f"torchrun-{os.getppid()}"
    try:
        yield TorchrunPeers(current_process(use_gpu=use_gpu), run_file)
    finally:
        dist.destroy_process_group()


def _require_gpus(*, use_gpu: bool) -> None:
    local_world_size = int(os.environ["LOCAL_WORLD_SIZE"])
    if use_gpu and torch.cuda.device_count() < local_world_size:
        raise LaunchError(
            f"{local_world_size} processes need as many GPUs, but PyTorch finds "
            f"{torch.cuda.device_count()} on this machine. Lower --nproc-per-node."
        )
