"""Decides whether a lost live connection is opened again, and after which delay."""

import os
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    SecurityError,
    WebSocketException,
)
from websockets.frames import CloseCode

from api.client.refusals import NotFoveaError, RequestRefusedError, code_name, untrusted
from api.errors import ApiError
from tracking_plugin.server_address import without_credentials

LOSSES = (OSError, WebSocketException, ImportError)
"""The errors that end a connection: a timeout is an OSError, a missing package for a proxy an ImportError."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0

_BUSY_ATTEMPTS = 4
_CLOSED_BY_FOVEA = 4000
_RETRIED_STATUSES: Mapping[int, str] = {
    HTTPStatus.REQUEST_TIMEOUT: "messages were read too slowly",
    HTTPStatus.TOO_MANY_REQUESTS: "the server has too many connections",
}


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A lost connection that is to be opened again."""

    reason: str
    is_busy: bool = False


class BackOff:
    """Delays that double, with random jitter so that many clients do not reconnect at once."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._attempt = 0

    def restart(self) -> None:
        self._attempt = 0

    def delay_s(self, loss: Loss) -> float:
        """The delay before the next attempt, longer if the server is busy."""
        if loss.is_busy:
            self._attempt = max(self._attempt, _BUSY_ATTEMPTS)
        # Bound the exponent too: a client may retry for months.
        longest_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(self._attempt, 16))
        self._attempt += 1
        return longest_s * (0.5 + self._jitter() / 2)


def loss_or_error(error: Exception) -> Loss | ApiError:
    """A Loss if another attempt may succeed, else the error to raise."""
    if isinstance(error, ConnectionClosed):
        return _of_close(error)
    if isinstance(error, InvalidStatus):
        return _of_status(error.response.status_code)
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotFoveaError(untrusted("the server"))
    if isinstance(error, InvalidURI | SecurityError) or not isinstance(
        error, OSError | InvalidHandshake
    ):
        return NotFoveaError(f"The live stream cannot be opened: {without_credentials(str(error))}")
    return Loss(reason=_reason(error))


def _of_close(error: ConnectionClosed) -> Loss | ApiError:
    if error.rcvd is None:
        return _of_break(error)
    code, reason = int(error.rcvd.code), error.rcvd.reason
    status = 403 if code == CloseCode.POLICY_VIOLATION else code - _CLOSED_BY_FOVEA
    if 400 <= status < 500 and status not in _RETRIED_STATUSES:
        return _refused(status, reason)
    return Loss(
        reason=reason
        or _RETRIED_STATUSES.get(status)
        or f"the server closed the connection ({code})",
        is_busy=status == HTTPStatus.TOO_MANY_REQUESTS or code == CloseCode.TRY_AGAIN_LATER,
    )


def _of_break(error: ConnectionClosed) -> Loss | ApiError:
    if error.sent is not None and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return NotFoveaError(f"The server sent a message that is too large: {error.sent.reason}")
    return Loss(reason="the connection broke")


def _of_status(status: int) -> Loss | ApiError:
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return Loss(reason=f"the server is busy ({status})", is_busy=True)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        return Loss(reason=f"the server answered {status}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _refused(status, "")
    return NotFoveaError(
        f"The server answered {status} instead of opening the live stream: check that it is a "
        "Fovea server, and that every proxy in between passes WebSockets"
    )


def _refused(status: int, reason: str) -> RequestRefusedError:
    cause = reason or f"{status} {code_name(status)}"
    return RequestRefusedError(
        f"The server refused the live stream: {cause}", status=status, error_code=code_name(status)
    )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0).lower()
    return str(error) or type(error).__name__
