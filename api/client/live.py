"""The protocol of one reader of the live stream, without its I/O: position, messages, losses."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from api.bus.protocol import StreamPosition
from api.client.reconnection import BackOff, loss_or_error
from api.client.refusals import RequestRefusedError, ServerUnreachableError, status_of
from api.errors import ApiError
from api.live.messages import (
    ErrorMessage,
    InitialState,
    InitialStatePage,
    Pong,
    ServerMessage,
)
from api.middleware.paths import LIVE_PATH
from tracking_plugin.server_connection import ServerConnection

logger = logging.getLogger(__name__)

PING = json.dumps({"type": "ping"})

_OPEN_TIMEOUT_S = 10.0
_FIRST_MESSAGE_TIMEOUT_S = 30.0
_QUIET_TIMEOUT_S = 60.0
_STABLE_S = 5.0

_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


@dataclass(frozen=True, kw_only=True)
class Link:
    """Whether the stream is connected, since when, and if not, why."""

    is_live: bool
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    reason: str = ""


def ignore_link(link: Link) -> None:
    """The default for callers that do not show whether the stream is connected."""


class LiveStream:
    """Decides, for one reader, where to connect, what to do with a message, and when to give up."""

    def __init__(
        self,
        address: ServerConnection,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = ignore_link,
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.position: StreamPosition | None = None
        self._run_id = run_id
        self._give_up_after_s = give_up_after_s
        self._on_link = on_link
        self._back_off = back_off or BackOff()
        self._clock = clock
        self._link: Link | None = None
        self._changed_at = clock()

    @property
    def url(self) -> str:
        """The address of the next connection, which resumes after the last message read."""
        query = {"run_id": self._run_id} if self._run_id is not None else {}
        if self.position is not None:
            query["since"] = str(self.position)
        return self.address.socket_url(LIVE_PATH, query)

    @property
    def open_timeout_s(self) -> float:
        return min(_OPEN_TIMEOUT_S, max(1.0, self._remaining_s()))

    @property
    def receive_timeout_s(self) -> float:
        """How long a read waits for a message before the reader calls `on_receive_timeout`."""
        return _QUIET_TIMEOUT_S if self._is_live else _FIRST_MESSAGE_TIMEOUT_S

    def on_receive_timeout(self) -> str:
        """A ping, whose answer advances the position; raises TimeoutError before the first state."""
        if not self._is_live:
            raise TimeoutError
        return PING

    def on_frame(self, frame: str | bytes) -> ServerMessage | None:
        """The message in `frame`, or None if it is to be skipped.

        Messages that were read before are skipped, and so are unknown types, which a newer server
        may send. Raises RequestRefusedError if the server refused the stream.
        """
        try:
            message = _messages.validate_json(frame)
        except ValidationError as error:
            if error.errors(include_input=False)[0]["type"] != "union_tag_invalid":
                logger.warning("Skipped an invalid message of the live stream: %s", error)
            return None
        return message if self._accept(message) else None

    def on_loss(self, error: Exception) -> float:
        """The delay in seconds before the next connection; raises ApiError if there will be none."""
        outcome = loss_or_error(error)
        if isinstance(outcome, ApiError):
            raise outcome from error
        if self._is_live and self._clock() - self._changed_at >= _STABLE_S:
            self._back_off.restart()
        self._set_link(is_live=False, reason=outcome.reason)
        remaining_s = self._remaining_s()
        if remaining_s <= 0:
            raise ServerUnreachableError(
                f"No live stream from {self.address.url} within "
                f"{self._give_up_after_s:g} s: {outcome.reason}"
            ) from error
        return min(self._back_off.delay_s(outcome), remaining_s)

    def _accept(self, message: ServerMessage) -> bool:
        """Advance the position to `message`; False if the caller is not to get it."""
        if isinstance(message, InitialState):
            return self._accept_state(message)
        if isinstance(message, ErrorMessage) and not self._is_live:
            # An error before the first state refuses the stream, as for an unknown run.
            raise RequestRefusedError(
                message.error,
                status=status_of(message.error_code),
                error_code=message.error_code,
            )
        if isinstance(message, ErrorMessage | InitialStatePage) or self.position is None:
            return True
        if message.offset <= self.position.offset:
            return False
        self.position = StreamPosition(self.position.epoch, message.offset)
        return not isinstance(message, Pong)

    def _accept_state(self, state: InitialState) -> bool:
        self._set_link(is_live=True)
        known = self.position
        if state.recovered and known is not None and known.epoch == state.epoch:
            # The missed messages follow, and their offsets may be below that of this state.
            return False
        self.position = StreamPosition(state.epoch, state.offset)
        return True

    @property
    def _is_live(self) -> bool:
        return self._link is not None and self._link.is_live

    def _set_link(self, *, is_live: bool, reason: str = "") -> None:
        if self._link is not None and self._link.is_live == is_live:
            # Keep the time of the first loss, with the newest reason.
            self._link = Link(is_live=is_live, since=self._link.since, reason=reason)
        else:
            self._link = Link(is_live=is_live, reason=reason)
            self._changed_at = self._clock()
        self._on_link(self._link)

    def _remaining_s(self) -> float:
        if self._give_up_after_s is None:
            return float("inf")
        return self._changed_at + self._give_up_after_s - self._clock()
