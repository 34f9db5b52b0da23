"""Reads a step's scalars from the device one step late, so that logging never stalls the device."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from training.process import Process


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """The values that rank 0 logs for one optimizer step; `scalars` are means over all ranks."""

    step: int
    scalars: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Pending:
    step: int
    names: tuple[str, ...]
    values: Tensor
    copied: torch.cuda.Event | None
    seconds: float


class DeferredScalars:
    """Collects scalars on the device and returns them as floats once they have been copied."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._sums: dict[str, Tensor] = {}
        self._pending: deque[_Pending] = deque()
        self._clock = time.perf_counter()

    def restart_clock(self) -> None:
        """Exclude the time since the last step from the next step's time."""
        self._clock = time.perf_counter()

    def add(self, scalars: Mapping[str, Tensor], *, share: float) -> None:
        """Add a micro-batch's scalars, which make up `share` of the step."""
        for name, value in scalars.items():
            weighted = value.detach() * share
            self._sums[name] = self._sums[name] + weighted if name in self._sums else weighted

    def end_step(self, step: int, *, due: bool) -> float:
        """Close the step and return its seconds; start to copy its scalars if they are `due` to be logged."""
        seconds = time.perf_counter() - self._clock
        self.restart_clock()
        if due:
            self._pending.append(self._start_copy(step, seconds))
        self._sums = {}
        return seconds

    def ready(self) -> Iterator[StepRecord]:
        """The steps that can be read without waiting: all but the newest on a GPU, all on a CPU."""
        keep = 1 if self._process.device.type == "cuda" else 0
        while len(self._pending) > keep:
            yield self._read(self._pending.popleft())

    def flush(self) -> Iterator[StepRecord]:
        """All unread steps; waits until they are copied."""
        while self._pending:
            yield self._read(self._pending.popleft())

    def _start_copy(self, step: int, seconds: float) -> _Pending:
        values = self._process.mean(torch.stack([v.float() for v in self._sums.values()]))
        copied = None
        if values.device.type == "cuda":
            # Only a copy into pinned memory does not block the host.
            host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            values = host.copy_(values, non_blocking=True)
            copied = torch.cuda.Event()
            copied.record()
        names = tuple(self._sums)
        return _Pending(step=step, names=names, values=values, copied=copied, seconds=seconds)

    def _read(self, pending: _Pending) -> StepRecord:
        if pending.copied is not None:
            pending.copied.synchronize()
        scalars = dict(zip(pending.names, pending.values.tolist(), strict=True))
        return StepRecord(step=pending.step, scalars=scalars, seconds=pending.seconds)
