"""Keeps what is kept of each diagnosis: the facts that feedback needs, and the trace if it is wanted."""

import logging
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any

from api.diagnosis.records import DiagnosisRecord, ModelVersion
from api.diagnosis.schemas import DiagnosisData, DiagnosisStatus, ModelEntry
from api.diagnosis.store import DiagnosisStore
from api.diagnosis.traces import EXPERIMENT, diagnosis_trace
from api.runs.trace_writer import TraceWriter
from api.storage.database import in_database
from api.timestamps import unix_ms

logger = logging.getLogger(__name__)


class DiagnosisRecorder:
    def __init__(self, store: DiagnosisStore, traces: TraceWriter | None) -> None:
        """Without `traces` no diagnosis is kept as a trace."""
        self._store = store
        self._traces = traces

    async def record(
        self,
        data: DiagnosisData,
        options: Mapping[str, Any],
        workspace: str | None,
        *,
        began_ms: int,
    ) -> None:
        """Never raises: a diagnosis is answered whatever becomes of its record."""
        if data.status is DiagnosisStatus.ERROR:
            return
        if self._traces is not None:
            trace = diagnosis_trace(data, options, began_ms, unix_ms())
            await _attempt("as a trace", self._traces.log(workspace, EXPERIMENT, trace))
        if data.model is not None:
            record = _record(data, data.model, workspace)
            classes = list(data.classification.probabilities)
            await _attempt("for feedback", in_database(partial(self._store.add, record, classes)))


async def _attempt(what: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - the clinician waits for the answer
        # The message of a database may contain what was to be written.
        logger.warning("A diagnosis is not kept %s (%s)", what, type(error).__name__)


def _record(data: DiagnosisData, served: ModelEntry, workspace: str | None) -> DiagnosisRecord:
    return DiagnosisRecord(
        request_id=data.request_id,
        model=ModelVersion(workspace=workspace or "", model=served.name, version=served.version),
        predicted_class="" if data.abstained else data.classification.primary_diagnosis,
        at_ms=unix_ms(),
    )
