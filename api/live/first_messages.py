"""The first message of a socket: the state of a run at one position of the stream, encoded."""

from collections import OrderedDict

from api.bus.protocol import StreamPosition
from api.live.messages import InitialState
from api.live.run_view import RunView
from api.runs.schemas import MetricsData, TrainingStatus
from api.timestamps import unix_ms, utc

_MOST_CACHED = 16


class FirstMessages:
    """Encodes each message once for all sockets that connect at the same time, as after an outage."""

    def __init__(self) -> None:
        self._encoded: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def clear(self) -> None:
        self._encoded.clear()

    def encoded(
        self, view: RunView | None, position: StreamPosition, offset: int, *, recovered: bool | None
    ) -> str:
        """`view` is None on a server without any run; `offset` is the socket's own."""
        now_ms = unix_ms()
        run_id = None if view is None else view.state.run_id
        key = (run_id, position, offset, recovered, now_ms // 1000)
        if key not in self._encoded:
            message = (
                _without_run(position.epoch, offset, now_ms, recovered=recovered)
                if view is None
                else view.initial_state(position.epoch, offset, now_ms, recovered=recovered)
            )
            self._encoded[key] = message.model_dump_json()
            while len(self._encoded) > _MOST_CACHED:
                self._encoded.popitem(last=False)
        return self._encoded[key]


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
