"""This process as one of the ranks: its rank, its device and the collectives that it uses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from training.errors import LaunchError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Process:
    """One rank of `world_size`; every method is a collective that all ranks must call."""

    rank: int
    local_rank: int
    world_size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this rank logs, saves and reports for all."""
        return self.rank == 0

    @property
    def device_name(self) -> str:
        """The accelerator's name, or `cpu`."""
        if self.device.type == "cuda":
            return str(torch.cuda.get_device_name(self.device))
        return self.device.type

    def mean(self, values: Tensor) -> Tensor:
        """The mean of `values` over the ranks, in place."""
        if self.world_size > 1:
            dist.all_reduce(values)
            values /= self.world_size
        return values

    def barrier(self) -> None:
        """Wait until all ranks are here."""
        if self.world_size > 1:
            dist.barrier()

    def gather(self, value: T) -> list[T]:
        """Every rank's `value`, by rank, on rank 0; an empty list elsewhere."""
        if self.world_size == 1:
            return [value]
        gathered: list[T] = [value] * self.world_size if self.is_main else []
        dist.gather_object(value, gathered if self.is_main else None)
        return gathered

    def broadcast_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Replace all `tensors`, of which every rank has the same names, by those of rank 0."""
        if self.world_size > 1:
            for _, tensor in sorted(tensors.items()):
                dist.broadcast(tensor, src=0)

    def broadcast(self, value: T) -> T:
        """Rank 0's `value`, on every rank."""
        if self.world_size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]


def decide_gpu(requested: bool | None) -> bool:
    """Whether to compute on GPUs: as requested, or by default if there are any.

    Raises LaunchError if GPUs are requested but there are none.
    """
    has_gpu = torch.cuda.is_available()
    if requested and not has_gpu:
        raise LaunchError(
            "GPUs were asked for, but PyTorch finds none on this machine. "
            "Check the driver with nvidia-smi, or leave --gpus out to use the CPU."
        )
    return has_gpu if requested is None else requested


def current_process(*, use_gpu: bool, gpu: torch.device | None = None) -> Process:
    """This rank of the process group, or a single process if there is no group.

    It computes on `gpu` if the launcher has chosen one, else on the GPU of its local rank.
    """
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cpu")
    if use_gpu:
        device = gpu or torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        return Process(rank=0, local_rank=0, world_size=1, device=device)
    return Process(
        rank=dist.get_rank(),
        local_rank=local_rank,
        world_size=dist.get_world_size(),
        device=device,
    )
