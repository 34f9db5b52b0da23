"""Trains as one of the processes that torchrun has started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from training.errors import LaunchError
from training.launchers.backend import collective_backend
from training.process import Process, current_process, decide_gpu

COLLECTIVE_TIMEOUT = timedelta(minutes=30)


@contextmanager
def process_group(*, asked_for_gpus: bool | None) -> Iterator[Process]:
    """Meet the other processes; LaunchError if torchrun has started none."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        raise LaunchError(
            "--launcher torchrun needs processes that torchrun has started. Run: "
            "torchrun --nproc-per-node N -m training fit --launcher torchrun …"
        )
    use_gpu = decide_gpu(asked_for_gpus)
    _require_gpus(use_gpu=use_gpu)
    store, rank, world_size = next(dist.rendezvous("env://", timeout=COLLECTIVE_TIMEOUT))
    dist.init_process_group(
        collective_backend(use_gpu=use_gpu),
        # torchrun keeps its store over restarts, and the addresses of dead processes with it.
        store=dist.PrefixStore(f"attempt-{os.environ['TORCHELASTIC_RESTART_COUNT']}", store),
        rank=rank,
        world_size=world_size,
        timeout=COLLECTIVE_TIMEOUT,
    )
    try:
        yield current_process(use_gpu=use_gpu)
    finally:
        dist.destroy_process_group()


def remembered_run(data_dir: Path) -> dict[str, str]:
    """The run that torchrun's earlier attempt was training, as settings of `LaunchConfig`."""
    is_restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"
    note = _note(data_dir)
    return {"run_id": note.read_text()} if is_restart and note.is_file() else {}


def remember_run(data_dir: Path, run_id: str) -> None:
    """Note the run for the case that torchrun restarts its processes."""
    note = _note(data_dir)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(run_id)


def forget_run(data_dir: Path) -> None:
    """Remove the note."""
    _note(data_dir).unlink(missing_ok=True)


def _note(data_dir: Path) -> Path:
    # torchrun itself, our parent, lives on while it restarts its processes.
    return data_dir.resolve() / "work" / f"torchrun-{os.getppid()}"


def _require_gpus(*, use_gpu: bool) -> None:
    local_world_size = int(os.environ["LOCAL_WORLD_SIZE"])
    if use_gpu and torch.cuda.device_count() < local_world_size:
        raise LaunchError(
            f"{local_world_size} processes need as many GPUs, but PyTorch finds "
            f"{torch.cuda.device_count()} on this machine. Lower --nproc-per-node."
        )
