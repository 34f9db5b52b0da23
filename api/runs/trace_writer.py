"""Writes traces of one span to MLflow's store."""

import asyncio
import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities import Span
from mlflow.entities.trace_info import TraceInfo
from mlflow.entities.trace_location import TraceLocation
from mlflow.entities.trace_state import TraceState
from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.tracing.constant import (
    TRACE_REQUEST_ID_PREFIX,
    TRACE_SCHEMA_VERSION,
    TRACE_SCHEMA_VERSION_KEY,
    SpanAttributeKey,
    TraceTagKey,
)

from api.errors import UnavailableError
from api.runs.workspaces import within
from api.runs.writer import WRITE_DEADLINE_S, experiment_id_of

_LONGEST_PREVIEW = 1000


@dataclass(frozen=True, kw_only=True)
class NewTrace:
    """A request and its answer; `inputs` and `outputs` are JSON. Times in ms since the Unix epoch."""

    name: str
    request_id: str
    began_ms: int
    ended_ms: int
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    tags: Mapping[str, str]


class TraceWriter:
    def __init__(self, store: Callable[[], AbstractStore] = _get_tracking_store) -> None:
        self._store = store

    async def log(self, workspace: str | None, experiment: str, trace: NewTrace) -> None:
        """Raises UnavailableError or MlflowException if the store does not take it."""

        def write() -> None:
            with within(workspace):
                store = self._store()
                experiment_id = experiment_id_of(store, experiment)
                id_bytes = secrets.token_bytes(16)
                trace_id = f"{TRACE_REQUEST_ID_PREFIX}{id_bytes.hex()}"
                store.start_trace(_info(trace, trace_id, experiment_id))
                store.log_spans(experiment_id, [_span(trace, trace_id, id_bytes)])

        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                await asyncio.to_thread(write)
        except TimeoutError:
            raise UnavailableError("MLflow's store does not respond: try again later") from None


def _info(trace: NewTrace, trace_id: str, experiment_id: str) -> TraceInfo:
    return TraceInfo(
        trace_id=trace_id,
        client_request_id=trace.request_id,
        trace_location=TraceLocation.from_experiment_id(experiment_id),
        request_time=trace.began_ms,
        execution_duration=trace.ended_ms - trace.began_ms,
        state=TraceState.OK,
        request_preview=json.dumps(trace.inputs)[:_LONGEST_PREVIEW],
        response_preview=json.dumps(trace.outputs)[:_LONGEST_PREVIEW],
        trace_metadata={TRACE_SCHEMA_VERSION_KEY: str(TRACE_SCHEMA_VERSION)},
        tags={**trace.tags, TraceTagKey.TRACE_NAME: trace.name},
    )


def _span(trace: NewTrace, trace_id: str, id_bytes: bytes) -> Span:
    # MLflow keeps each attribute as JSON.
    attributes = {
        SpanAttributeKey.REQUEST_ID: trace_id,
        SpanAttributeKey.SPAN_TYPE: "TASK",
        SpanAttributeKey.INPUTS: trace.inputs,
        SpanAttributeKey.OUTPUTS: trace.outputs,
    }
    return Span.from_dict(
        {
            "trace_id": base64.b64encode(id_bytes).decode(),
            "span_id": base64.b64encode(secrets.token_bytes(8)).decode(),
            "parent_span_id": None,
            "name": trace.name,
            "start_time_unix_nano": trace.began_ms * 1_000_000,
            "end_time_unix_nano": trace.ended_ms * 1_000_000,
            "status": {"code": "OK"},
            "attributes": {name: json.dumps(value) for name, value in attributes.items()},
        }
    )
