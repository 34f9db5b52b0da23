"""A silent run, and its alert; does no I/O."""

from dataclasses import dataclass
from uuid import uuid4

from api.alerts.builtin import SILENCE, SILENCE_RECOMMENDATION
from api.alerts.records import SILENCE_METRIC, Alert
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.runs.state import RunState, position_at

MAX_AGE_MS = 24 * 3600 * 1000
"""Runs whose last write was older than this when the server started are taken for abandoned."""


@dataclass(frozen=True, kw_only=True)
class FoundRun:
    """An active run, and when this process found it, by the monotonic clock and in Unix time."""

    run_id: str
    workspace: str | None
    at_s: float
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class SilentRun:
    """`last_sign_ms` is the time of the last sign of life by the server's clock.

    It identifies this silence of the run.
    """

    run: RunState
    workspace: str | None
    last_sign_ms: int
    limit_ms: int


def is_abandoned(run: RunState, accepted_ms: int | None, started_ms: int) -> bool:
    """Whether the run was silent for long when the server started.

    `accepted_ms` is when a server last accepted a write of the run. Only of a run that no server has
    ever heard of, the times that its client wrote are the only ones there are.
    """
    if accepted_ms is not None:
        return accepted_ms <= started_ms - MAX_AGE_MS
    written_ms = (run.start_time_ms, *(point.timestamp_ms for point in run.latest.values()))
    newest_ms = max((it for it in written_ms if it is not None), default=None)
    return newest_ms is None or newest_ms <= started_ms - MAX_AGE_MS


def silence_alert(silent: SilentRun, now_ms: int) -> Alert:
    run = silent.run
    position = position_at(run, run.last_step or 0)
    return Alert(
        alert_id=uuid4().hex,
        run_id=run.run_id,
        workspace=silent.workspace,
        rule=SILENCE,
        metric=SILENCE_METRIC,
        began_step=silent.last_sign_ms,
        state=AlertState.FIRING,
        level=Level.WARNING,
        step=run.last_step or 0,
        value=max(0, now_ms - silent.last_sign_ms) / 1000,
        threshold=silent.limit_ms / 1000,
        support=None,
        interval=None,
        is_insufficient=False,
        epoch=position.epoch,
        batch=position.batch,
        recommendation=SILENCE_RECOMMENDATION,
        action=RuleAction.NONE,
        began_ms=now_ms,
        changed_ms=now_ms,
    )
