"""Converts the write requests that MLflow has accepted into run events."""

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs

from google.protobuf.json_format import ParseError
from google.protobuf.message import Message
from mlflow.protos import mlflow_artifacts_pb2, service_pb2
from mlflow.utils.proto_json_utils import parse_dict

from tracking_plugin.critical_conditions import THRESHOLD_PARAMS
from tracking_plugin.events import (
    MAX_TEXT_CHARS,
    ArtifactLogged,
    ExperimentChanged,
    LoggedPoint,
    MetricsLogged,
    ParamsLogged,
    RunCreated,
    RunDeleted,
    RunEvent,
    RunRestored,
    RunUpdated,
    SystemMetricsLogged,
    TagsChanged,
)
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Param, Tag
from tracking_plugin.plain_batch import plain_batch
from tracking_plugin.write_paths import (
    ArtifactPath,
    experiment_verb,
    is_upload,
    proxied_artifact,
    run_verb,
)

MAX_POINTS_PER_EVENT = 250
"""MLflow accepts 1,000 metrics in one request, which would make too large a message."""

# Subscribers parse these values, some of them JSON, so they must not be truncated.
_PARSED_BY_SUBSCRIBERS = frozenset(map(str, (*Param, *Tag, *THRESHOLD_PARAMS)))
_MAX_STORED_CHARS = 8000
"""The length at which MLflow truncates a tag."""

MessageT = TypeVar("MessageT", bound=Message)


class UnreadableWriteError(Exception):
    """MLflow has accepted a request that this module cannot parse."""


@dataclass(frozen=True, kw_only=True)
class AcceptedWrite:
    """A request that MLflow has answered with 200; bodies are empty unless the endpoint needs them."""

    query: bytes
    body: bytes
    response: bytes
    accepted_ms: int
    workspace: str | None


Reader = Callable[[AcceptedWrite], Iterator[RunEvent | ExperimentChanged]]


@dataclass(frozen=True)
class TappedEndpoint:
    """How to read the accepted requests of an endpoint, and which of their bodies that needs."""

    read: Reader
    needs_body: bool = False
    needs_response: bool = False
    is_artifact: bool = False


def tapped_endpoint(method: str, path: str) -> TappedEndpoint | None:
    """The tapped endpoint of a request, or None if the request changes no run."""
    if method == "PUT":
        put = proxied_artifact(path, ("artifacts",))
        return TappedEndpoint(_proxied(put), is_artifact=True) if put and put.rest else None
    if method != "POST":
        return None
    if (verb := run_verb(path)) is not None:
        return _ENDPOINTS.get(verb)
    if (verb := experiment_verb(path)) is not None:
        return _EXPERIMENT_ENDPOINTS.get(verb)
    if (completed := proxied_artifact(path, ("mpu", "complete"))) is not None:
        return TappedEndpoint(_multipart(completed), needs_body=True, is_artifact=True)
    return TappedEndpoint(_read_upload, is_artifact=True) if is_upload(path) else None


def _read_create(write: AcceptedWrite) -> Iterator[RunEvent]:
    run = _message(write.response, service_pb2.CreateRun.Response()).run
    yield RunCreated(
        run_id=run.info.run_id,
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
        experiment_id=run.info.experiment_id,
        run_name=run.info.run_name,
        status=service_pb2.RunStatus.Name(run.info.status),
        start_time_ms=run.info.start_time,
        tags={tag.key: _truncated(tag.key, tag.value) for tag in run.data.tags},
    )


def _read_batch(write: AcceptedWrite) -> Iterator[RunEvent]:
    if (plain := plain_batch(write.body)) is not None:
        yield from _metrics(write, plain.run_id, plain.points)
        return
    batch = _message(write.body, service_pb2.LogBatch())
    run_id = batch.run_id
    if batch.params:
        yield _params(write, run_id, {param.key: param.value for param in batch.params})
    yield from _metrics(write, run_id, [_point(metric) for metric in batch.metrics])
    if batch.tags:
        yield _tags(write, run_id, {tag.key: tag.value for tag in batch.tags})


def _read_metric(write: AcceptedWrite) -> Iterator[RunEvent]:
    metric = _message(write.body, service_pb2.LogMetric())
    yield from _metrics(write, _run_id(metric), [_point(metric)])


def _read_param(write: AcceptedWrite) -> Iterator[RunEvent]:
    param = _message(write.body, service_pb2.LogParam())
    yield _params(write, _run_id(param), {param.key: param.value})


def _read_tag(write: AcceptedWrite) -> Iterator[RunEvent]:
    tag = _message(write.body, service_pb2.SetTag())
    yield _tags(write, _run_id(tag), {tag.key: tag.value})


def _read_deleted_tag(write: AcceptedWrite) -> Iterator[RunEvent]:
    tag = _message(write.body, service_pb2.DeleteTag())
    yield _tags(write, tag.run_id, {tag.key: None})


def _read_update(write: AcceptedWrite) -> Iterator[RunEvent]:
    update = _message(write.body, service_pb2.UpdateRun())
    yield RunUpdated(
        run_id=_run_id(update),
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
        status=service_pb2.RunStatus.Name(update.status) if update.HasField("status") else None,
        end_time_ms=update.end_time if update.HasField("end_time") else None,
        run_name=update.run_name or None,
    )


def _read_deleted_run(write: AcceptedWrite) -> Iterator[RunEvent]:
    run_id = _message(write.body, service_pb2.DeleteRun()).run_id
    yield RunDeleted(run_id=run_id, accepted_ms=write.accepted_ms, workspace=write.workspace)


