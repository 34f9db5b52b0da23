"""What one reader of the live stream knows and decides, whoever does the reading and the waiting."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from api.client.reconnection import BackOff, meaning_of
from api.client.refusals import RequestRefusedError, ServerUnreachableError, status_of
from api.client.server_address import ServerAddress
from api.errors import ApiError
from api.live.messages import ErrorMessage, InitialState, Pong, ServerMessage

logger = logging.getLogger(__name__)

SOCKET_PATH = "/ws"
PING = json.dumps({"type": "ping"})

_OPEN_TIMEOUT_S = 10.0
_FIRST_MESSAGE_TIMEOUT_S = 30.0
_QUIET_S = 60.0
_STEADY_S = 5.0

_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


@dataclass(frozen=True, kw_only=True)
class Link:
    """Whether what a reader shows is live, and since when it is or is not."""

    is_live: bool
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    reason: str = ""


def ignore_link(link: Link) -> None:
    """For those who do not ask whether the stream is live."""


@dataclass(frozen=True)
class Position:
    """The last message that was read: what `since` names."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"


class LiveStream:
    """One reader's position, its patience, and what it makes of each message and of each loss."""

    def __init__(
        self,
        address: ServerAddress,
        run_id: str | None = None,
        *,
        give_up_after_s: float | None = None,
        on_link: Callable[[Link], None] = ignore_link,
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.position: Position | None = None
        self._run_id = run_id
        self._give_up_after_s = give_up_after_s
        self._on_link = on_link
        self._back_off = back_off or BackOff()
        self._clock = clock
        self._link: Link | None = None
        self._changed_at = clock()

    @property
    def url(self) -> str:
        """Where the next connection goes: to what has not been read yet."""
        query = {"run_id": self._run_id} if self._run_id is not None else {}
        if self.position is not None:
            query["since"] = str(self.position)
        return self.address.socket_url(SOCKET_PATH, query)

    @property
    def open_timeout_s(self) -> float:
        return min(_OPEN_TIMEOUT_S, max(1.0, self._patience_s()))

    @property
    def quiet_s(self) -> float:
        """How long a silence may last until `on_quiet`."""
        return _QUIET_S if self._is_live else _FIRST_MESSAGE_TIMEOUT_S

    def on_quiet(self) -> str:
        """The ping that keeps the position fresh; TimeoutError where not even a state has come."""
        if not self._is_live:
            raise TimeoutError
        return PING

    def on_frame(self, frame: str | bytes) -> ServerMessage | None:
        """The message in it where it is news; RequestRefusedError where it is a refusal.

        What is not known here, a newer server may say; it is passed over.
        """
        try:
            message = _messages.validate_json(frame)
        except ValidationError as error:
            if error.errors(include_input=False)[0]["type"] != "union_tag_invalid":
                logger.warning("A message of the live stream could not be read: %s", error)
            return None
        return message if self._is_news(message) else None

    def on_loss(self, error: Exception) -> float:
        """Seconds to wait for the next connection; ApiError where there is nothing to wait for."""
        meaning = meaning_of(error)
        if isinstance(meaning, ApiError):
            raise meaning from error
        if self._is_live and self._clock() - self._changed_at >= _STEADY_S:
            self._back_off.restart()
        self._set_link(is_live=False, reason=meaning.reason)
        patience_s = self._patience_s()
        if patience_s <= 0:
            raise ServerUnreachableError(
                f"No live stream came from {self.address.url} within "
                f"{self._give_up_after_s:g} s: {meaning.reason}"
            ) from error
        return min(self._back_off.delay_s(meaning), patience_s)

    def _is_news(self, message: ServerMessage) -> bool:
        if isinstance(message, InitialState):
            return self._is_new_state(message)
        if isinstance(message, ErrorMessage) and not self._is_live:
            # Where no state comes first, what was asked for is not there to be watched.
            raise RequestRefusedError(
                message.error,
                status=status_of(message.error_code),
                error_code=message.error_code,
            )
        if isinstance(message, ErrorMessage) or self.position is None:
            return True
        if message.offset <= self.position.offset:
            return False
        self.position = Position(self.position.epoch, message.offset)
        return not isinstance(message, Pong)

    def _is_new_state(self, state: InitialState) -> bool:
        self._set_link(is_live=True)
        known = self.position
        if state.recovered and known is not None and known.epoch == state.epoch:
            # What was missed follows, and ends beyond the position that this state may name.
            return False
        self.position = Position(state.epoch, state.offset)
        return True

    @property
    def _is_live(self) -> bool:
        return self._link is not None and self._link.is_live

    def _set_link(self, *, is_live: bool, reason: str = "") -> None:
        if self._link is not None and self._link.is_live == is_live:
            # Still lost: since the first loss, but for the newest reason.
            self._link = Link(is_live=is_live, since=self._link.since, reason=reason)
        else:
            self._link = Link(is_live=is_live, reason=reason)
            self._changed_at = self._clock()
        self._on_link(self._link)

    def _patience_s(self) -> float:
        if self._give_up_after_s is None:
            return float("inf")
        return self._changed_at + self._give_up_after_s - self._clock()
