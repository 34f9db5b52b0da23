"""Follows the bus and sends each socket a snapshot, then every later message exactly once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from api.background import cancel, in_background
from api.bus.protocol import Batch, Bus, StreamPosition
from api.errors import NotFoundError
from api.live.first_messages import FirstMessages
from api.live.messages import MetricsUpdate
from api.live.recent_messages import EncodedMessage, RecentMessages
from api.live.run_view import RunView
from api.live.run_views import RunStateReader, RunViews, is_of_all_runs
from api.live.stream_cursor import APPLY_DEADLINE_S, StreamCursor
from api.live.subscriber import Subscriber
from api.live.subscriptions import Subscriptions, all_runs_topic
from api.run_failures import RunFailures
from tracking_plugin.events import ControlChanged, RunEvent

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 1.0

IDLE_PAUSE_S = 0.25
"""Between reads of the bus while there are no sockets: reading many events at once costs a third."""

TRY_AGAIN_LATER = 1013

OFFSETS_PER_EVENT = 2
"""The stream's offsets count events, a socket's offsets messages: an event's own message and, after
a metrics update, the status."""


class Hub:
    """One per process. Code between two awaits sees one position of the stream."""

    def __init__(
        self,
        bus: Bus,
        stored: RunStateReader,
        failures: RunFailures | None = None,
        *,
        retention: int,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """`settle` waits until everything that the store holds now has been put on the bus."""
        self._bus = bus
        self._failures = failures or RunFailures()
        self._retention = retention
        self._settle = settle
        self._views = RunViews(stored, self._catch_up)
        self._cursor = StreamCursor()
        self._recent = RecentMessages(retention, 0)
        self._first_messages = FirstMessages()
        self._subscriptions = Subscriptions()
        self._num_joining = 0
        self._socket_joined = asyncio.Event()
        self._restarts: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with in_background(self._follow()):
                yield
        finally:
            await cancel(*self._restarts)
            for subscriber in self._subscriptions.subscribers():
                subscriber.stop()
            self._views.clear()

    @property
    def num_subscribers(self) -> int:
        return len(self._subscriptions)

    def offset_of(self, subscriber: Subscriber) -> int:
        """The offset up to which the socket has everything that it subscribed to."""
        has_everything = subscriber.is_live and not self._subscriptions.is_publishing
        return self._end_offset() if has_everything else subscriber.offset

    async def join(
        self, subscriber: Subscriber, run_id: str | None, since: StreamPosition | None = None
    ) -> None:
        """Subscribe to a run, or to all runs, from now on or from `since` on.

        The first message is a snapshot unless everything after `since` is still retained. Raises
        NotFoundError if the run does not exist and TimeoutError if the store or the bus does not
        respond; the subscriber then keeps its previous subscription.
        """
        subscriber.num_joins += 1
        self._num_joining += 1
        self._socket_joined.set()
        try:
            await self._subscribe(subscriber, run_id, since, is_new=since is None)
        finally:
            self._num_joining -= 1

    def leave(self, subscriber: Subscriber) -> None:
        subscriber.stop()
        subscriber.num_joins += 1
        self._subscriptions.remove(subscriber)

    async def _subscribe(
        self,
        subscriber: Subscriber,
        run_id: str | None,
        since: StreamPosition | None,
        *,
        is_new: bool,
    ) -> None:
        num_joins = subscriber.num_joins
        await self._cursor.started()
        if since is not None:
            await self._apply_up_to(since)
        view = await self._view_for(run_id, subscriber.workspace)
        if subscriber.num_joins != num_joins:
            # It left or joined again in the meantime.
            return
        self._subscriptions.add(subscriber, run_id)
        if since is not None and self._retains_all_after(since):
            first = self._first_message(view, run_id, since.offset, recovered=True)
            start = self._recent.number_after(since.offset)
            subscriber.begin(first, since.offset, self._recent, start)
        else:
            offset = self._end_offset()
            first = self._first_message(view, run_id, offset, recovered=None if is_new else False)
            subscriber.begin(first, offset, self._recent, self._recent.end)

    async def _view_for(self, run_id: str | None, workspace: str | None) -> RunView | None:
        """The run of the first message; a socket that subscribed to all runs gets the default one."""
        if run_id is not None:
            return await self._views.for_snapshot(run_id, workspace)
        default = await self._views.default_run_id(workspace)
        if default is None:
            return None
        try:
            return await self._views.for_snapshot(default, workspace)
        except NotFoundError:
            # It was deleted permanently in the meantime.
            return None
        except Exception as error:
            if is_of_all_runs(error):
                raise
            self._failures.add(default, "Showing the newest run", error)
            return None

    def _first_message(
        self, view: RunView | None, run_id: str | None, offset: int, *, recovered: bool | None
    ) -> tuple[str, ...]:
        position = self._cursor.position
        try:
            return self._first_messages.encoded(view, position, offset, recovered=recovered)
        except Exception as error:
            if view is None or run_id is not None:
                raise
            self._failures.add(view.state.run_id, "Showing the newest run", error)
            return self._first_messages.encoded(None, position, offset, recovered=recovered)

    def _end_offset(self) -> int:
        return OFFSETS_PER_EVENT * self._cursor.position.offset

    def _retains_all_after(self, since: StreamPosition) -> bool:
        is_retained = self._recent.floor <= since.offset < self._end_offset() + OFFSETS_PER_EVENT
        return is_retained and self._cursor.is_in_epoch_of(since)

    async def _apply_up_to(self, since: StreamPosition) -> None:
        """A socket may know messages of another process that this one has not applied yet."""
        offset = since.offset // OFFSETS_PER_EVENT
        if self._cursor.is_in_epoch_of(since) and offset > self._cursor.position.offset:
            end = await self._bus.end()
            if offset <= end.offset:
                await self._cursor.reached(StreamPosition(end.epoch, offset))

    async def _catch_up(self) -> None:
        """Wait until everything that the store holds now has been applied."""
        async with asyncio.timeout(APPLY_DEADLINE_S):
            await self._settle()
        await self._cursor.reached(await self._bus.end())

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self._bus.follow():
                    await self._apply_batch(batch)
                    await self._pause_while_idle()
            except Exception:
                logger.exception("Following the bus failed; all sockets get new snapshots")
                self._cursor.forget()
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _pause_while_idle(self) -> None:
        """Without sockets, let events accumulate for a moment or until a socket joins."""
        if len(self._subscriptions) or self._num_joining or self._restarts:
            return
        self._socket_joined.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_PAUSE_S):
                await self._socket_joined.wait()

    async def _apply_batch(self, batch: Batch) -> None:
        if batch.has_gap or not self._cursor.is_in_epoch_of(batch.position):
            self._restart(batch)
        for offset, event in batch.entries:
            await self._apply_event(event, StreamPosition(batch.position.epoch, offset), batch)
        self._cursor.move_to(batch.position)
        await self._cursor.notify()

    def _restart(self, batch: Batch) -> None:
        """Events may be missing: drop everything and send every socket a new snapshot."""
        offset = batch.entries[0][0] - 1 if batch.entries else batch.position.offset
        self._cursor.move_to(StreamPosition(batch.position.epoch, offset))
        self._recent = RecentMessages(self._retention, OFFSETS_PER_EVENT * offset)
        self._views.clear()
        self._first_messages.clear()
        for subscriber in self._subscriptions.subscribers():
            self.leave(subscriber)
            restart = asyncio.create_task(self._resubscribe(subscriber))
            self._restarts.add(restart)
            restart.add_done_callback(self._restarts.discard)

    async def _resubscribe(self, subscriber: Subscriber) -> None:
        try:
            await self._subscribe(subscriber, subscriber.run_id, None, is_new=False)
        except Exception as error:  # noqa: BLE001 - whatever failed, the client has to reconnect
            logger.warning("A socket got no new snapshot (%s)", type(error).__name__)
            await subscriber.close(TRY_AGAIN_LATER, "connect again")

    async def _apply_event(self, event: RunEvent, position: StreamPosition, batch: Batch) -> None:
        if isinstance(event, ControlChanged):
            # The control service sets the run's tags, whose own event updates the status.
            self._cursor.move_to(position)
            return
        offset = OFFSETS_PER_EVENT * position.offset
        message = text = status = None
        with self._failures.isolated(event.run_id, "Sending an event to the sockets"):
            view = await self._views.for_event(event, is_retained=batch.is_retained)
            message = view.apply(event, offset)
            text = None if message is None else message.model_dump_json()
            if isinstance(message, MetricsUpdate):
                due = view.due_status(offset + 1, event.accepted_ms)
                status = None if due is None else due.model_dump_json()
        self._cursor.move_to(position)
        if text is None:
            return
        is_update = isinstance(message, MetricsUpdate)
        topics = (event.run_id, all_runs_topic(event.workspace))
        encoded = EncodedMessage(offset, topics, text, is_update)
        self._recent.append(encoded)
        await self._subscriptions.publish(encoded, self._recent.end - 1)
        if status is not None:
            unnumbered = EncodedMessage(offset + 1, topics, status, False)
            await self._subscriptions.publish(unnumbered, None)
