"""The first messages of a socket: the state of a run at one position of the stream, encoded."""

from collections import OrderedDict

from api.bus.protocol import StreamPosition
from api.live.messages import InitialState
from api.live.run_view import RunView
from api.runs.schemas import MetricsData, TrainingStatus
from api.timestamps import unix_ms, utc

_MOST_CACHED = 16


class FirstMessages:
    """Encodes the messages once for all sockets that connect at the same time, as after an outage."""

    def __init__(self) -> None:
        self._encoded: OrderedDict[tuple[object, ...], tuple[str, ...]] = OrderedDict()

    def clear(self) -> None:
        self._encoded.clear()

    def encoded(
        self, view: RunView | None, position: StreamPosition, offset: int, *, recovered: bool | None
    ) -> tuple[str, ...]:
        """The state and, of a run with thousands of metrics, its further pages.

        `view` is None on a server without any run; `offset` is the socket's own.
        """
        now_ms = unix_ms()
        run_id = None if view is None else view.state.run_id
        key = (run_id, position, offset, recovered, now_ms // 1000)
        if key not in self._encoded:
            self._encoded[key] = _messages(
                view, position.epoch, offset, now_ms, recovered=recovered
            )
            while len(self._encoded) > _MOST_CACHED:
                self._encoded.popitem(last=False)
        return self._encoded[key]


def _messages(
    view: RunView | None, epoch: str, offset: int, now_ms: int, *, recovered: bool | None
) -> tuple[str, ...]:
    if view is None:
        return (_without_run(epoch, offset, now_ms, recovered=recovered).model_dump_json(),)
    first = view.initial_state(epoch, offset, now_ms, recovered=recovered)
    others = view.initial_state_pages(offset, now_ms)
    return tuple(message.model_dump_json() for message in (first, *others))


def _without_run(epoch: str, offset: int, now_ms: int, *, recovered: bool | None) -> InitialState:
    return InitialState(
        run_id=None,
        offset=offset,
        timestamp=utc(now_ms),
        epoch=epoch,
        recovered=recovered,
        status=TrainingStatus(),
        metrics=MetricsData(),
        history=[],
    )
