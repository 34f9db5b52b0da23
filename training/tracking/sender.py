"""Delivers a run's spool in a background thread while the run logs."""

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
"""Records of this period share a request, because each request costs the training 2 ms of CPU."""

FEW_LINES = 100
"""With fewer pending lines than this, the sender waits for more before the next request."""


class Sender:
    """A daemon thread that reads the spool, and closes it when the thread ends."""

    def __init__(self, spool: Spool, endpoint: Endpoint, policy: RetryPolicy, origin: str) -> None:
        self._spool = spool
        self._pace = Pace(policy, origin)
        self._delivery = Delivery(spool, endpoint, self._pace)
        self._work = threading.Event()
        # The spool may hold records of a process that was killed.
        self._work.set()
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name="tracking-sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Signal that there are new records."""
        if not self._work.is_set():
            self._work.set()

    def expedite(self) -> None:
        """Send the records logged so far now, instead of waiting for more to share the request."""
        self._pace.expedite()

    def flush(self, timeout_s: float) -> None:
        """Wait until all present records are delivered; raises TrackingError after `timeout_s`."""
        target = self._spool.records.num_appended
        self._pace.set_urgent()
        self._delivery.expedite_deferred()
        self._work.set()
        with self._pace.changed:
            self._pace.changed.wait_for(lambda: self._is_settled(target), timeout_s)
        self._pace.clear_urgent()
        if not self._is_delivered(target):
            reason = self._pace.problem or self._delivery.deferral_problem
            within = "" if self._is_blocked else f" within {timeout_s:g} s"
            raise TrackingError(
                f"{self._spool.num_undelivered} records have not reached the tracking server{within}"
                + (f"; the last error: {reason}." if reason else ".")
            )

    def stop(self, timeout_s: float) -> None:
        """Stop after the current attempt, and wait up to `timeout_s` for the thread to end."""
        self._pace.stop()
        self._work.set()
        self._thread.join(timeout_s)

    def _is_delivered(self, target: int) -> bool:
        return self._spool.records.num_delivered >= target and self._spool.deferred.num_pending == 0

    def _is_settled(self, target: int) -> bool:
        return self._is_delivered(target) or self._is_blocked or self._has_ended

    @property
    def _is_blocked(self) -> bool:
        """Whether waiting longer is in vain."""
        return self._pace.is_blocked or self._delivery.is_store_blocked

    def _run(self) -> None:
        try:
            while not self._pace.is_stopping:
                self._wait_for_work()
                self._deliver_pending()
        except Stopped:
            pass
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self._spool.close()
        finally:
            self._has_ended = True
            self._pace.notify()

    def _wait_for_work(self) -> None:
        self._work.wait(self._delivery.seconds_until_deferred())
        # Cleared before the journal is read, so that a record appended meanwhile sets it again.
        self._work.clear()

    def _deliver_pending(self) -> None:
        """Deliver all present records; after a failure, wait and let the caller try again."""
        try:
            while not self._pace.is_stopping and self._delivery.deliver_next():
                self._delivery.retry_deferred()
                self._pace.notify()
                if self._spool.records.num_pending < FEW_LINES:
                    self._pace.gather(GATHERING_S)
            self._delivery.retry_deferred()
            self._pace.notify()
        except Stopped:
            raise
        except Exception as problem:
            if not isinstance(problem, Unavailable | Refused):
                logger.exception("An unexpected error occurred while records were delivered.")
            self._work.set()
            self._pace.back_off(problem)
