"""A run as MLflow has it, for what is wanted of it to be in step with that."""

from dataclasses import dataclass

from api.control.state import ControlState, in_step
from api.runs.state import RunState
from api.runs.status import status_word
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, run_status_of
from tracking_plugin.names import RunStatus, Tag


@dataclass(frozen=True, kw_only=True)
class JobTraits:
    """The facts about a job of this server that decide which commands its run accepts."""

    kind: str
    can_pause: bool


_BEFORE_ANY_COMMAND = (RunStatus.PENDING, RunStatus.STARTING, RunStatus.TRAINING)


@dataclass(frozen=True, kw_only=True)
class MlflowRunSnapshot:
    """What MLflow says of it; `was_live` is what was known here before MLflow was asked."""

    run_id: str
    workspace: str | None
    status: RunStatus
    has_status_tag: bool
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
            job=job,
            was_live=was_live,
        )

    @property
    def uncommanded(self) -> ControlState:
        """Its state, if nobody has ever commanded it."""
        return ControlState(run_id=self.run_id, workspace=self.workspace, status=self.status)

    def in_step(self, state: ControlState) -> ControlState:
        return in_step(state, self.status, was_live=self.was_live)


def _status(run: RunState) -> RunStatus:
    """Of a run that goes on, the tag may be left from an end or from commands of another server."""
    said = status_word(run.mlflow_status, run.tags)
    is_plausible = run.mlflow_status not in ACTIVE_STATUSES or said in _BEFORE_ANY_COMMAND
    return said if is_plausible else run_status_of(run.mlflow_status)
