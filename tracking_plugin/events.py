"""The typed events about runs that processes exchange over the bus."""

import msgspec

MAX_TEXT_CHARS = 500
"""Values of tags and parameters that Fovea does not parse are truncated here; the store has all."""


class LoggedPoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One value of one metric; `timestamp_ms` is Unix time."""

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


class ExperimentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment was deleted or restored with all its runs. The bus carries the events of the runs."""

    experiment_id: str
    is_deleted: bool
    accepted_ms: int
    workspace: str | None = None


class MetricsLogged(_Event, frozen=True, kw_only=True, tag="metrics"):
    points: list[LoggedPoint]


class SystemMetricsLogged(_Event, frozen=True, kw_only=True, tag="system"):
    """Metrics named `system/…`, which MLflow measures on the run's machine."""

    points: list[LoggedPoint]


class ParamsLogged(_Event, frozen=True, kw_only=True, tag="params"):
    params: dict[str, str]


class TagsChanged(_Event, frozen=True, kw_only=True, tag="tags"):
    """A tag whose value is None has been deleted."""

    tags: dict[str, str | None]


class ArtifactLogged(_Event, frozen=True, kw_only=True, tag="artifact"):
    """`path` is relative to the run's artifacts."""

    path: str


class LogLines(_Event, frozen=True, kw_only=True, tag="log"):
    """Lines that the run's job has printed, oldest first."""

    lines: list[str]


class ControlChanged(_Event, frozen=True, kw_only=True, tag="control"):
    """The run's desired or observed state has changed; readers fetch it from the store."""


class AlertChanged(_Event, frozen=True, kw_only=True, tag="alert"):
    """An alert about the run began, changed or ended; `alert` is the JSON that sockets send."""

    alert: str


class InstructionChanged(_Event, frozen=True, kw_only=True, tag="instruction"):
    """An instruction to the run was stored, taken or answered; `instruction` is the JSON that sockets send."""

    instruction: str


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
    | InstructionChanged
)

# MessagePack, because JSON has no NaN, and the NaN of a diverging loss must arrive.
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[RunEvent] = msgspec.msgpack.Decoder(RunEvent)


def encode_event(event: RunEvent) -> bytes:
    return _encoder.encode(event)


def decode_event(encoded: bytes) -> RunEvent:
    """Raises msgspec.MsgspecError if `encoded` is not an event."""
    return _decoder.decode(encoded)
