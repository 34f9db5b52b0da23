"""The lines of a run's journal: what a log call writes down, and what is read back of it."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

MAX_METRICS = 1000
MAX_PARAMS = 100
MAX_TAGS = 100
"""Most metrics, params and tags that MLflow takes at once; no line holds more."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """A metric's value at a step."""

    key: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Param:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Tag:
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to upload to `path` in the run; `payload` is its name in the spool."""

    path: str
    payload: str


Entry = MetricPoint | Param | Tag


def metric_lines(metrics: Mapping[str, float], step: int, timestamp_ms: int) -> list[bytes]:
    values = {key: float(value) for key, value in metrics.items()}
    return [
        _encoded({"time_ms": timestamp_ms, "step": int(step), "metrics": some})
        for some in _in_parts(values, MAX_METRICS)
    ]


def param_lines(params: Mapping[str, str]) -> list[bytes]:
    values = {key: str(value) for key, value in params.items()}
    return [_encoded({"params": some}) for some in _in_parts(values, MAX_PARAMS)]


def tag_lines(tags: Mapping[str, str]) -> list[bytes]:
    values = {key: str(value) for key, value in tags.items()}
    return [_encoded({"tags": some}) for some in _in_parts(values, MAX_TAGS)]


def artifact_line(path: str, payload: str) -> bytes:
    return _encoded({"artifact": path, "payload": payload})


def rejected_line(record: Entry | Artifact | str, reason: str, timestamp_ms: int) -> bytes:
    """A line that keeps what the server would not take; `record` is text if it was unreadable."""
    content = record if isinstance(record, str) else asdict(record)
    kind = "unreadable" if isinstance(record, str) else type(record).__name__
    if isinstance(record, MetricPoint):
        content = {**asdict(record), "value": finite_or_name(record.value)}
    return _encoded({"kind": kind, "record": content, "reason": reason, "time_ms": timestamp_ms})


def decode(line: bytes) -> Artifact | list[Entry]:
    """What a line holds; ValueError if it is not one of ours."""
    try:
        record = json.loads(line)
        if "artifact" in record:
            return Artifact(record["artifact"], record["payload"])
        return [*_points(record), *_params_and_tags(record)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a line of a journal: {line[:200]!r}") from error


def finite_or_name(value: float) -> float | str:
    """JSON has no word for NaN and the infinities; MLflow and float() take these names."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _points(record: Mapping[str, Any]) -> Iterator[MetricPoint]:
    for key, value in record.get("metrics", {}).items():
        yield MetricPoint(key, float(value), record["step"], record["time_ms"])


def _params_and_tags(record: Mapping[str, Any]) -> Iterator[Param | Tag]:
    for key, value in record.get("params", {}).items():
        yield Param(key, value)
    for key, value in record.get("tags", {}).items():
        yield Tag(key, value)


def _in_parts(values: dict[str, V], max_size: int) -> list[dict[str, V]]:
    if len(values) <= max_size:
        return [values] if values else []
    items = list(values.items())
    return [dict(items[start : start + max_size]) for start in range(0, len(items), max_size)]


# Made once: building an encoder costs more than encoding a step's metrics.
_json_text = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return _json_text(record).encode("ascii")
    except ValueError:
        metrics = {key: finite_or_name(value) for key, value in record["metrics"].items()}
        return _json_text({**record, "metrics": metrics}).encode("ascii")
