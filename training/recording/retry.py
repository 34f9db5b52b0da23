"""Repeats a request to the tracking server while the server is away, but not one that it refuses."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from tracking_plugin.server_address import without_credentials
from training.errors import TrackingError, TrainingError, first_line
from training.tracking.failures import is_ambiguous, is_of_own_disk, is_of_request, is_temporary

logger = logging.getLogger(__name__)

RETRY_INTERVAL_S = 5.0
NUM_AMBIGUOUS_REFUSALS = 3
"""After so many refusals that may be due to an overloaded database, the request itself is at fault."""

T = TypeVar("T")


def retry_until_accepted(
    request: Callable[[], T],
    purpose: str,
    timeout_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The result of `request` once the server accepts it.

    Raises TrackingError at the timeout, or at once if the server refuses the request; OSError if a
    disk of this machine has no room for what is sent. `purpose` completes the sentence "The
    tracking server did not accept the request to …".
    """
    deadline = time.monotonic() + timeout_s
    num_ambiguous = 0
    while True:
        try:
            return request()
        except Exception as error:
            is_ours = isinstance(error, TrainingError) or is_of_own_disk(error)
            if is_ours or not is_of_request(error):
                raise
            num_ambiguous += is_ambiguous(error)
            may_recover = is_temporary(error) or 0 < num_ambiguous < NUM_AMBIGUOUS_REFUSALS
            refusal = f"The tracking server did not accept the request to {purpose}"
            reason = without_credentials(first_line(error))
            if not may_recover:
                raise TrackingError(f"{refusal}: {reason}") from error
            if time.monotonic() + RETRY_INTERVAL_S > deadline:
                raise TrackingError(f"{refusal} within {timeout_s:.0f} s: {reason}") from error
            logger.warning("%s; it is repeated: %s", refusal, reason)
            sleep(RETRY_INTERVAL_S)
