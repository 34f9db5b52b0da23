"""Repeats a request until the tracking server accepts it, or until a timeout."""

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


def retry_until_accepted(request: Callable[[], T], purpose: str, timeout_s: float) -> T:
    """The result of `request` once the server accepts it. Raises TrackingError at the timeout.

    `purpose` completes the sentence "The tracking server did not accept the request to …".
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return request()
        except (MlflowException, requests.RequestException) as error:
            refusal = f"The tracking server did not accept the request to {purpose}"
            if time.monotonic() + RETRY_INTERVAL_S > deadline:
                raise TrackingError(f"{refusal} within {timeout_s:.0f} s: {error}") from error
            logger.warning("%s; it is repeated: %s", refusal, error)
            time.sleep(RETRY_INTERVAL_S)
