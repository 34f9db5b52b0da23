"""Delivers a spool's records to MLflow in order, and isolates those that it refuses permanently."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto

from tracking_plugin.names import Tag
from training.tracking.batch import next_batch
from training.tracking.delivered_steps import DeliveredSteps
from training.tracking.endpoint import Endpoint
from training.tracking.failures import Blocked, Refused, Unavailable
from training.tracking.pacing import Pace
from training.tracking.records import ArtifactRecord, Entry, TagRecord, decode, rejected_line
from training.tracking.spool import Spool
from training.tracking.uploads import Uploads

logger = logging.getLogger(__name__)

REJECTED_TAG = str(Tag.REJECTED_RECORDS)
"""Tag with the number of records that MLflow refused permanently; set before a record is given up."""

STORE_PAUSE_FACTOR = 5
"""After a failure, an artifact store gets no requests for this many times as long as it took."""


class UploadOutcome(Enum):
    """The result for an artifact; POSTPONED if its store fails while the tracking server works."""

    UPLOADED = auto()
    REJECTED = auto()
    POSTPONED = auto()


class Delivery:
    """Delivers a spool in small steps; used by one thread."""

    def __init__(self, spool: Spool, endpoint: Endpoint, pace: Pace) -> None:
        self._spool = spool
        self._endpoint = endpoint
        self._pace = pace
        self._uploads = Uploads(endpoint, spool)
        self._delivered: DeliveredSteps | None = None
        self._deferred_due_s = 0.0
        self._num_postponements = 0
        self.deferral_problem: Exception | None = None

    @property
    def is_store_blocked(self) -> bool:
        """Whether the artifact store has repeatedly refused what the tracking server has not."""
        problem = self.deferral_problem
        return isinstance(problem, Blocked) and self._pace.policy.is_certainly_blocked(
            problem, self._num_postponements
        )

    def deliver_next(self) -> bool:
        """Deliver the next records; False if there are none. Raises Unavailable."""
        lines = self._spool.records.peek()
        if not lines:
            return False
        if self._delivered is None:
            latest = self._endpoint.latest_steps()
            self._delivered = DeliveredSteps(latest, self._endpoint.metric_steps)
        batch = next_batch(lines, self._delivered)
        if batch.num_lines > 0:
            self._deliver_entries(batch.entries)
            self._delivered.add(batch.new_points)
            self._spool.records.advance(batch.num_lines)
        else:
            self._deliver_artifact(lines[0])
        return True

    def retry_deferred(self) -> None:
        """Try to upload the deferred artifacts again, once their delay is over."""
        while time.monotonic() >= self._deferred_due_s:
            lines = self._spool.deferred.peek()
            if not lines:
                return
            artifact = _decode_artifact(lines[0])
            outcome = self._upload(artifact, max_failures=1)
            if outcome is UploadOutcome.POSTPONED:
                return
            self._spool.deferred.advance(1)
            self._discard_if_uploaded(artifact, outcome)

    def expedite_deferred(self) -> None:
        self._deferred_due_s = 0.0
        self._num_postponements = 0

    def seconds_until_deferred(self) -> float | None:
        """The time until deferred artifacts are tried again; None if there are none."""
        if self._spool.deferred.num_pending == 0:
            return None
        return max(0.0, self._deferred_due_s - time.monotonic())

    def _deliver_artifact(self, line: bytes) -> None:
        try:
            artifact = _decode_artifact(line)
        except ValueError as error:
            self._reject(line.decode("utf-8", "replace"), str(error))
            self._spool.records.advance(1)
            return
        outcome = UploadOutcome.POSTPONED
        if self._spool.deferred.num_pending == 0:
            outcome = self._upload(artifact, max_failures=self._pace.policy.num_upload_failures)
        if outcome is UploadOutcome.POSTPONED:
            self._spool.defer(line)
        self._spool.records.advance(1)
        self._discard_if_uploaded(artifact, outcome)

    def _discard_if_uploaded(self, artifact: ArtifactRecord, outcome: UploadOutcome) -> None:
        """Called after the journal has advanced, so that no pending record lacks its file."""
        if outcome is UploadOutcome.UPLOADED:
            self._spool.discard_payload(artifact.payload)

    def _deliver_entries(self, entries: Sequence[Entry], *, is_part: bool = False) -> None:
        """Send `entries` until each one is accepted or rejected; bisects a refused batch."""
        refusal = self._send(entries, is_part=is_part)
        if refusal is None:
            return
        if len(entries) == 1:
            self._reject(entries[0], str(refusal))
            return
        middle = len(entries) // 2
        self._deliver_entries(entries[:middle], is_part=True)
        self._deliver_entries(entries[middle:], is_part=True)

    def _send(self, entries: Sequence[Entry], *, is_part: bool) -> Refused | None:
        """Send `entries` until they are accepted (None) or certainly refused (the refusal).

        A part of a refused batch is returned for bisection at its first refusal. A single entry
        is given up only after the run has accepted another write.
        """
        num_refusals = 0
        is_confirmed = False
        while entries:
            try:
                self._endpoint.log_batch(entries)
            except Unavailable as problem:
                is_confirmed = False
                self._pace.back_off(problem)
            except Refused as refusal:
                num_refusals += 1
                if is_confirmed or (is_part and len(entries) > 1):
                    return refusal
                if self._pace.policy.is_final(refusal, num_refusals):
                    # If this succeeds, the next refusal is due to the entries, not to the server.
                    is_confirmed = self._other_requests_succeed(entries)
                else:
                    self._pace.back_off(refusal)
            else:
                self._pace.record_success()
                if is_confirmed and len(entries) == 1:
                    self._succeeds(lambda: self._log_num_rejected(self._spool.num_rejected))
                return None
        return None

    def _other_requests_succeed(self, entries: Sequence[Entry]) -> bool:
        return self._run_is_writable() if len(entries) == 1 else self._server_responds()

    def _run_is_writable(self) -> bool:
        """Whether the run exists and accepts a write, namely of the number of rejected records."""
        return self._server_responds() and self._succeeds(
            lambda: self._log_num_rejected(self._spool.num_rejected + 1)
        )

    def _log_num_rejected(self, num_rejected: int) -> None:
        self._endpoint.log_batch([TagRecord(REJECTED_TAG, str(num_rejected))])

    def _server_responds(self) -> bool:
        return self._succeeds(self._endpoint.latest_steps)

    def _succeeds(self, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except (Unavailable, Refused) as problem:
            self._pace.back_off(problem)
            return False
        return True

    def _upload(self, artifact: ArtifactRecord, *, max_failures: int) -> UploadOutcome:
        num_failures = num_refusals = 0
        is_confirmed = False
        while True:
            began_s = time.monotonic()
            problem = self._upload_problem(artifact)
            if problem is None:
                return UploadOutcome.UPLOADED
            if is_confirmed and isinstance(problem, Refused):
                self._reject(artifact, str(problem))
                return UploadOutcome.REJECTED
            is_confirmed = False
            if not self._server_responds():
                continue
            if isinstance(problem, Refused) and not problem.is_ambiguous:
                num_refusals += 1
                is_final = self._pace.policy.is_final(problem, num_refusals)
                is_confirmed = is_final and self._run_is_writable()
            else:
                num_failures += 1
            if num_failures >= max_failures:
                self._postpone(problem, time.monotonic() - began_s)
                return UploadOutcome.POSTPONED
            self._pace.back_off(problem)

    def _upload_problem(self, artifact: ArtifactRecord) -> Exception | None:
        try:
            self._uploads.upload(artifact)
        except (Unavailable, Refused) as problem:
            return problem
        self._pace.record_success()
        self._num_postponements = 0
        self.deferral_problem = None
        return None

    def _postpone(self, problem: Exception, attempt_s: float) -> None:
        delay_s = self._pace.policy.delay_s(self._num_postponements, random.random())  # noqa: S311
        self._num_postponements += 1
        self._deferred_due_s = time.monotonic() + max(delay_s, STORE_PAUSE_FACTOR * attempt_s)
        if self.deferral_problem is None:
            logger.warning(
                "The run's artifact store fails: %s. Artifacts are kept in %s and sent later; all "
                "other records are delivered.",
                problem,
                self._spool.folder,
            )
        self.deferral_problem = problem

    def _reject(self, record: Entry | ArtifactRecord | str, reason: str) -> None:
        line = rejected_line(record, reason, time.time_ns() // 1_000_000)
        logger.warning(
            "MLflow permanently refused the record %s: %s. It is kept in %s.",
            record,
            reason,
            self._spool.folder,
        )
        self._spool.reject(line)


def _decode_artifact(line: bytes) -> ArtifactRecord:
    record = decode(line)
    assert isinstance(record, ArtifactRecord)
    return record
