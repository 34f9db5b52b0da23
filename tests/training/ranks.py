"""Runs a function on several gloo ranks, each in a process of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import multiprocessing

from tests.ports import free_port
from training.process import Process, current_process
from training.recipes.classification import recipe as classification

RankFunction = Callable[[Process, Any], Any]


def run_ranks(function: RankFunction, argument: Any, *, world_size: int, folder: Path) -> list[Any]:
    """The results of `function(process, argument)` on every rank."""
    port = free_port()
    # Ranks are copies of a process that has imported torch and timm, which takes seconds.
    multiprocessing.set_forkserver_preload([__name__, classification.__name__])
    multiprocessing.start_processes(
        _run_rank,
        args=(function, argument, world_size, port, folder),
        nprocs=world_size,
        start_method="forkserver",
    )
    return [
        torch.load(folder / f"rank-{rank}.pt", weights_only=False) for rank in range(world_size)
    ]


def lone_process() -> Process:
    """A single rank."""
    return Process(rank=0, local_rank=0, world_size=1, device=torch.device("cpu"))


def _run_rank(
    rank: int, function: RankFunction, argument: Any, world_size: int, port: int, folder: Path
) -> None:
    torch.set_num_threads(1)
    os.environ["LOCAL_RANK"] = str(rank)
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world_size
    )
    try:
        torch.save(function(current_process(use_gpu=False), argument), folder / f"rank-{rank}.pt")
    finally:
        dist.destroy_process_group()
