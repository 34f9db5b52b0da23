"""Derives the status of a run and its progress from its state."""

from collections.abc import Mapping

from api.runs.critical_thresholds import read_thresholds
from api.runs.schemas import TrainingStatus
from api.runs.state import RunState, position_at
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, run_status_of
from tracking_plugin.names import RunStatus, Tag

DELETED_MESSAGE = "The run was deleted"

_UNTIL_MLFLOW_ENDS: Mapping[RunStatus, RunStatus] = {
    RunStatus.COMPLETED: RunStatus.TRAINING,
    RunStatus.ERROR: RunStatus.TRAINING,
    RunStatus.STOPPED: RunStatus.STOPPING,
}


def effective_status(mlflow_status: str | None, tags: Mapping[str, str]) -> RunStatus:
    """The status of an active run is its tag `fovea.status`; MLflow's status decides for others."""
    by_mlflow = run_status_of(mlflow_status)
    if mlflow_status not in ACTIVE_STATUSES:
        return by_mlflow
    try:
        by_tag = RunStatus(tags.get(Tag.STATUS, ""))
    except ValueError:
        return by_mlflow
    # A training sets the tag before it ends the run; it has ended only once MLflow says so.
    return _UNTIL_MLFLOW_ENDS.get(by_tag, by_tag)


def training_status(state: RunState, now_ms: int) -> TrainingStatus:
    """The status as frontends show it."""
    position = position_at(state, state.last_step)
    status = shown_status(state)
    return TrainingStatus(
        status=status,
        message=DELETED_MESSAGE if state.deleted else state.tags.get(Tag.MESSAGE, ""),
        run_id=state.run_id,
        run_name=state.run_name,
        experiment_id=state.experiment_id,
        mlflow_status=state.mlflow_status,
        deleted=state.deleted,
        epoch=position.epoch,
        total_epochs=state.total_epochs,
        batch=position.batch,
        total_batches=state.steps_per_epoch,
        step=position.step,
        elapsed_time=_elapsed_s(state, now_ms),
        eta_seconds=_eta_s(state) if status == RunStatus.TRAINING else None,
        current_image=state.tags.get(Tag.CURRENT_IMAGE),
        alert=None if state.deleted else state.tags.get(Tag.ALERT),
        threshold_problem=read_thresholds(state.params).problem,
    )


def shown_status(state: RunState) -> RunStatus:
    """The effective status; a deleted run is stopped, whatever it was when it was deleted."""
    if state.deleted and state.mlflow_status in ACTIVE_STATUSES:
        return RunStatus.STOPPED
    return effective_status(state.mlflow_status, state.tags)


def _elapsed_s(state: RunState, now_ms: int) -> float | None:
    if state.start_time_ms is None:
        return None
    if state.deleted and state.end_time_ms is None:
        # Nothing records when a run was deleted.
        return None
    has_ended = state.mlflow_status not in ACTIVE_STATUSES and state.end_time_ms is not None
    end_ms = (state.end_time_ms if has_ended else None) or now_ms
    if end_ms < state.start_time_ms:
        # The clock of the run's machine is ahead: its own newest time is on the same clock.
        end_ms = max((it.timestamp_ms for it in state.latest.values()), default=end_ms)
    return max(0, end_ms - state.start_time_ms) / 1000


def _eta_s(state: RunState) -> float | None:
    """Remaining time at the pace of the recent steps, including evaluations."""
    if state.total_epochs is None or state.steps_per_epoch is None or state.last_step is None:
        return None
    num_remaining = state.total_epochs * state.steps_per_epoch - state.last_step
    paced = [
        step for step in (min(state.recent, default=0), state.last_step) if step in state.recent
    ]
    if len(set(paced)) < 2:
        return None
    first, last = (_time_ms(state, step) for step in paced)
    return max(0, num_remaining) * max(0, last - first) / (paced[1] - paced[0]) / 1000


def _time_ms(state: RunState, step: int) -> int:
    return min(point.timestamp_ms for point in state.recent[step].values())
