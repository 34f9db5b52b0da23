"""Decides how many of a journal's next lines are sent to MLflow in one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from training.tracking.delivered_steps import DeliveredSteps
from training.tracking.records import (
    MAX_METRICS,
    MAX_PARAMS,
    MAX_TAGS,
    ArtifactRecord,
    Entry,
    MetricRecord,
    ParamRecord,
    TagRecord,
    decode,
)

MAX_ENTRIES = 1000
MAX_LINE_BYTES = 300_000
"""A request made of this many bytes of lines stays below MLflow's limit of 1 MB."""


@dataclass
class Batch:
    """The entries of one request, at most as many as MLflow accepts.

    A step of a metric that MLflow has (`delivered`), or that is in the batch already, is left out,
    so that a resumed run that logs a step again does not send it again. The last value of a tag
    replaces its earlier ones.
    """

    delivered: DeliveredSteps
    num_lines: int = 0
    new_points: set[tuple[str, int]] = field(default_factory=set)
    """Metric and step of each point in the batch."""
    _num_bytes: int = 0
    _points: list[MetricRecord] = field(default_factory=list)
    _params: dict[str, ParamRecord] = field(default_factory=dict)
    _tags: dict[str, TagRecord] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        return [*self._params.values(), *self._points, *self._tags.values()]

    def add(self, entries: Sequence[Entry], num_bytes: int) -> bool:
        """Add all entries of a line; False, and none added, if they do not fit."""
        # A line has each metric once.
        points = [it for it in entries if isinstance(it, MetricRecord) and self._is_new(it)]
        params = {it.key: it for it in entries if isinstance(it, ParamRecord)}
        tags = {it.key: it for it in entries if isinstance(it, TagRecord)}
        if self.num_lines > 0 and not self._fits(points, params, tags, num_bytes):
            return False
        self._points += points
        self._params |= params
        self._tags |= tags
        self.new_points |= {(point.key, point.step) for point in points}
        self._num_bytes += num_bytes
        self.num_lines += 1
        return True

    def _is_new(self, point: MetricRecord) -> bool:
        is_known = (point.key, point.step) in self.new_points
        return not is_known and not self.delivered.has(point.key, point.step)

    def _fits(
        self,
        points: Sequence[MetricRecord],
        params: Mapping[str, ParamRecord],
        tags: Mapping[str, TagRecord],
        num_bytes: int,
    ) -> bool:
        num_params = len(self._params.keys() | params.keys())
        num_tags = len(self._tags.keys() | tags.keys())
        num_points = len(self._points) + len(points)
        return (
            num_params <= MAX_PARAMS
            and num_tags <= MAX_TAGS
            and num_points <= MAX_METRICS
            and num_points + num_params + num_tags <= MAX_ENTRIES
            and self._num_bytes + num_bytes <= MAX_LINE_BYTES
            # MLflow refuses a changed value of a param, so it goes into a request of its own.
            and all(self._params.get(key, param) == param for key, param in params.items())
        )


def next_batch(lines: Sequence[bytes], delivered: DeliveredSteps) -> Batch:
    """The first `lines` that fit into one request; none if the first one is not an entry.

    Raises the errors of the endpoint if it must be asked for the steps that MLflow has.
    """
    batch = Batch(delivered)
    for line in lines:
        try:
            record = decode(line)
        except ValueError:
            break
        if isinstance(record, ArtifactRecord) or not batch.add(record, len(line)):
            break
    return batch
