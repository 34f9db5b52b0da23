"""Follows the commands of a run while members are continued, and shows how far that is."""

import time
from collections.abc import Callable

from training.recipes.tables.progress import PipelineProgress
from training.recipes.tables.selection_commands import SelectionCommands
from training.tables.finetuning.member import MemberRecord, MemberStatus
from training.tables.learners.registry import learner_named

_PAUSE_S = 0.5
"""A control that blocks for longer has paused the fine-tuning."""
_REPORT_EVERY_S = 1.0


class RunFinetuningControl:
    """Implements `training.tables.finetuning.member.FinetuningControl` over a run."""

    def __init__(
        self,
        commands: SelectionCommands,
        progress: PipelineProgress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commands, self._progress, self._monotonic = commands, progress, monotonic
        self._begun_s = self._reported_s = monotonic()
        self._paused_s = 0.0
        self._share_done = 0.0

    @property
    def elapsed_s(self) -> float:
        """Without pauses."""
        return self._monotonic() - self._begun_s - self._paused_s

    def should_stop(self, num_rounds: int) -> bool:
        before_s = self._monotonic()
        is_stopped = self._commands.should_stop(num_rounds)
        waited_s = self._monotonic() - before_s
        if waited_s > _PAUSE_S:
            self._paused_s += waited_s
        if self._monotonic() - self._reported_s > _REPORT_EVERY_S:
            self._report()
        return is_stopped

    def seconds_left(self) -> float:
        return self._commands.budget_s() - self.elapsed_s

    def finished(self, record: MemberRecord, *, num_done: int, num_members: int) -> None:
        self._progress.say(f"Member {num_done} of {num_members}: {_told(record)}")
        self._share_done = num_done / num_members
        self._report()

    def _report(self) -> None:
        self._reported_s = self._monotonic()
        fraction = max(self._share_done, self.elapsed_s / self._commands.budget_s())
        self._progress.update(fraction, seconds_left=max(0.0, self.seconds_left()))


def _told(record: MemberRecord) -> str:
    title = learner_named(record.learner).title
    if record.status is not MemberStatus.CONTINUED:
        return f"{title}, {record.status}. {record.message}"
    num_rounds = record.rounds_after - record.rounds_before
    rounds = f" by {num_rounds:,} rounds" if num_rounds else ""
    return (
        f"{title}, continued{rounds} in {record.seconds:.0f} s: the loss of the validated rows was "
        f"{record.loss_before:.4g} and is {record.loss_after:.4g}."
    )
