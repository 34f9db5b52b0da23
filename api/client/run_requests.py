"""What a client may ask of the read API: where each question goes, and the type of its answer."""

from collections.abc import Sequence
from urllib.parse import quote

from pydantic import TypeAdapter

from api.client.request import ApiRequest, drop_none
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


def health() -> ApiRequest[Health]:
    return ApiRequest("/api/health", _health)


def runs(
    *, experiment: str | None, status: str | None, limit: int | None, offset: int | None
) -> ApiRequest[list[RunSummary]]:
    query = drop_none(experiment=experiment, status=status, limit=limit, offset=offset)
    return ApiRequest("/api/runs", _runs, query)


def latest(run_id: str | None) -> ApiRequest[LatestMetrics]:
    return ApiRequest("/api/metrics/latest", _latest, drop_none(run_id=run_id))


def history(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> ApiRequest[list[MetricsSnapshot]]:
    query = drop_none(run_id=run_id, limit=limit, offset=offset)
    return ApiRequest("/api/metrics/history", _history, query)


def performance(
    metric: str, run_id: str | None, *, limit: int | None
) -> ApiRequest[list[PerformancePoint]]:
    path = f"/api/metrics/performance/{quote(metric)}"
    return ApiRequest(path, _performance, drop_none(run_id=run_id, limit=limit))


def epochs(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> ApiRequest[list[EpochDetails]]:
    return ApiRequest("/api/epochs", _epochs, drop_none(run_id=run_id, limit=limit, offset=offset))


def epoch(number: int, run_id: str | None) -> ApiRequest[EpochDetails]:
    return ApiRequest(f"/api/epochs/{number}", _epoch, drop_none(run_id=run_id))


def compare_epochs(
    epochs: Sequence[int], metrics: Sequence[str], run_id: str | None
) -> ApiRequest[EpochComparison]:
    query = drop_none(
        epochs=",".join(map(str, epochs)), metrics=",".join(metrics) or None, run_id=run_id
    )
    return ApiRequest("/api/compare/epochs", _comparison, query)


def stats() -> ApiRequest[SystemStats]:
    return ApiRequest("/api/stats", _stats)
