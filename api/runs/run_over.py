"""Decides whether a run is over: whether it has ended in MLflow, in any way, or is gone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from tracking_plugin.events import RunDeleted, RunEvent, RunUpdated
from tracking_plugin.mlflow_status import MlflowStatus


class RunEnd(StrEnum):
    """How a run came to its end."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    DELETED = "deleted"
    """By itself or with its experiment; it may be restored, unless it was deleted for good."""


_ENDS = {
    MlflowStatus.FINISHED.value: RunEnd.COMPLETED,
    MlflowStatus.KILLED.value: RunEnd.STOPPED,
    MlflowStatus.FAILED.value: RunEnd.FAILED,
}

_STATUSES = {how: status for status, how in _ENDS.items()}


@dataclass(frozen=True, kw_only=True)
class HeldRun:
    """A run for which some part of the server holds state."""

    run_id: str
    workspace: str | None


@dataclass(frozen=True, kw_only=True)
class RunOver:
    """The one event of every end. The same end may be announced several times.

    `is_on_bus` is False if it was found in the store, because nothing on the bus has announced it.
    """

    run_id: str
    workspace: str | None
    how: RunEnd
    is_on_bus: bool = True

    def announcement(self, now_ms: int) -> RunEvent:
        """The event for the bus."""
        at: _EventFields = {
            "run_id": self.run_id,
            "workspace": self.workspace,
            "accepted_ms": now_ms,
        }
        if self.how is RunEnd.DELETED:
            return RunDeleted(**at)
        return RunUpdated(**at, status=_STATUSES[self.how])


class _EventFields(TypedDict):
    run_id: str
    workspace: str | None
    accepted_ms: int


def end_of(mlflow_status: str | None, *, is_deleted: bool) -> RunEnd | None:
    """How a run with MLflow's status has ended; None if it has not."""
    return RunEnd.DELETED if is_deleted else _ENDS.get(mlflow_status or "")


def over_of(event: RunEvent) -> RunOver | None:
    """The end that `event` announces, if it does."""
    if isinstance(event, RunDeleted):
        how: RunEnd | None = RunEnd.DELETED
    elif isinstance(event, RunUpdated):
        how = end_of(event.status, is_deleted=False)
    else:
        return None
    return None if how is None else RunOver(run_id=event.run_id, workspace=event.workspace, how=how)
