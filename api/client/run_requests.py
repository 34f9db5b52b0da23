"""What a client may ask of the read API: where each question goes, and the type of its answer."""

from collections.abc import Sequence
from urllib.parse import quote

from pydantic import TypeAdapter

from api.client.request import Question, given
from api.runs.schemas import (
    EpochComparison,
    EpochDetails,
    LatestMetrics,
    MetricsSnapshot,
    PerformancePoint,
    RunSummary,
)
from api.system.health import Health
from api.system.stats import SystemStats

_health = TypeAdapter(Health)
_runs = TypeAdapter(list[RunSummary])
_latest = TypeAdapter(LatestMetrics)
_history = TypeAdapter(list[MetricsSnapshot])
_performance = TypeAdapter(list[PerformancePoint])
_epochs = TypeAdapter(list[EpochDetails])
_epoch = TypeAdapter(EpochDetails)
_comparison = TypeAdapter(EpochComparison)
_stats = TypeAdapter(SystemStats)


def health() -> Question[Health]:
    return Question("/api/health", _health)


def runs(
    *, experiment: str | None, status: str | None, limit: int | None, offset: int | None
) -> Question[list[RunSummary]]:
    query = given(experiment=experiment, status=status, limit=limit, offset=offset)
    return Question("/api/runs", _runs, query)


def latest(run_id: str | None) -> Question[LatestMetrics]:
    return Question("/api/metrics/latest", _latest, given(run_id=run_id))


def history(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> Question[list[MetricsSnapshot]]:
    query = given(run_id=run_id, limit=limit, offset=offset)
    return Question("/api/metrics/history", _history, query)


def performance(
    metric: str, run_id: str | None, *, limit: int | None
) -> Question[list[PerformancePoint]]:
    path = f"/api/metrics/performance/{quote(metric)}"
    return Question(path, _performance, given(run_id=run_id, limit=limit))


def epochs(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> Question[list[EpochDetails]]:
    return Question("/api/epochs", _epochs, given(run_id=run_id, limit=limit, offset=offset))


def epoch(number: int, run_id: str | None) -> Question[EpochDetails]:
    return Question(f"/api/epochs/{number}", _epoch, given(run_id=run_id))


def compare_epochs(
    epochs: Sequence[int], metrics: Sequence[str], run_id: str | None
) -> Question[EpochComparison]:
    query = given(
        epochs=",".join(map(str, epochs)), metrics=",".join(metrics) or None, run_id=run_id
    )
    return Question("/api/compare/epochs", _comparison, query)


def stats() -> Question[SystemStats]:
    return Question("/api/stats", _stats)
