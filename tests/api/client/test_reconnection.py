"""Which lost connections are opened again, and after which delay."""

import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from api.client.reconnection import FIRST_DELAY_S, LONGEST_DELAY_S, BackOff, Loss, loss_or_error
from api.client.refusals import NotFoveaError, RequestRefusedError

LOST = Loss(reason="the connection broke")
BUSY = Loss(reason="the server is busy", is_busy=True)


def closed(code: int, reason: str = "") -> ConnectionClosedError:
    return ConnectionClosedError(Close(code, reason), None)


def answered(status: int) -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers()))


def test_delays_double_up_to_the_longest() -> None:
    back_off = BackOff(jitter=lambda: 1.0)

    delays = [back_off.delay_s(LOST) for _ in range(2000)]

    assert delays[:4] == [FIRST_DELAY_S, 2 * FIRST_DELAY_S, 4 * FIRST_DELAY_S, 8 * FIRST_DELAY_S]
    assert delays[-1] == LONGEST_DELAY_S


def test_jitter_shortens_a_delay_by_up_to_a_half() -> None:
    assert BackOff(jitter=lambda: 0.0).delay_s(LOST) == FIRST_DELAY_S / 2


def test_the_delay_is_longer_for_a_busy_server() -> None:
    assert BackOff().delay_s(BUSY) > 4 * BackOff().delay_s(LOST)


def test_a_stable_connection_resets_the_delay() -> None:
    back_off = BackOff(jitter=lambda: 1.0)
    back_off.delay_s(BUSY)

    back_off.restart()

    assert back_off.delay_s(LOST) == FIRST_DELAY_S


@pytest.mark.parametrize(
    ("error", "is_busy"),
    [
        (closed(4408), False),
        (closed(4429), True),
        (closed(1001), False),
        (closed(1011), False),
        (closed(1013), True),
        (answered(429), True),
        (answered(503), True),
        (answered(502), False),
        (ConnectionClosedError(None, None), False),
        (ConnectionRefusedError(111, "Connection refused"), False),
        (TimeoutError(), False),
    ],
)
def test_a_lost_connection_is_opened_again(error: Exception, is_busy: bool) -> None:
    outcome = loss_or_error(error)

    assert isinstance(outcome, Loss)
    assert outcome.is_busy is is_busy
    assert outcome.reason


def test_a_refusal_carries_the_servers_reason() -> None:
    with pytest.raises(RequestRefusedError, match="no such run") as refused:
        raise loss_or_error(closed(4404, "no such run"))  # type: ignore[misc]

    assert (refused.value.status, refused.value.error_code) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "error", [ssl.SSLCertVerificationError("self-signed certificate"), answered(404)]
)
def test_an_error_that_a_retry_would_not_change_is_raised(error: Exception) -> None:
    assert isinstance(loss_or_error(error), NotFoveaError)


def test_a_message_that_is_too_large_is_not_retried() -> None:
    too_large = ConnectionClosedError(None, Close(1009, "frame exceeds limit"))

    assert isinstance(loss_or_error(too_large), NotFoveaError)
