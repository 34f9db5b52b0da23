"""The newest values of a run, and the values of each step."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from api.pages import Listed, Page
from api.runs.critical_thresholds import critical_thresholds
from api.runs.epoch_scale import epoch_scale
from api.runs.metrics_data import nest
from api.runs.reader import RunReader
from api.runs.schemas import LatestMetrics, MetricsData, MetricsSnapshot
from api.runs.state import TrainingPosition, latest_values, position_at
from api.runs.system_metrics import system_metrics
from api.timestamps import utc
from tracking_plugin.events import LoggedPoint


def latest_metrics(reader: RunReader, run_id: str) -> LatestMetrics:
    """The newest value of every metric, and the progress of the run."""
    state = reader.state(run_id, recent_steps=0)
    position = position_at(state, state.last_step)
    metrics = nest(latest_values(state), critical_thresholds(state.params))
    newest_ms = max((point.timestamp_ms for point in state.latest.values()), default=None)
    return LatestMetrics(
        **{name: getattr(metrics, name) for name in MetricsData.model_fields},
        run_id=run_id,
        step=position.step,
        epoch=position.epoch,
        batch=position.batch,
        timestamp=None if newest_ms is None else utc(newest_ms),
        system=system_metrics(state.latest),
    )


def metrics_history(reader: RunReader, run_id: str, page: Page) -> Listed[MetricsSnapshot]:
    """The values logged at each step, highest step first."""
    state = reader.state(run_id, recent_steps=0)
    num_steps = reader.metrics.num_steps(run_id)
    steps = reader.metrics.steps(run_id, page)
    if not steps:
        return Listed([], num_steps)
    points = reader.metrics.points(run_id, min(steps), max(steps))
    scale = epoch_scale(reader.metrics, state)
    thresholds = critical_thresholds(state.params)
    snapshots = [
        _snapshot(scale.position(step), at_step, thresholds)
        for step, at_step in groupby(points, key=lambda point: point.step)
    ]
    return Listed(snapshots[::-1], num_steps)


def _snapshot(
    position: TrainingPosition, points: Iterable[LoggedPoint], thresholds: Mapping[str, float]
) -> MetricsSnapshot:
    # The last point of a metric counts.
    counted = {point.name: point for point in points}
    assert position.step is not None
    return MetricsSnapshot(
        step=position.step,
        epoch=position.epoch,
        batch=position.batch,
        metrics=nest({name: point.value for name, point in counted.items()}, thresholds),
        timestamp=utc(max(point.timestamp_ms for point in counted.values())),
    )
