"""What MLflow has accepted for a run, as typed events that travel between processes."""

import msgspec

LONGEST_TEXT = 500
"""Characters of a tag's or a foreign parameter's value that an event carries; the store has all."""


class MetricPoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One value of one metric; `timestamp_ms` counts from the Unix epoch."""

    name: str
    value: float
    step: int
    timestamp_ms: int


class _Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    run_id: str
    accepted_ms: int
    workspace: str | None = None


class RunCreated(_Event, frozen=True, kw_only=True, tag="run_created"):
    experiment_id: str
    run_name: str = ""
    status: str = "RUNNING"
    start_time_ms: int | None = None
    tags: dict[str, str] = {}


class RunUpdated(_Event, frozen=True, kw_only=True, tag="run_updated"):
    """Fields that are None were not changed."""

    status: str | None = None
    end_time_ms: int | None = None
    run_name: str | None = None


class RunDeleted(_Event, frozen=True, kw_only=True, tag="run_deleted"):
    pass


class RunRestored(_Event, frozen=True, kw_only=True, tag="run_restored"):
    pass


class MetricsLogged(_Event, frozen=True, kw_only=True, tag="metrics"):
    points: list[MetricPoint]


class SystemMetricsLogged(_Event, frozen=True, kw_only=True, tag="system"):
    """Metrics named `system/…`, which MLflow itself takes of the machine."""

    points: list[MetricPoint]


class ParamsLogged(_Event, frozen=True, kw_only=True, tag="params"):
    params: dict[str, str]


class TagsChanged(_Event, frozen=True, kw_only=True, tag="tags"):
    """A tag whose value is None has been deleted."""

    tags: dict[str, str | None]


class ArtifactLogged(_Event, frozen=True, kw_only=True, tag="artifact"):
    """`path` is relative to the run's artifacts."""

    path: str


class LogLines(_Event, frozen=True, kw_only=True, tag="log"):
    """What a run's job has printed, oldest first."""

    lines: list[str]


class ControlChanged(_Event, frozen=True, kw_only=True, tag="control"):
    """What is wanted of the run, or what it says of itself, is no longer what it was."""


class AlertChanged(_Event, frozen=True, kw_only=True, tag="alert"):
    """An alert about the run began, ended or changed; `alert` is JSON, as sockets show it."""

    alert: str


RunEvent = (
    RunCreated
    | RunUpdated
    | RunDeleted
    | RunRestored
    | MetricsLogged
    | SystemMetricsLogged
    | ParamsLogged
    | TagsChanged
    | ArtifactLogged
    | LogLines
    | ControlChanged
    | AlertChanged
)

# JSON has no NaN, and a diverging loss is what must not be lost on the way.
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[RunEvent] = msgspec.msgpack.Decoder(RunEvent)


def encode_event(event: RunEvent) -> bytes:
    return _encoder.encode(event)


def decode_event(encoded: bytes) -> RunEvent:
    """The event in `encoded`; msgspec.ValidationError where it holds something else."""
    return _decoder.decode(encoded)
