"""The thread that delivers a run's spool while the run goes on."""

import logging
import threading

from training.errors import TrackingError
from training.tracking.delivery import Delivery
from training.tracking.endpoint import Endpoint
from training.tracking.failures import Refused, Unavailable
from training.tracking.pacing import Pace, RetryPolicy, Stopped
from training.tracking.spool import Spool

logger = logging.getLogger(__name__)

GATHERING_S = 0.5
"""Records of so long a time go into one request: each takes 2 ms of the training's processor."""

FEW_LINES = 100


class Sender:
    """A daemon thread that owns the reading end of a spool, and closes the spool at its end."""

    def __init__(self, spool: Spool, endpoint: Endpoint, policy: RetryPolicy, origin: str) -> None:
        self._spool = spool
        self._pace = Pace(policy, origin)
        self._delivery = Delivery(spool, endpoint, self._pace)
        self._work = threading.Event()
        # The spool may hold what a killed process left.
        self._work.set()
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name="tracking-sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to send."""
        if not self._work.is_set():
            self._work.set()

    def expedite(self) -> None:
        """What there is by now is waited for."""
        self._pace.expedite()

    def flush(self, timeout_s: float) -> None:
        """Wait until what is in the spool now is delivered; TrackingError at the deadline."""
        target = self._spool.records.num_appended
        self._pace.hurry()
        self._delivery.expedite_deferred()
        self._work.set()
        with self._pace.changed:
            self._pace.changed.wait_for(lambda: self._is_settled(target), timeout_s)
        self._pace.take_time()
        if not self._is_delivered(target):
            reason = self._pace.problem or self._delivery.deferral_problem
            raise TrackingError(
                f"{self._spool.num_undelivered} records have not reached the tracking server "
                f"within {timeout_s:g} s" + (f"; the last answer: {reason}." if reason else ".")
            )

    def stop(self, timeout_s: float) -> None:
        """End after the attempt under way, and wait up to `timeout_s` for that."""
        self._pace.stop()
        self._work.set()
        self._thread.join(timeout_s)

    def _is_delivered(self, target: int) -> bool:
        return self._spool.records.num_delivered >= target and self._spool.deferred.num_pending == 0

    def _is_settled(self, target: int) -> bool:
        return self._is_delivered(target) or self._pace.is_hopeless or self._has_ended

    def _run(self) -> None:
        try:
            while not self._pace.is_stopping:
                self._wait_for_work()
                self._work_off()
        except Stopped:
            pass
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self._spool.close()
        finally:
            self._has_ended = True
            self._pace.announce()

    def _wait_for_work(self) -> None:
        self._work.wait(self._delivery.seconds_until_deferred())
        # Cleared before the journal is read, so that no record slips in between unseen.
        self._work.clear()

    def _work_off(self) -> None:
        """Deliver what there is; a failure ends in a wait, after which this is called again."""
        try:
            while not self._pace.is_stopping and self._delivery.deliver_next():
                self._delivery.retry_deferred()
                self._pace.announce()
                if self._spool.records.num_pending < FEW_LINES:
                    self._pace.gather(GATHERING_S)
            self._delivery.retry_deferred()
            self._pace.announce()
        except Stopped:
            raise
        except Exception as problem:
            if not isinstance(problem, Unavailable | Refused):
                logger.exception("Delivering the run's records failed in an unexpected way.")
            self._work.set()
            self._pace.hold(problem)
