"""One metric of a run as a curve, downsampled for charts."""

from collections.abc import Iterator

from api.pages import Listed
from api.runs.downsampling import downsample
from api.runs.epoch_scale import EpochScale, epoch_scale
from api.runs.metric_names import resolve_metrics
from api.runs.metric_values import finite
from api.runs.reader import RunReader
from api.runs.schemas import PerformancePoint
from api.runs.series import Series, StepRange
from api.timestamps import utc


def performance(
    reader: RunReader, run_id: str, metric: str, limit: int, steps: StepRange
) -> Listed[PerformancePoint]:
    """Points by step, at most `limit` of each metric that `metric` stands for, and the total number."""
    state = reader.state(run_id, recent_steps=0)
    names = resolve_metrics(metric, state.latest)
    curves = {name: reader.metrics.series(run_id, name).between(steps) for name in names}
    scale = epoch_scale(reader.metrics, state)
    points = [
        point
        for name, series in curves.items()
        for point in _points(name, series.at(downsample(series.values, limit)), scale)
    ]
    points.sort(key=lambda point: point.step)
    return Listed(points, sum(map(len, curves.values())))


def _points(name: str, series: Series, scale: EpochScale) -> Iterator[PerformancePoint]:
    columns = (series.steps.tolist(), series.timestamps_ms.tolist(), series.values.tolist())
    for step, timestamp_ms, number in zip(*columns, strict=True):
        position, value = scale.position(step), finite(number)
        yield PerformancePoint(
            metric=name,
            value=value.value,
            not_finite=value.not_finite,
            step=step,
            epoch=position.epoch,
            batch=position.batch,
            timestamp=utc(timestamp_ms),
        )
