"""Repeats a request until the tracking server takes it, or a deadline passes."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import requests
from mlflow.exceptions import MlflowException

from training.errors import TrackingError

logger = logging.getLogger(__name__)

RETRY_INTERVAL_S = 5.0

T = TypeVar("T")


def retry_until_accepted(action: Callable[[], T], what: str, timeout_s: float) -> T:
    """What `action` returns once the server takes it; TrackingError at the deadline.

    `what` completes the sentence "The tracking server could not be …".
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return action()
        except (MlflowException, requests.RequestException) as error:
            if time.monotonic() + RETRY_INTERVAL_S > deadline:
                raise TrackingError(
                    f"The tracking server could not be {what} within {timeout_s:.0f} s: {error}"
                ) from error
            logger.warning("The tracking server could not be %s yet: %s", what, error)
            time.sleep(RETRY_INTERVAL_S)
