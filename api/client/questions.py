"""What a client may ask over REST: where each question goes, and the type of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from api.client.refusals import NotFoveaError, refusal_of
from api.reading.pages import TOTAL_COUNT_HEADER, Listed
from api.schemas import MetricsSnapshot, PerformancePoint
from api.schemas_runs import EpochComparison, EpochDetails, LatestMetrics, RunSummary
from api.schemas_server import Health
from api.stats import SystemStats

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """A GET request."""

    path: str
    answer: TypeAdapter[T]
    query: Mapping[str, str | int]

    def answer_in(self, response: httpx.Response) -> T:
        """What the server said; ApiError where it refused or is no Fovea server."""
        if not response.is_success:
            raise refusal_of(response)
        try:
            return self.answer.validate_json(response.content)
        except ValidationError:
            raise NotFoveaError(
                f"{response.request.url.copy_with(query=None)} was answered with something else "
                "than expected: is it a Fovea server, and of this version?"
            ) from None

    def listed_in(self: "Question[list[Entry]]", response: httpx.Response) -> "Listed[Entry]":
        """As `answer_in`, with the number of entries on all pages."""
        entries = self.answer_in(response)
        total = response.headers.get(TOTAL_COUNT_HEADER, "")
        return Listed(entries, int(total) if total.isdecimal() else len(entries))


Entry = TypeVar("Entry")

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
    return Question("/api/health", _health, {})


def runs(
    *, experiment: str | None, status: str | None, limit: int | None, offset: int | None
) -> Question[list[RunSummary]]:
    query = _given(experiment=experiment, status=status, limit=limit, offset=offset)
    return Question("/api/runs", _runs, query)


def latest(run_id: str | None) -> Question[LatestMetrics]:
    return Question("/api/metrics/latest", _latest, _given(run_id=run_id))


def history(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> Question[list[MetricsSnapshot]]:
    query = _given(run_id=run_id, limit=limit, offset=offset)
    return Question("/api/metrics/history", _history, query)


def performance(
    metric: str, run_id: str | None, *, limit: int | None
) -> Question[list[PerformancePoint]]:
    path = f"/api/metrics/performance/{quote(metric)}"
    return Question(path, _performance, _given(run_id=run_id, limit=limit))


def epochs(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> Question[list[EpochDetails]]:
    return Question("/api/epochs", _epochs, _given(run_id=run_id, limit=limit, offset=offset))


def epoch(number: int, run_id: str | None) -> Question[EpochDetails]:
    return Question(f"/api/epochs/{number}", _epoch, _given(run_id=run_id))


def compare_epochs(
    epochs: Sequence[int], metrics: Sequence[str], run_id: str | None
) -> Question[EpochComparison]:
    query = _given(
        epochs=",".join(map(str, epochs)), metrics=",".join(metrics) or None, run_id=run_id
    )
    return Question("/api/compare/epochs", _comparison, query)


def stats() -> Question[SystemStats]:
    return Question("/api/stats", _stats, {})


def _given(**query: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in query.items() if value is not None}
