"""What became of one member of an ensemble, and how a fine-tuning is followed and ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MemberStatus(StrEnum):
    CONTINUED = "continued"
    KEPT = "kept"
    """It is as it was; `message` says why."""
    FAILED = "failed"
    """Its library could not continue it, and it is as it was; `message` says why."""


@dataclass(frozen=True, kw_only=True)
class MemberRecord:
    """A member of a bagged model, and the fold of the new table that it was to learn from."""

    model: int
    """Place of the bagged model in the ensemble."""
    learner: str
    member: int
    """Place in the bagged model."""
    fold: int
    status: MemberStatus
    rounds_before: int
    """Boosting rounds or epochs; 0 where there are none."""
    rounds_after: int
    loss_before: float
    """Of the validated rows of the fold: log loss of classes, RMSE of numbers."""
    loss_after: float
    """That of the member that is used from here on."""
    seconds: float
    message: str = ""


class FinetuningControl(Protocol):
    """Asked between two rounds of a fit."""

    def should_stop(self, num_rounds: int) -> bool:
        """Whether a person ends the fine-tuning; `num_rounds` counts those of all members.

        May block, which pauses the fit. The budget does not pass meanwhile.
        """

    def seconds_left(self) -> float:
        """Of the budget; it may be negative."""

    def finished(self, record: MemberRecord, *, num_done: int, num_members: int) -> None:
        """Called after each member."""