def _read_restored_run(write: AcceptedWrite) -> Iterator[RunEvent]:
    run_id = _message(write.body, service_pb2.RestoreRun()).run_id
    yield RunRestored(run_id=run_id, accepted_ms=write.accepted_ms, workspace=write.workspace)


def _read_deleted_experiment(write: AcceptedWrite) -> Iterator[ExperimentChanged]:
    deleted = _message(write.body, service_pb2.DeleteExperiment())
    yield _experiment(write, deleted.experiment_id, is_deleted=True)


def _read_restored_experiment(write: AcceptedWrite) -> Iterator[ExperimentChanged]:
    restored = _message(write.body, service_pb2.RestoreExperiment())
    yield _experiment(write, restored.experiment_id, is_deleted=False)


def _experiment(write: AcceptedWrite, experiment_id: str, *, is_deleted: bool) -> ExperimentChanged:
    return ExperimentChanged(
        experiment_id=experiment_id,
        is_deleted=is_deleted,
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
    )


def _read_upload(write: AcceptedWrite) -> Iterator[RunEvent]:
    arguments = parse_qs(write.query.decode("ascii", "replace"))
    run_ids, paths = arguments.get("run_uuid"), arguments.get("path")
    if not run_ids or not paths:
        raise UnreadableWriteError("the upload has no run_uuid or no path")
    yield _artifact(write, run_ids[0], paths[0])


def _proxied(artifact: ArtifactPath) -> Reader:
    return lambda write: iter([_artifact(write, artifact.run_id, artifact.rest)])


def _multipart(folder: ArtifactPath) -> Reader:
    """The artifact's folder is in the request's path, the file name in its body."""

    def read(write: AcceptedWrite) -> Iterator[RunEvent]:
        upload = _message(write.body, mlflow_artifacts_pb2.CompleteMultipartUpload())
        name = posixpath.basename(upload.path)
        yield _artifact(write, folder.run_id, posixpath.join(folder.rest, name))

    return read


_ENDPOINTS: Mapping[str, TappedEndpoint] = {
    "create": TappedEndpoint(_read_create, needs_response=True),
    "log-batch": TappedEndpoint(_read_batch, needs_body=True),
    "log-metric": TappedEndpoint(_read_metric, needs_body=True),
    "log-parameter": TappedEndpoint(_read_param, needs_body=True),
    "set-tag": TappedEndpoint(_read_tag, needs_body=True),
    "delete-tag": TappedEndpoint(_read_deleted_tag, needs_body=True),
    "update": TappedEndpoint(_read_update, needs_body=True),
    "delete": TappedEndpoint(_read_deleted_run, needs_body=True),
    "restore": TappedEndpoint(_read_restored_run, needs_body=True),
}
_EXPERIMENT_ENDPOINTS: Mapping[str, TappedEndpoint] = {
    "delete": TappedEndpoint(_read_deleted_experiment, needs_body=True),
    "restore": TappedEndpoint(_read_restored_experiment, needs_body=True),
}


def _message(body: bytes, message: MessageT) -> MessageT:
    """Parse `body` as MLflow's own handlers do, including the doubly encoded JSON of old clients."""
    try:
        document: Any = json.loads(body)
        if isinstance(document, str):
            document = json.loads(document)
    except ValueError as error:
        raise UnreadableWriteError("the body is not JSON") from error
    if not isinstance(document, dict):
        raise UnreadableWriteError("the body is not a JSON object")
    # MLflow keeps what it parsed before the first error, and has accepted the request with that.
    with suppress(ParseError):
        parse_dict(document, message)
    return message


def _run_id(message: Any) -> str:
    return str(message.run_id or message.run_uuid)


def _point(metric: Any) -> LoggedPoint:
    return LoggedPoint(metric.key, metric.value, metric.step, metric.timestamp)


def _metrics(write: AcceptedWrite, run_id: str, points: list[LoggedPoint]) -> Iterator[RunEvent]:
    system_points = [point for point in points if point.name.startswith(SYSTEM_METRIC_PREFIX)]
    run_points = [point for point in points if not point.name.startswith(SYSTEM_METRIC_PREFIX)]
    for event_type, group in ((SystemMetricsLogged, system_points), (MetricsLogged, run_points)):
        for start in range(0, len(group), MAX_POINTS_PER_EVENT):
            yield event_type(
                run_id=run_id,
                accepted_ms=write.accepted_ms,
                workspace=write.workspace,
                points=group[start : start + MAX_POINTS_PER_EVENT],
            )


def _params(write: AcceptedWrite, run_id: str, params: Mapping[str, str]) -> ParamsLogged:
    return ParamsLogged(
        run_id=run_id,
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
        params={name: _truncated(name, value) for name, value in params.items()},
    )


def _tags(write: AcceptedWrite, run_id: str, tags: Mapping[str, str | None]) -> TagsChanged:
    return TagsChanged(
        run_id=run_id,
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
        tags={
            key: None if value is None else _truncated(key, value) for key, value in tags.items()
        },
    )


def _artifact(write: AcceptedWrite, run_id: str, path: str) -> ArtifactLogged:
    return ArtifactLogged(
        run_id=run_id,
        accepted_ms=write.accepted_ms,
        workspace=write.workspace,
        path=path[:MAX_TEXT_CHARS],
    )


def _truncated(name: str, value: str) -> str:
    return value[: _MAX_STORED_CHARS if name in _PARSED_BY_SUBSCRIBERS else MAX_TEXT_CHARS]
