"""What all ranks do at the same step because rank 0 was told to: one small CPU collective a step."""

from enum import IntEnum
from typing import Protocol, cast

import torch
import torch.distributed as dist

from tracking_plugin.control_messages import PAUSE_SYNC_INTERVAL_S
from training.process import Process


class Decision(IntEnum):
    """What the ranks do once the step is finished."""

    CONTINUE = 0
    PAUSE = 1
    RELEASE = 2
    """Save, exit, and be started again when the run is to go on."""
    STOP = 3


class ControlSignal(Protocol):
    """What rank 0 is told, and tells in return; nothing but `wait` waits."""

    def wanted(self) -> Decision:
        """What the run is to do by the newest command."""

    def wait(self, timeout_s: float) -> None:
        """Return once something else is wanted than `wanted` said last, or after `timeout_s`."""

    def training(self, step: int) -> None:
        """The ranks go on after `step`."""

    def holding(self, step: int) -> None:
        """All ranks hold, by what `wanted` said last."""

    def leaving(self, step: int, verdict: Decision) -> None:
        """The ranks save, so as to end here."""

    def refuse(self, step: int, reason: str) -> None:
        """What `wanted` said last cannot be done: the training goes on."""


class NoOrders:
    """For the ranks that follow rank 0, and for a training that nobody controls."""

    def wanted(self) -> Decision:
        return Decision.CONTINUE

    def wait(self, timeout_s: float) -> None: ...

    def training(self, step: int) -> None: ...

    def holding(self, step: int) -> None: ...

    def leaving(self, step: int, verdict: Decision) -> None: ...

    def refuse(self, step: int, reason: str) -> None: ...


class Agreement:
    """Rank 0's orders on every rank; every method is a collective that all ranks must call.

    `begin_step` starts the collective, which runs on the CPU beside the step itself, and
    `end_step` reads it. `orders` are given on rank 0 alone.
    """

    def __init__(self, process: Process, orders: ControlSignal | None) -> None:
        self.orders: ControlSignal = orders or NoOrders()
        self._code = torch.zeros(1, dtype=torch.int32)
        self._group = _own_group() if process.world_size > 1 else None
        self._work: dist.Work | None = None

    def begin_step(self) -> None:
        """Let the ranks hear what is wanted while they compute."""
        self._code.fill_(self.orders.wanted())
        if self._group is not None:
            # The others come with 0, so the greatest is what rank 0 came with.
            self._work = dist.all_reduce(
                self._code, op=dist.ReduceOp.MAX, group=self._group, async_op=True
            )

    def end_step(self) -> Decision:
        """What was wanted when the step began, the same on every rank."""
        if self._work is not None:
            self._work.wait()
            self._work = None
        return Decision(int(self._code))

    def meet(self) -> Decision:
        """What is wanted now that every rank has come here."""
        self.begin_step()
        return self.end_step()

    def hold(self, step: int) -> Decision:
        """What is wanted as soon as that is no longer to hold; `step` is the last that was taken."""
        while (verdict := self.meet()) is Decision.PAUSE:
            self.orders.holding(step)
            self.orders.wait(PAUSE_SYNC_INTERVAL_S)
        return verdict


def _own_group() -> dist.ProcessGroup:
    """Gloo, whatever carries the gradients: the answer is read on the CPU and waits for no GPU."""
    return cast(dist.ProcessGroup, dist.new_group(backend="gloo"))
