"""Records each candidate of a selection as a child run of the pipeline's run."""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from mlflow.utils.time import get_current_time_millis

from tracking_plugin.mlflow_status import end_status_of
from tracking_plugin.names import RunStatus, Tag
from training.errors import TrackingError
from training.job import TrainingJob
from training.recording.retry import retry_until_accepted

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_WAITING = 10_000
"""Candidates that wait for a tracking server that is away; more are not recorded."""


@dataclass(frozen=True, kw_only=True)
class CandidateRecord:
    """One candidate as its run has it."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    status: RunStatus
    message: str = ""


class CandidateRuns:
    """Writes the runs of candidates in a thread, in their order, so that no trial waits for a server."""

    def __init__(self, job: TrainingJob) -> None:
        self._job = job
        self._client = MlflowClient(job.tracking_uri)
        self._waiting: queue.Queue[CandidateRecord | None] = queue.Queue(MAX_WAITING)
        self._num_lost = 0
        self._experiment_id = ""
        self._thread = threading.Thread(target=self._write, name="candidate runs", daemon=True)
        self._thread.start()

    def add(self, record: CandidateRecord) -> None:
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._num_lost += 1

    def close(self, timeout_s: float) -> None:
        """Wait until all are written; a warning names the number of those that are not."""
        try:
            self._waiting.put(None, timeout=timeout_s)
        except queue.Full:
            self._num_lost += 1
        self._thread.join(timeout_s)
        num_lost = self._num_lost + max(0, self._waiting.qsize() - 1)
        if num_lost or self._thread.is_alive():
            logger.warning(
                "The tracking server has no run of %d candidates; project/selection.json has all.",
                max(1, num_lost),
            )

    def _write(self) -> None:
        number = 0
        while (record := self._waiting.get()) is not None:
            number += 1
            try:
                self._write_one(record, number)
            except TrackingError as error:
                self._num_lost += 1
                logger.warning("%s", error)

    def _write_one(self, record: CandidateRecord, number: int) -> None:
        run_id = self._accepted(lambda: self._find_or_create(record, number), record)
        self._accepted(lambda: self._fill(run_id, record), record)

    def _accepted(self, request: Callable[[], T], record: CandidateRecord) -> T:
        purpose = f"record the candidate {record.name}"
        return retry_until_accepted(request, purpose, self._job.delivery_timeout_s)

    def _find_or_create(self, record: CandidateRecord, number: int) -> str:
        """The run of the candidate; an earlier request without a response may have created it."""
        parent = self._job.run_id
        if not self._experiment_id:
            self._experiment_id = self._client.get_run(parent).info.experiment_id
        has_number = f"tags.`{Tag.CANDIDATE}` = '{number}'"
        found = self._client.search_runs(
            [self._experiment_id],
            f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}' AND {has_number} "
            "AND attributes.status = 'RUNNING'",
            max_results=1,
        )
        tags = {
            MLFLOW_PARENT_RUN_ID: parent,
            str(Tag.RECIPE): self._job.recipe,
            str(Tag.CANDIDATE): str(number),
        }
        run = (
            found[0]
            if found
            else self._client.create_run(self._experiment_id, run_name=record.name, tags=tags)
        )
        return str(run.info.run_id)

    def _fill(self, run_id: str, record: CandidateRecord) -> None:
        now = get_current_time_millis()
        tags = {Tag.STATUS: record.status, Tag.MESSAGE: record.message}
        self._client.log_batch(
            run_id,
            metrics=[Metric(name, value, now, 0) for name, value in record.metrics.items()],
            params=[Param(name, str(value)) for name, value in record.params.items()],
            tags=[RunTag(str(name), str(value)) for name, value in tags.items()],
        )
        self._client.set_terminated(run_id, status=end_status_of(record.status).value)
