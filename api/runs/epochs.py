"""The epochs of a run with the metrics logged in them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from api.errors import NotFoundError
from api.pages import Listed, Page
from api.runs.critical_thresholds import critical_thresholds
from api.runs.epoch_scale import epoch_scale
from api.runs.evaluations import evaluation_of
from api.runs.metric_names import resolve_metrics
from api.runs.metrics_data import nest
from api.runs.reader import RunReader
from api.runs.schemas import EpochComparison, EpochDetails, EpochValues, MetricsData
from api.runs.source import EpochSpan, SpanEnds, is_of_training
from api.timestamps import utc
from tracking_plugin.mlflow_status import ACTIVE_STATUSES


class EpochNotFoundError(NotFoundError):
    """Nothing was logged in that epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__(
            f"The run has logged nothing in epoch {epoch}: GET /api/epochs lists its epochs"
        )


def list_epochs(reader: RunReader, run_id: str, page: Page) -> Listed[EpochDetails]:
    """Newest first, without their evaluations."""
    run = _RunEpochs(reader, run_id)
    spans = run.scale.spans(page)
    ends = run.ends(spans.entries)
    return Listed([run.details(span, ends[span.epoch]) for span in spans.entries], spans.total)


def epoch_details(reader: RunReader, run_id: str, epoch: int) -> EpochDetails:
    """One epoch, with its evaluation if there is one. Raises EpochNotFoundError."""
    run = _RunEpochs(reader, run_id)
    [span] = run.spans([epoch])
    details = run.details(span, run.logged_ends([span])[epoch])
    evaluation = evaluation_of(reader, run_id, epoch)
    return details.model_copy(update={} if evaluation is None else dict(evaluation))


def compare_epochs(
    reader: RunReader, run_id: str, epochs: Sequence[int], metrics: Sequence[str]
) -> EpochComparison:
    """The last values of `metrics` in each of `epochs`. Raises EpochNotFoundError."""
    run = _RunEpochs(reader, run_id)
    names = list(
        dict.fromkeys(name for metric in metrics for name in resolve_metrics(metric, run.metrics))
    )
    ends = run.logged_ends(run.spans(epochs))
    values = [
        EpochValues(epoch=epoch, metrics=run.values(ends[epoch], names))
        for epoch in dict.fromkeys(epochs)
    ]
    return EpochComparison(run_id=run_id, metrics=names, epochs=values)


class _RunEpochs:
    """A run and the scale of its epochs."""

    def __init__(self, reader: RunReader, run_id: str) -> None:
        self._state = reader.state(run_id, recent_steps=0)
        self._history = reader.metrics
        self._thresholds = critical_thresholds(self._state.params)
        self.scale = epoch_scale(self._history, self._state)
        self.metrics = list(filter(is_of_training, self._state.latest))

    def spans(self, epochs: Iterable[int]) -> list[EpochSpan]:
        """The spans of these epochs, without repetition. Raises EpochNotFoundError."""
        found = []
        for epoch in dict.fromkeys(epochs):
            if (span := self.scale.span(epoch)) is None:
                raise EpochNotFoundError(epoch)
            found.append(span)
        return found

    def ends(self, spans: Sequence[EpochSpan]) -> Mapping[int, list[SpanEnds]]:
        """The first and last point of each metric, by epoch."""
        by_epoch: dict[int, list[SpanEnds]] = defaultdict(list)
        for ends in self._history.span_ends(self._state.run_id, self.metrics, spans):
            by_epoch[ends.epoch].append(ends)
        return by_epoch

    def logged_ends(self, spans: Sequence[EpochSpan]) -> Mapping[int, list[SpanEnds]]:
        """As `ends`. Raises EpochNotFoundError if an epoch has no metrics."""
        by_epoch = self.ends(spans)
        for span in spans:
            if span.epoch not in by_epoch:
                raise EpochNotFoundError(span.epoch)
        return by_epoch

    def values(self, ends: Iterable[SpanEnds], names: Collection[str]) -> MetricsData:
        last = (end.last for end in ends)
        return nest(
            {point.name: point.value for point in last if point.name in names}, self._thresholds
        )

    def details(self, span: EpochSpan, ends: Sequence[SpanEnds]) -> EpochDetails:
        start_ms = min(end.first.timestamp_ms for end in ends)
        end_ms = max(end.last.timestamp_ms for end in ends)
        is_over = self._is_over(span)
        return EpochDetails(
            run_id=self._state.run_id,
            epoch=span.epoch,
            total_batches=self._state.steps_per_epoch,
            first_step=min(end.first.step for end in ends),
            last_step=max(end.last.step for end in ends),
            start_time=utc(start_ms),
            end_time=utc(end_ms) if is_over else None,
            duration=max(0, end_ms - start_ms) / 1000 if is_over else None,
            metrics=self.values(ends, self.metrics),
        )

    def _is_over(self, span: EpochSpan) -> bool:
        last_step = self._state.last_step
        has_passed = last_step is not None and last_step >= span.last_step
        return has_passed or self._state.mlflow_status not in ACTIVE_STATUSES
