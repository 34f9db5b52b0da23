"""Describes the best runs of experiments, for pages that show many experiments at once."""

from dataclasses import dataclass, field

from tracking_plugin.names import RunStatus


@dataclass(frozen=True, kw_only=True)
class RankedRun:
    """`loss` is None for a run that is no candidate, and for one without a finite loss."""

    run_id: str
    run_name: str
    status: RunStatus
    is_candidate: bool
    loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class RankedRuns:
    """Of one experiment: other runs first, newest first, then candidates, the least loss first."""

    num_runs: int = 0
    runs: list[RankedRun] = field(default_factory=list)
