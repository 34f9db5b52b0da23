"""Hands a spool's records to MLflow in their order, and finds the ones it will never take."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto

from tracking_plugin.names import Tag as TagName
from training.tracking.batch import next_batch
from training.tracking.endpoint import Endpoint
from training.tracking.failures import Refused, Unavailable
from training.tracking.pacing import Pace
from training.tracking.records import Artifact, Entry, Tag, decode, rejected_line
from training.tracking.spool import Spool
from training.tracking.uploads import Uploads

logger = logging.getLogger(__name__)

REJECTED_TAG = str(TagName.REJECTED_RECORDS)
"""How many records MLflow has refused for good; set on the run before one is given up."""

STORE_REST = 5
"""An artifact store that fails slowly is left alone for this many times as long as it took."""


class Outcome(Enum):
    """What became of an artifact; POSTPONED if its store fails while the server is well."""

    UPLOADED = auto()
    REJECTED = auto()
    POSTPONED = auto()


class Delivery:
    """Delivers a spool piece by piece; used by one thread."""

    def __init__(self, spool: Spool, endpoint: Endpoint, pace: Pace) -> None:
        self._spool = spool
        self._endpoint = endpoint
        self._pace = pace
        self._uploads = Uploads(endpoint, spool)
        self._marks: dict[str, int] | None = None
        self._deferred_due_s = 0.0
        self._num_postponements = 0
        self.deferral_problem: Exception | None = None

    def deliver_next(self) -> bool:
        """Deliver the next records; False if there are none. Raises Unavailable."""
        lines = self._spool.records.peek()
        if not lines:
            return False
        if self._marks is None:
            self._marks = self._endpoint.latest_steps()
        batch = next_batch(lines, self._marks)
        if batch.num_lines > 0:
            self._deliver_entries(batch.entries)
            self._marks |= batch.new_marks
            self._spool.records.advance(batch.num_lines)
        else:
            self._deliver_single(lines[0])
        return True

    def retry_deferred(self) -> None:
        """Try again, when it is time, what its store would not take."""
        while time.monotonic() >= self._deferred_due_s:
            lines = self._spool.deferred.peek()
            if not lines:
                return
            artifact = _artifact(lines[0])
            outcome = self._upload(artifact, max_failures=1)
            if outcome is Outcome.POSTPONED:
                return
            self._spool.deferred.advance(1)
            self._discard_if_uploaded(artifact, outcome)

    def expedite_deferred(self) -> None:
        self._deferred_due_s = 0.0

    def seconds_until_deferred(self) -> float | None:
        """How long the deferred artifacts still wait; None if there are none."""
        if self._spool.deferred.num_pending == 0:
            return None
        return max(0.0, self._deferred_due_s - time.monotonic())

    def _deliver_single(self, line: bytes) -> None:
        try:
            artifact = _artifact(line)
        except ValueError as error:
            self._reject(line.decode("utf-8", "replace"), str(error))
            self._spool.records.advance(1)
            return
        outcome = Outcome.POSTPONED
        if self._spool.deferred.num_pending == 0:
            outcome = self._upload(artifact, max_failures=self._pace.policy.num_upload_failures)
        if outcome is Outcome.POSTPONED:
            self._spool.defer(line)
        self._spool.records.advance(1)
        self._discard_if_uploaded(artifact, outcome)

    def _discard_if_uploaded(self, artifact: Artifact, outcome: Outcome) -> None:
        """Called once the journal is past the artifact, so that no record is left without a file."""
        if outcome is Outcome.UPLOADED:
            self._spool.discard_payload(artifact.payload)

    def _deliver_entries(self, entries: Sequence[Entry], *, is_part: bool = False) -> None:
        """Send `entries` until each one is accepted or rejected."""
        refusal = self._refusal(entries, is_part=is_part)
        if refusal is None:
            return
        if len(entries) == 1:
            self._reject(entries[0], str(refusal))
            return
        middle = len(entries) // 2
        self._deliver_entries(entries[:middle], is_part=True)
        self._deliver_entries(entries[middle:], is_part=True)

    def _refusal(self, entries: Sequence[Entry], *, is_part: bool) -> Refused | None:
        """None once `entries` are accepted; why not, once that is certain.

        Parts of a refused batch are split again at their first refusal; a single entry is not
        given up before the run has taken another one in its stead.
        """
        num_refusals = 0
        is_confirmed = False
        while entries:
            try:
                self._endpoint.log_batch(entries)
            except Unavailable as problem:
                is_confirmed = False
                self._pace.hold(problem)
            except Refused as refusal:
                num_refusals += 1
                if is_confirmed or (is_part and len(entries) > 1):
                    return refusal
                if self._pace.policy.is_final(refusal, num_refusals):
                    # Only what is refused again after this is to blame for it.
                    is_confirmed = self._can_do_without(entries)
                else:
                    self._pace.hold(refusal)
            else:
                self._pace.succeeded()
                if is_confirmed and len(entries) == 1:
                    self._succeeds(lambda: self._announce_rejections(self._spool.num_rejected))
                return None
        return None

    def _can_do_without(self, entries: Sequence[Entry]) -> bool:
        return self._run_takes_others() if len(entries) == 1 else self._server_is_well()

    def _run_takes_others(self) -> bool:
        """Whether the run exists and can be written to."""
        return self._server_is_well() and self._succeeds(
            lambda: self._announce_rejections(self._spool.num_rejected + 1)
        )

    def _announce_rejections(self, num_rejected: int) -> None:
        self._endpoint.log_batch([Tag(REJECTED_TAG, str(num_rejected))])

    def _server_is_well(self) -> bool:
        return self._succeeds(self._endpoint.latest_steps)

    def _succeeds(self, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except (Unavailable, Refused) as problem:
            self._pace.hold(problem)
            return False
        return True

    def _upload(self, artifact: Artifact, *, max_failures: int) -> Outcome:
        num_failures = num_refusals = 0
        is_confirmed = False
        while True:
            began_s = time.monotonic()
            problem = self._upload_problem(artifact)
            if problem is None:
                return Outcome.UPLOADED
            if is_confirmed and isinstance(problem, Refused):
                self._reject(artifact, str(problem))
                return Outcome.REJECTED
            is_confirmed = False
            if not self._server_is_well():
                continue
            if isinstance(problem, Refused) and not problem.is_doubtful:
                num_refusals += 1
                is_final = self._pace.policy.is_final(problem, num_refusals)
                is_confirmed = is_final and self._run_takes_others()
            else:
                num_failures += 1
            if num_failures >= max_failures:
                self._postpone(problem, time.monotonic() - began_s)
                return Outcome.POSTPONED
            self._pace.hold(problem)

    def _upload_problem(self, artifact: Artifact) -> Exception | None:
        try:
            self._uploads.upload(artifact)
        except (Unavailable, Refused) as problem:
            return problem
        self._pace.succeeded()
        self._num_postponements = 0
        self.deferral_problem = None
        return None

    def _postpone(self, problem: Exception, attempt_s: float) -> None:
        delay_s = self._pace.policy.delay_s(self._num_postponements, random.random())  # noqa: S311
        self._num_postponements += 1
        self._deferred_due_s = time.monotonic() + max(delay_s, STORE_REST * attempt_s)
        if self.deferral_problem is None:
            logger.warning(
                "The run's artifact store fails: %s. Artifacts wait in %s; all else is delivered.",
                problem,
                self._spool.folder,
            )
        self.deferral_problem = problem

    def _reject(self, record: Entry | Artifact | str, reason: str) -> None:
        line = rejected_line(record, reason, time.time_ns() // 1_000_000)
        logger.warning(
            "MLflow refuses a record for good, %s: %s. It is kept in %s.",
            record,
            reason,
            self._spool.folder,
        )
        self._spool.reject(line)


def _artifact(line: bytes) -> Artifact:
    record = decode(line)
    assert isinstance(record, Artifact)
    return record
