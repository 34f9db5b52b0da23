"""Encodes logged values as lines of a run's journal, and decodes them."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

MAX_METRICS = 1000
MAX_PARAMS = 100
MAX_TAGS = 100
"""MLflow accepts at most this many metrics, params and tags in a request; no line has more."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """The value of a metric at a step."""

    KIND: ClassVar = "MetricPoint"
    """The kind that rejected.jsonl names."""

    key: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class ParamRecord:
    KIND: ClassVar = "Param"

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class TagRecord:
    KIND: ClassVar = "Tag"

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A file to upload to the run's artifact `path`; `payload` is its path in the spool."""

    KIND: ClassVar = "Artifact"

    path: str
    payload: str


Entry = MetricRecord | ParamRecord | TagRecord
"""A record that is sent in a batch."""


def metric_lines(metrics: Mapping[str, float], step: int, timestamp_ms: int) -> list[bytes]:
    values = {key: float(value) for key, value in metrics.items()}
    return [
        _encoded({"time_ms": timestamp_ms, "step": int(step), "metrics": part})
        for part in _in_parts(values, MAX_METRICS)
    ]


def param_lines(params: Mapping[str, str]) -> list[bytes]:
    values = {key: str(value) for key, value in params.items()}
    return [_encoded({"params": part}) for part in _in_parts(values, MAX_PARAMS)]


def tag_lines(tags: Mapping[str, str]) -> list[bytes]:
    values = {key: str(value) for key, value in tags.items()}
    return [_encoded({"tags": part}) for part in _in_parts(values, MAX_TAGS)]


def artifact_line(path: str, payload: str) -> bytes:
    return _encoded({"artifact": path, "payload": payload})


def rejected_line(record: Entry | ArtifactRecord | str, reason: str, timestamp_ms: int) -> bytes:
    """A line for rejected.jsonl; `record` is a string if its line could not be decoded."""
    content = record if isinstance(record, str) else asdict(record)
    kind = "unreadable" if isinstance(record, str) else record.KIND
    if isinstance(record, MetricRecord):
        content = {**asdict(record), "value": finite_or_name(record.value)}
    return _encoded({"kind": kind, "record": content, "reason": reason, "time_ms": timestamp_ms})


def decode(line: bytes) -> ArtifactRecord | list[Entry]:
    """The records in a line of the journal; raises ValueError if it is not one."""
    try:
        record = json.loads(line)
        if "artifact" in record:
            return ArtifactRecord(record["artifact"], record["payload"])
        return [*_points(record), *_params_and_tags(record)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a line of a journal: {line[:200]!r}") from error


def split_by_kind(
    entries: Sequence[Entry],
) -> tuple[list[MetricRecord], list[ParamRecord], list[TagRecord]]:
    metrics = [entry for entry in entries if isinstance(entry, MetricRecord)]
    params = [entry for entry in entries if isinstance(entry, ParamRecord)]
    tags = [entry for entry in entries if isinstance(entry, TagRecord)]
    return metrics, params, tags


def finite_or_name(value: float) -> float | str:
    """The value, or its name if JSON cannot express it; MLflow and float() accept these names."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _points(record: Mapping[str, Any]) -> Iterator[MetricRecord]:
    for key, value in record.get("metrics", {}).items():
        yield MetricRecord(key, float(value), record["step"], record["time_ms"])


def _params_and_tags(record: Mapping[str, Any]) -> Iterator[ParamRecord | TagRecord]:
    for key, value in record.get("params", {}).items():
        yield ParamRecord(key, value)
    for key, value in record.get("tags", {}).items():
        yield TagRecord(key, value)


def _in_parts(values: dict[str, V], max_size: int) -> list[dict[str, V]]:
    if len(values) <= max_size:
        return [values] if values else []
    items = list(values.items())
    return [dict(items[start : start + max_size]) for start in range(0, len(items), max_size)]


# Created once, because creating an encoder costs more than encoding the metrics of a step.
_json_text = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return _json_text(record).encode("ascii")
    except ValueError:
        metrics = {key: finite_or_name(value) for key, value in record["metrics"].items()}
        return _json_text({**record, "metrics": metrics}).encode("ascii")
