"""Decides how long a sender waits between attempts, and reports problems once per outage."""

import logging
import random
import threading
from dataclasses import dataclass

from training.tracking.failures import Blocked, Refused, RunGone

logger = logging.getLogger(__name__)

NUM_UNREPORTED_FAILURES = 2


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Delays between attempts, and the number of refusals after which a record is given up."""

    first_delay_s: float = 0.25
    max_delay_s: float = 15.0
    urgent_delay_s: float = 1.0
    num_refusals: int = 3
    num_ambiguous_refusals: int = 8
    num_blocked: int = 3
    num_blocked_by_proxy: int = 20
    num_upload_failures: int = 3

    def delay_s(self, num_failures: int, jitter: float) -> float:
        """Exponential backoff; `jitter` in [0, 1) keeps many senders from retrying in step."""
        max_s = min(self.max_delay_s, self.first_delay_s * 2.0 ** min(num_failures, 30))
        return max_s * (0.5 + 0.5 * jitter)

    def is_final(self, refusal: Refused, num_refusals: int) -> bool:
        limit = self.num_ambiguous_refusals if refusal.is_ambiguous else self.num_refusals
        return num_refusals >= limit

    def is_certainly_blocked(self, problem: Blocked, num_blocked: int) -> bool:
        """Whether `num_blocked` such answers in a row mean that waiting longer is in vain."""
        return num_blocked >= (self.num_blocked_by_proxy if problem.may_pass else self.num_blocked)


class Stopped(Exception):  # noqa: N818
    """The sender was stopped while it waited."""


class Pace:
    """Waits that grow with consecutive failures, and are short while a caller waits for delivery."""

    def __init__(self, policy: RetryPolicy, origin: str) -> None:
        self.policy = policy
        self.problem: Exception | None = None
        self.is_blocked = False
        """Whether the run is deleted, or the server refuses every request: only a person can mend it."""
        self.changed = threading.Condition()
        """Notified of each problem, and by the sender after each delivery."""
        self._origin = origin
        self._num_failures = 0
        self._num_blocked = 0
        self._has_reported_run_gone = False
        self._urgent = threading.Event()
        self._send_now = threading.Event()
        self._stopping = threading.Event()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def set_urgent(self) -> None:
        """End the current wait and keep later ones short, because a caller waits for delivery."""
        self.is_blocked = False
        self._num_blocked = 0
        self._urgent.set()
        self._send_now.set()

    def clear_urgent(self) -> None:
        if not self.is_stopping:
            self._urgent.clear()

    def stop(self) -> None:
        self._stopping.set()
        self._urgent.set()
        self._send_now.set()

    def expedite(self) -> None:
        """End the current call of `gather`, or make the next one return at once."""
        self._send_now.set()

    def gather(self, max_s: float) -> None:
        """Wait for more records to send in one request, unless a caller waits for delivery."""
        if not self._urgent.is_set():
            self._send_now.wait(max_s)
        # Records that a caller waits for are in the spool by now, so the next request has them.
        self._send_now.clear()

    def next_delay_s(self) -> float:
        delay_s = self.policy.delay_s(self._num_failures, random.random())  # noqa: S311
        self._num_failures += 1
        return min(delay_s, self.policy.urgent_delay_s) if self._urgent.is_set() else delay_s

    def back_off(self, problem: Exception) -> None:
        """Report `problem` and wait before the next attempt; raises Stopped if there is to be none."""
        self.report(problem)
        delay_s = self.next_delay_s()
        event = self._stopping if self._urgent.is_set() else self._urgent
        event.wait(delay_s)
        if self.is_stopping:
            raise Stopped

    def report(self, problem: Exception) -> None:
        """Log a problem once per outage; the first failures of an outage are not logged."""
        if isinstance(problem, RunGone) and not self._has_reported_run_gone:
            self._has_reported_run_gone = True
            logger.error("%s: %s. Nothing can be delivered to it.", self._origin, problem)
        elif self._num_failures == NUM_UNREPORTED_FAILURES:
            logger.warning(
                "%s: %s. Logged records are kept on disk and sent again.", self._origin, problem
            )
        self.problem = problem
        self._num_blocked = self._num_blocked + 1 if isinstance(problem, Blocked) else 0
        self.is_blocked = isinstance(problem, RunGone) or (
            isinstance(problem, Blocked)
            and self.policy.is_certainly_blocked(problem, self._num_blocked)
        )
        self.notify()

    def notify(self) -> None:
        """Wake the threads that wait for `changed`."""
        with self.changed:
            self.changed.notify_all()

    def record_success(self) -> None:
        if self._num_failures > NUM_UNREPORTED_FAILURES:
            logger.info("%s: the tracking server accepts records again.", self._origin)
        self.problem = None
        self.is_blocked = self._has_reported_run_gone = False
        self._num_blocked = 0
        self._num_failures = 0
