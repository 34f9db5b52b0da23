"""The facts in MLflow that a run's control state must agree with."""

from dataclasses import dataclass

from api.control.state import END_OF, ControlState, deleted, synced_with_mlflow
from api.control.transitions import LIVE
from api.runs.run_over import RunEnd, RunOver
from api.runs.state import RunState
from api.runs.status import effective_status
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, run_status_of
from tracking_plugin.names import RunStatus, Tag


class OutdatedSnapshotError(Exception):
    """The run's stored state has ended since the snapshot was taken, so it may have restarted, too."""


_BEFORE_ANY_COMMAND = (RunStatus.PENDING, RunStatus.STARTING, RunStatus.TRAINING)


@dataclass(frozen=True, kw_only=True)
class JobTraits:
    """The facts about a job of this server that decide which commands its run accepts."""

    kind: str
    can_pause: bool


@dataclass(frozen=True, kw_only=True)
class MlflowRunSnapshot:
    """`was_live` is whether the stored control state was live before MLflow was read."""

    run_id: str
    workspace: str | None
    status: RunStatus
    has_status_tag: bool
    is_deleted: bool
    job: JobTraits | None
    was_live: bool

    @classmethod
    def of(
        cls, run: RunState, workspace: str | None, *, job: JobTraits | None, was_live: bool
    ) -> "MlflowRunSnapshot":
        return cls(
            run_id=run.run_id,
            workspace=workspace,
            status=_status(run),
            has_status_tag=str(Tag.STATUS) in run.tags,
            is_deleted=run.deleted,
            job=job,
            was_live=was_live,
        )

    @property
    def initial_state(self) -> ControlState:
        """The control state of the run if none is stored yet."""
        return ControlState(run_id=self.run_id, workspace=self.workspace, status=self.status)

    @property
    def over(self) -> RunOver | None:
        """The end of the run in MLflow that its stored control state does not have yet."""
        how = RunEnd.DELETED if self.is_deleted else END_OF.get(self.status)
        if how is None or not self.was_live:
            return None
        return RunOver(run_id=self.run_id, workspace=self.workspace, how=how, is_on_bus=False)

    def sync(self, state: ControlState, deadline_ms: int) -> ControlState:
        """`state` in line with MLflow; `deadline_ms` is when the job of a deleted run is ended.

        Raises OutdatedSnapshotError if the run has ended since: MLflow, which was read before that
        end, cannot tell whether it has started again.
        """
        if self.is_deleted:
            return deleted(state, deadline_ms)
        if self.was_live and self.status in LIVE and not state.is_live:
            raise OutdatedSnapshotError
        return synced_with_mlflow(state, self.status)


def _status(run: RunState) -> RunStatus:
    """The run's status. An active run's tag is ignored if an earlier end or another server left it."""
    if run.deleted and run.mlflow_status in ACTIVE_STATUSES:
        return RunStatus.STOPPED
    tagged = effective_status(run.mlflow_status, run.tags)
    is_plausible = run.mlflow_status not in ACTIVE_STATUSES or tagged in _BEFORE_ANY_COMMAND
    return tagged if is_plausible else run_status_of(run.mlflow_status)
