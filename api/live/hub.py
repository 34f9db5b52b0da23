"""Follows the bus and tells the sockets: what is, then everything that comes behind it, each once."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

from api.background import cancel, in_background
from api.bus.protocol import Batch, Bus, StreamPosition
from api.errors import NotFoundError
from api.live.messages import InitialState, MetricsUpdate
from api.live.recent_messages import EncodedMessage, RecentMessages
from api.live.run_view import RunView
from api.live.run_views import RunStateReader, RunViews
from api.live.subscriber import Subscriber, wire
from api.runs.schemas import MetricsData, TrainingStatus
from api.timestamps import unix_ms, utc
from tracking_plugin.events import ControlChanged, RunEvent

logger = logging.getLogger(__name__)

DEADLINE_S = 20.0
"""For the bus to say where it ends, and for following it there."""

RETRY_PAUSE_S = 1.0
REST_S = 0.25
"""Between two looks at the bus while nobody watches: many events at once cost a third of each alone."""

TRY_AGAIN_LATER = 1013
_SOCKETS_PER_TURN = 128

PLACES = 2
"""Offsets that sockets see for each of the bus's: the event's own message, then the progress it made."""

_MOST_SNAPSHOTS = 16


class Hub:
    """One for a process. Whatever is not awaited happens at one position of the stream."""

    def __init__(
        self,
        bus: Bus,
        stored: RunStateReader,
        *,
        retention: int,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """`settle` waits until all that the store holds by now is on the bus."""
        self._bus = bus
        self._retention = retention
        self._settle = settle
        self._views = RunViews(stored, self._catch_up)
        self._position: StreamPosition | None = None
        self._has_moved = asyncio.Condition()
        self._recent = RecentMessages(retention, 0)
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._is_telling = False
        self._num_joining = 0
        self._is_wanted = asyncio.Event()
        self._restarts: set[asyncio.Task[None]] = set()
        self._snapshots: OrderedDict[tuple[object, ...], str] = OrderedDict()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with in_background(self._follow()):
                yield
        finally:
            await cancel(*self._restarts)
            for subscriber in self._all_subscribers():
                subscriber.stop()
            self._views.clear()

    @property
    def num_subscribers(self) -> int:
        return sum(map(len, self._subscribers.values()))

    def offset_of(self, subscriber: Subscriber) -> int:
        """Up to where a socket has been sent everything that concerns it."""
        has_all = subscriber.is_live and not self._is_telling
        return PLACES * self._at().offset if has_all else subscriber.offset

    async def join(
        self, subscriber: Subscriber, run_id: str | None, since: StreamPosition | None = None
    ) -> None:
        """Send what is, or what was missed behind `since` where all of that is here, then what comes.

        NotFoundError where there is no such run, TimeoutError where the store or the bus does not
        answer; the subscriber then goes on with what it had.
        """
        subscriber.turn += 1
        self._num_joining += 1
        self._is_wanted.set()
        try:
            await self._admit(subscriber, run_id, since, is_anew=since is not None)
        finally:
            self._num_joining -= 1

    def leave(self, subscriber: Subscriber) -> None:
        subscriber.stop()
        subscriber.turn += 1
        self._unlist(subscriber)

    def _unlist(self, subscriber: Subscriber) -> None:
        listed = self._subscribers.get(subscriber.topic, set())
        listed.discard(subscriber)
        if not listed:
            self._subscribers.pop(subscriber.topic, None)

    async def _admit(
        self,
        subscriber: Subscriber,
        run_id: str | None,
        since: StreamPosition | None,
        *,
        is_anew: bool,
    ) -> None:
        turn = subscriber.turn
        await self._started()
        if since is not None:
            await self._reach(since)
        view = await self._shown(run_id, subscriber.workspace)
        if subscriber.turn != turn:
            # It has left, or asked for something else in the meantime.
            return
        self._unlist(subscriber)
        subscriber.run_id = run_id
        subscriber.topic = run_id or every_run(subscriber.workspace)
        self._subscribers.setdefault(subscriber.topic, set()).add(subscriber)
        if since is not None and self._holds(since):
            first = self._first_message(view, since.offset, recovered=True)
            start = self._recent.number_after(since.offset)
            subscriber.begin(first, since.offset, self._recent, start)
        else:
            offset = PLACES * self._at().offset
            first = self._first_message(view, offset, recovered=False if is_anew else None)
            subscriber.begin(first, offset, self._recent, self._recent.end)

    async def _shown(self, run_id: str | None, workspace: str | None) -> RunView | None:
        """The run that the first message is about; sockets that are not narrowed get a default."""
        if run_id is not None:
            return await self._views.for_snapshot(run_id, workspace)
        default = await self._views.default_run_id(workspace)
        try:
            return None if default is None else await self._views.for_snapshot(default, workspace)
        except NotFoundError:
            # Deleted for good in between.
            return None

    def _holds(self, since: StreamPosition) -> bool:
        """Whether everything behind `since` is at hand."""
        is_known = self._recent.floor <= since.offset < PLACES * (self._at().offset + 1)
        return is_known and since.epoch == self._at().epoch

    async def _started(self) -> None:
        async with asyncio.timeout(DEADLINE_S), self._has_moved:
            await self._has_moved.wait_for(lambda: self._position is not None)

    async def _reach(self, since: StreamPosition) -> None:
        """Another process may have told a socket more than this one has heard of."""
        offset = since.offset // PLACES
        if since.epoch == self._at().epoch and offset > self._at().offset:
            end = await self._bus.end()
            if offset <= end.offset:
                await self._moved_to(StreamPosition(end.epoch, offset))

    async def _catch_up(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._settle()
        await self._moved_to(await self._bus.end())

    async def _moved_to(self, target: StreamPosition) -> None:
        def is_there() -> bool:
            position = self._at()
            return position.epoch != target.epoch or position.offset >= target.offset

        async with asyncio.timeout(DEADLINE_S), self._has_moved:
            await self._has_moved.wait_for(is_there)

    def _first_message(self, view: RunView | None, offset: int, *, recovered: bool | None) -> str:
        """Encoded once for all sockets that come at the same time, as they do after an outage."""
        now_ms = unix_ms()
        run_id = None if view is None else view.state.run_id
        key = (run_id, self._at(), offset, recovered, now_ms // 1000)
        if key not in self._snapshots:
            epoch = self._at().epoch
            message = (
                view.initial_state(epoch, offset, now_ms, recovered=recovered)
                if view is not None
                else _nothing(epoch, offset, now_ms, recovered=recovered)
            )
            self._snapshots[key] = message.model_dump_json()
            while len(self._snapshots) > _MOST_SNAPSHOTS:
                self._snapshots.popitem(last=False)
        return self._snapshots[key]

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self._bus.follow():
                    await self._take_batch(batch)
                    await self._rest()
            except Exception:
                logger.exception("Following the bus failed: beginning anew")
                self._position = None
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _rest(self) -> None:
        """Nobody is told anything: until somebody is, or for a moment, events may gather."""
        if self._subscribers or self._num_joining or self._restarts:
            return
        self._is_wanted.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                await self._is_wanted.wait()

    async def _take_batch(self, batch: Batch) -> None:
        is_another = self._position is None or self._position.epoch != batch.position.epoch
        if is_another or batch.has_gap:
            self._begin_anew(batch)
        for offset, event in batch.entries:
            await self._take(event, StreamPosition(batch.position.epoch, offset), batch)
        self._position = batch.position
        async with self._has_moved:
            self._has_moved.notify_all()

    def _begin_anew(self, batch: Batch) -> None:
        """What is known may have a gap: all sockets get to see what is."""
        offset = batch.entries[0][0] - 1 if batch.entries else batch.position.offset
        self._position = StreamPosition(batch.position.epoch, offset)
        self._recent = RecentMessages(self._retention, PLACES * offset)
        self._views.clear()
        self._snapshots.clear()
        for subscriber in self._all_subscribers():
            self.leave(subscriber)
            restart = asyncio.create_task(self._restart(subscriber))
            self._restarts.add(restart)
            restart.add_done_callback(self._restarts.discard)

    async def _restart(self, subscriber: Subscriber) -> None:
        try:
            await self._admit(subscriber, subscriber.run_id, None, is_anew=True)
        except Exception as error:  # noqa: BLE001 - it is told to come back, whatever the reason
            logger.warning("A socket could not go on (%s)", type(error).__name__)
            await subscriber.close(TRY_AGAIN_LATER, "connect again")

    async def _take(self, event: RunEvent, position: StreamPosition, batch: Batch) -> None:
        if isinstance(event, ControlChanged):
            # What there is to see of it, the run's tags say.
            self._position = position
            return
        offset = PLACES * position.offset
        try:
            view = await self._views.for_event(event, is_retained=batch.is_retained)
            message = view.apply(event, offset)
        except Exception:
            logger.exception("An event could not be told: watchers miss it")
            return
        self._position = position
        if message is None:
            return
        text, is_update = message.model_dump_json(), isinstance(message, MetricsUpdate)
        topics = (event.run_id, every_run(event.workspace))
        encoded = EncodedMessage(offset, topics, text, is_update)
        self._recent.append(encoded)
        await self._tell(encoded, self._recent.end - 1)
        if is_update and (status := view.due_status(offset + 1, event.accepted_ms)):
            passing = EncodedMessage(offset + 1, topics, status.model_dump_json(), is_update=False)
            await self._tell(passing, None)

    async def _tell(self, encoded: EncodedMessage, number: int | None) -> None:
        """What has no number is passing: whoever is behind can do without it."""
        message, offset = wire(encoded.text), encoded.offset
        told = [sub for topic in encoded.topics for sub in self._subscribers.get(topic, ())]
        self._is_telling = True
        for index, subscriber in enumerate(told, 1):
            if number is not None:
                subscriber.push(number, offset, message)
            elif subscriber.topic in encoded.topics:
                # It may have asked for another run while others were told.
                subscriber.push_passing(message)
            if index % _SOCKETS_PER_TURN == 0:
                # MLflow's own requests wait in the same event loop.
                await asyncio.sleep(0)
        self._is_telling = False

    def _at(self) -> StreamPosition:
        return self._position or StreamPosition("", 0)

    def _all_subscribers(self) -> list[Subscriber]:
        return [subscriber for listed in self._subscribers.values() for subscriber in listed]


def every_run(workspace: str | None) -> str:
    """The topic of a workspace's runs; no run's id begins like it."""
    return f"*{workspace or DEFAULT_WORKSPACE_NAME}"


def _nothing(epoch: str, offset: int, now_ms: int, *, recovered: bool | None) -> InitialState:
    """For a server without any run."""
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
