"""What of a journal's next lines goes into one request to MLflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from training.tracking.records import (
    MAX_METRICS,
    MAX_PARAMS,
    MAX_TAGS,
    Artifact,
    Entry,
    MetricPoint,
    Param,
    Tag,
    decode,
)

MAX_ENTRIES = 1000
MAX_LINE_BYTES = 300_000
"""Lines of this size stay below MLflow's limit of 1 MB for the request made of them."""


@dataclass
class Batch:
    """Entries for one request, at most as many as MLflow takes at once.

    A metric's points are taken only beyond its highest step so far (`marks`), so that a step that
    is logged again by a resumed run is not sent again. Of a tag's values the last one counts.
    """

    marks: Mapping[str, int]
    num_lines: int = 0
    new_marks: dict[str, int] = field(default_factory=dict)
    _num_bytes: int = 0
    _points: list[MetricPoint] = field(default_factory=list)
    _params: dict[str, Param] = field(default_factory=dict)
    _tags: dict[str, Tag] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        return [*self._params.values(), *self._points, *self._tags.values()]

    def add(self, entries: Sequence[Entry], num_bytes: int) -> bool:
        """Take a line's entries, all or none; False if they do not fit."""
        points = [it for it in entries if isinstance(it, MetricPoint) and self._is_new(it)]
        params = {it.key: it for it in entries if isinstance(it, Param)}
        tags = {it.key: it for it in entries if isinstance(it, Tag)}
        if self.num_lines > 0 and not self._fits(points, params, tags, num_bytes):
            return False
        self._points += points
        self._params |= params
        self._tags |= tags
        self.new_marks |= {point.key: point.step for point in points}
        self._num_bytes += num_bytes
        self.num_lines += 1
        return True

    def _is_new(self, point: MetricPoint) -> bool:
        mark = self.new_marks.get(point.key, self.marks.get(point.key))
        return mark is None or point.step > mark

    def _fits(
        self,
        points: Sequence[MetricPoint],
        params: Mapping[str, Param],
        tags: Mapping[str, Tag],
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
            # A param that changes its value is for MLflow to refuse, by itself.
            and all(self._params.get(key, param) == param for key, param in params.items())
        )


def next_batch(lines: Sequence[bytes], marks: Mapping[str, int]) -> Batch:
    """As many of the first `lines` as go into one request; none if the first is no entry."""
    batch = Batch(marks)
    for line in lines:
        try:
            record = decode(line)
        except ValueError:
            break
        if isinstance(record, Artifact) or not batch.add(record, len(line)):
            break
    return batch
