"""Reads metrics through MLflow's store interface, for stores that are not SQL."""

from collections.abc import Collection, Sequence
from math import isnan

from mlflow.store.tracking.abstract_store import AbstractStore

from api.pages import Listed, Page
from api.runs.series import Series, once_per_step
from api.runs.source import EpochSpan, SpanEnds, is_of_training
from tracking_plugin.events import LoggedPoint


class StoredMetrics:
    """A MetricHistory that reads complete metrics."""

    def __init__(self, store: AbstractStore) -> None:
        self._store = store

    def steps(self, run_id: str, page: Page) -> list[int]:
        return _descending({point.step for point in self._points(run_id)}, page).entries

    def num_steps(self, run_id: str) -> int:
        return len({point.step for point in self._points(run_id)})

    def points(self, run_id: str, first_step: int, last_step: int) -> list[LoggedPoint]:
        points = self._points(run_id)
        within = (point for point in points if first_step <= point.step <= last_step)
        return sorted(within, key=_order)

    def series(self, run_id: str, metric: str) -> Series:
        points = self._history(run_id, metric)
        return once_per_step(
            [point.step for point in points],
            [point.timestamp_ms for point in points],
            [point.value for point in points],
        )

    def epochs(self, run_id: str, steps_per_epoch: int, page: Page) -> Listed[int]:
        steps = (point.step for point in self._points(run_id) if point.step > 0)
        return _descending({(step - 1) // steps_per_epoch + 1 for step in steps}, page)

    def span_ends(
        self, run_id: str, metrics: Collection[str], spans: Sequence[EpochSpan]
    ) -> list[SpanEnds]:
        histories = [sorted(self._history(run_id, metric), key=_order) for metric in metrics]
        return [
            ends
            for span in spans
            for history in histories
            if (ends := _ends(span, history)) is not None
        ]

    def _points(self, run_id: str) -> list[LoggedPoint]:
        metrics = filter(is_of_training, self._store.get_run(run_id).data.metrics)
        return [point for metric in metrics for point in self._history(run_id, metric)]

    def _history(self, run_id: str, metric: str) -> list[LoggedPoint]:
        return [
            LoggedPoint(metric, logged.value, logged.step, logged.timestamp)
            for logged in self._store.get_metric_history(run_id, metric)
        ]


def _descending(values: Collection[int], page: Page) -> Listed[int]:
    return Listed(list(page.of(sorted(values, reverse=True))), len(values))


def _order(point: LoggedPoint) -> tuple[int, int, float]:
    return (point.step, point.timestamp_ms, 0.0 if isnan(point.value) else point.value)


def _ends(span: EpochSpan, history: Sequence[LoggedPoint]) -> SpanEnds | None:
    within = [point for point in history if span.first_step <= point.step <= span.last_step]
    if not within:
        return None
    first_step = within[0].step
    # Of several points at the first step, too, the last one logged counts.
    first = [point for point in within if point.step == first_step][-1]
    return SpanEnds(span.epoch, first, within[-1])
