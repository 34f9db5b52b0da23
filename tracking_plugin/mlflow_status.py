"""MLflow's run statuses, and how they correspond to the values of the tag `fovea.status`."""

from collections.abc import Mapping
from enum import StrEnum

from tracking_plugin.names import RunStatus


class MlflowStatus(StrEnum):
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


# Plain strings: database drivers treat members of an enumeration differently.
ACTIVE_STATUSES: tuple[str, ...] = (MlflowStatus.RUNNING.value, MlflowStatus.SCHEDULED.value)
"""MLflow's statuses of runs that have not ended."""

_RUN_STATUSES: Mapping[str, RunStatus] = {
    MlflowStatus.SCHEDULED: RunStatus.PENDING,
    MlflowStatus.RUNNING: RunStatus.TRAINING,
    MlflowStatus.FINISHED: RunStatus.COMPLETED,
    MlflowStatus.KILLED: RunStatus.STOPPED,
    MlflowStatus.FAILED: RunStatus.ERROR,
}

_END_STATUSES: Mapping[RunStatus, MlflowStatus] = {
    RunStatus.COMPLETED: MlflowStatus.FINISHED,
    RunStatus.STOPPED: MlflowStatus.KILLED,
    RunStatus.ERROR: MlflowStatus.FAILED,
}

ENDED_STATUSES = frozenset(_END_STATUSES)
"""The values of `fovea.status` of runs that have ended."""


def run_status_of(mlflow_status: str | None) -> RunStatus:
    """The status of a run of which only MLflow's status is known; IDLE without one."""
    return _RUN_STATUSES.get(mlflow_status or "", RunStatus.IDLE)


def end_status_of(status: RunStatus) -> MlflowStatus:
    """MLflow's status of a run that ended as `status`; KeyError if no run ends so."""
    return _END_STATUSES[status]
