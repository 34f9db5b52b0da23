"""How a sender waits between attempts, and what it says about it."""

import logging
import random
import threading
from dataclasses import dataclass

from training.tracking.failures import Refused, RunGone

logger = logging.getLogger(__name__)

QUIET_FAILURES = 2


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long to wait before the next attempt, and how many refusals to believe."""

    first_delay_s: float = 0.25
    max_delay_s: float = 15.0
    hurried_delay_s: float = 1.0
    num_refusals: int = 3
    num_doubtful_refusals: int = 8
    num_upload_failures: int = 3

    def delay_s(self, num_failures: int, chance: float) -> float:
        """Doubles with each failure; `chance` in [0, 1) keeps many senders out of step."""
        ceiling = min(self.max_delay_s, self.first_delay_s * 2.0 ** min(num_failures, 30))
        return ceiling * (0.5 + 0.5 * chance)

    def is_final(self, refusal: Refused, num_refusals: int) -> bool:
        limit = self.num_doubtful_refusals if refusal.is_doubtful else self.num_refusals
        return num_refusals >= limit


class Stopped(Exception):  # noqa: N818
    """The sender was told to stop while it waited."""


class Pace:
    """Waits that grow with the failures in a row, and end early when there is a hurry."""

    def __init__(self, policy: RetryPolicy, origin: str) -> None:
        self.policy = policy
        self.problem: Exception | None = None
        self.is_hopeless = False
        """Whether only a person can help."""
        self._origin = origin
        self.changed = threading.Condition()
        """Notified of each problem, and by the sender of each delivery."""
        self._num_failures = 0
        self._has_told_of_loss = False
        self._hurry = threading.Event()
        self._awaited = threading.Event()
        self._stopping = threading.Event()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def hurry(self) -> None:
        """Try at once, and wait only briefly from now on: somebody is waiting for the result."""
        self.is_hopeless = False
        self._hurry.set()
        self._awaited.set()

    def take_time(self) -> None:
        if not self.is_stopping:
            self._hurry.clear()

    def stop(self) -> None:
        self._stopping.set()
        self._hurry.set()
        self._awaited.set()

    def expedite(self) -> None:
        """End the gathering that is under way, or leave the next one out."""
        self._awaited.set()

    def gather(self, seconds: float) -> None:
        """Let records pile up for one request, unless somebody is waiting for them."""
        if not self._hurry.is_set():
            self._awaited.wait(seconds)
        # What was waited for is logged by now, and goes with what is sent next.
        self._awaited.clear()

    def next_delay_s(self) -> float:
        delay_s = self.policy.delay_s(self._num_failures, random.random())  # noqa: S311
        self._num_failures += 1
        return min(delay_s, self.policy.hurried_delay_s) if self._hurry.is_set() else delay_s

    def hold(self, problem: Exception) -> None:
        """Wait before the next attempt; Stopped if there is to be none."""
        self.report(problem)
        delay_s = self.next_delay_s()
        event = self._stopping if self._hurry.is_set() else self._hurry
        event.wait(delay_s)
        if self.is_stopping:
            raise Stopped

    def report(self, problem: Exception) -> None:
        """Say once per outage what is wrong; a failure or two are not worth a word."""
        if isinstance(problem, RunGone) and not self._has_told_of_loss:
            self._has_told_of_loss = True
            logger.error("%s: %s. Nothing can be delivered to it.", self._origin, problem)
        elif self._num_failures == QUIET_FAILURES:
            logger.warning(
                "%s: %s. What is logged is kept on disk and sent again.", self._origin, problem
            )
        self.problem = problem
        self.is_hopeless = isinstance(problem, RunGone)
        self.announce()

    def announce(self) -> None:
        """Wake those who wait for `changed`."""
        with self.changed:
            self.changed.notify_all()

    def succeeded(self) -> None:
        if self._num_failures > QUIET_FAILURES:
            logger.info("%s: the tracking server takes records again.", self._origin)
        self.problem = None
        self.is_hopeless = self._has_told_of_loss = False
        self._num_failures = 0
