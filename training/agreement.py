"""Lets all ranks apply the same decision after the same step, with one small CPU collective a step."""

import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol, TypeVar, cast

import torch
import torch.distributed as dist

from tracking_plugin.control_messages import PAUSE_SYNC_INTERVAL_S
from tracking_plugin.instruction_inbox import TakenInstruction
from training.process import Process

T = TypeVar("T")


class Decision(IntEnum):
    """The action of all ranks once the step is finished."""

    CONTINUE = 0
    PAUSE = 1
    RELEASE = 2
    """Save and exit; the run is started again when it is to continue."""
    STOP = 3


class ControlSignal(Protocol):
    """The newest command for the run, as rank 0 reads it, and rank 0's reports of its state.

    Only `wait_for_change` blocks.
    """

    def decision(self) -> Decision:
        """The decision that the newest command asks for."""

    def wait_for_change(self, timeout_s: float) -> None:
        """Return once a newer command than that of the last `decision` is there, or at the timeout."""

    def report_training(self, step: int) -> None:
        """The ranks have finished `step` and continue."""

    def report_paused(self, step: int) -> None:
        """All ranks are paused after `step`, as the last `decision` asked."""

    def report_exiting(self, step: int, decision: Decision) -> None:
        """The ranks save their state after `step` in order to exit."""

    def report_refusal(self, step: int, reason: str) -> None:
        """The last `decision` cannot be applied, so the training continues."""


class InstructionSource(Protocol):
    """The one-time commands for the run, as rank 0 receives them; `RunControl` is one."""

    @property
    def has_instructions(self) -> bool:
        """Whether there is anything to take; never waits."""

    def take_instructions(self, step: int) -> list[TakenInstruction]:
        """Those to carry out now, the oldest first; waits about a second at most."""


class NullSignal:
    """The signal of the ranks that follow rank 0, and of a training without control."""

    def decision(self) -> Decision:
        return Decision.CONTINUE

    def wait_for_change(self, timeout_s: float) -> None: ...

    def report_training(self, step: int) -> None: ...

    def report_paused(self, step: int) -> None: ...

    def report_exiting(self, step: int, decision: Decision) -> None: ...

    def report_refusal(self, step: int, reason: str) -> None: ...


class Agreement:
    """Shares rank 0's decisions with every rank; each method is a collective that all ranks call.

    `begin_step` starts the collective, which runs on the CPU while the step computes, and
    `end_step` reads its result. Only rank 0 is given a `signal` and a source of instructions.
    """

    def __init__(
        self,
        process: Process,
        signal: ControlSignal | None,
        instructions: InstructionSource | None = None,
    ) -> None:
        self.signal: ControlSignal = signal or NullSignal()
        self.instructions = instructions
        self.has_instructions = False
        """Whether the last decision came with instructions; the same on every rank."""
        self._process = process
        self._code = torch.zeros(1, dtype=torch.int32)
        self._group = _own_group() if process.world_size > 1 else None
        self._work: dist.Work | None = None

    def begin_step(self) -> None:
        """Send rank 0's decision to all ranks while they compute."""
        has_any = self.instructions is not None and self.instructions.has_instructions
        # One number carries both, so a step without instructions costs nothing more.
        self._code.fill_(self.signal.decision() + len(Decision) * has_any)
        if self._group is not None:
            # The other ranks contribute 0, so the maximum is rank 0's value.
            self._work = dist.all_reduce(
                self._code, op=dist.ReduceOp.MAX, group=self._group, async_op=True
            )

    def end_step(self) -> Decision:
        """The decision at the beginning of the step, the same on every rank."""
        if self._work is not None:
            self._work.wait()
            self._work = None
        has_any, decision = divmod(int(self._code), len(Decision))
        self.has_instructions = bool(has_any)
        return Decision(decision)

    def sync(self) -> Decision:
        """The decision once every rank has called this."""
        self.begin_step()
        return self.end_step()

    def wait_while_paused(self, step: int) -> Decision:
        """Block until the decision is no longer to pause, or until there are instructions.

        `step` is the last finished one.
        """
        while (decision := self.sync()) is Decision.PAUSE:
            self.signal.report_paused(step)
            if self.has_instructions:
                break
            self.signal.wait_for_change(PAUSE_SYNC_INTERVAL_S)
        return decision

    def maximum(self, values: torch.Tensor) -> torch.Tensor:
        """The largest of every rank's `values` on the CPU, in place; waits for no GPU."""
        if self._group is not None:
            dist.all_reduce(values, op=dist.ReduceOp.MAX, group=self._group)
        return values

    def while_main_works(self, work: Callable[[], T]) -> T | None:
        """The result of `work` on rank 0, None elsewhere.

        However long it takes, the other ranks wait in short collectives, none of which times out.
        """
        if self._group is None:
            return work()
        if not self._process.is_main:
            while self._main_still_works(False):
                pass
            return None
        is_done = threading.Event()
        thread = threading.Thread(target=self._keep_others_waiting, args=(is_done,), daemon=True)
        thread.start()
        try:
            return work()
        finally:
            is_done.set()
            thread.join()

    def _keep_others_waiting(self, is_done: threading.Event) -> None:
        """Runs on rank 0, in a thread of its own."""
        while self._main_still_works(not is_done.wait(PAUSE_SYNC_INTERVAL_S)):
            pass

    def _main_still_works(self, contribution: bool) -> bool:
        return bool(self.maximum(torch.tensor([int(contribution)], dtype=torch.int32)))


def _own_group() -> dist.ProcessGroup:
    """Gloo, whatever carries the gradients: the result is read on the CPU and waits for no GPU."""
    return cast(dist.ProcessGroup, dist.new_group(backend="gloo"))
