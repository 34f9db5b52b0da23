"""The runs that the hub knows: those that were created before its eyes, and those read from the store."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from api.errors import NotFoundError
from api.live.run_view import RunView
from api.middleware.paths import LIVE_PATH
from api.runs.state import RunState
from api.runs.workspaces import resolve_workspace, within
from tracking_plugin.events import RunCreated, RunEvent

T = TypeVar("T")

logger = logging.getLogger(__name__)

MOST_VIEWS = 1000
READ_DEADLINE_S = 20.0


class RunStateReader(Protocol):
    """What the hub asks of MLflow's store; blocking, so it is called in a thread."""

    def state(self, run_id: str) -> RunState:
        """NotFoundError where there is no such run."""

    def default_run_id(self) -> str | None:
        """The newest active run, else the newest; None where there is none at all."""


class RunViews:
    """At most MOST_VIEWS, the least recently used ones being read anew when they are needed."""

    def __init__(
        self, stored: RunStateReader, settle: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        self._stored = stored
        self._settle = settle
        self._views: OrderedDict[str, RunView] = OrderedDict()
        self._reading: dict[str, asyncio.Task[RunView]] = {}
        self._settling: dict[str, asyncio.Task[None]] = {}

    def clear(self) -> None:
        """Forget all: what they were carried on with is no longer whole."""
        self._views.clear()
        for work in (*self._reading.values(), *self._settling.values()):
            work.cancel()
        self._reading.clear()
        self._settling.clear()

    async def default_run_id(self, workspace: str | None) -> str | None:
        return await _in_thread(workspace, self._stored.default_run_id)

    async def for_event(self, event: RunEvent, *, is_retained: bool) -> RunView:
        """The view that `event` carries on.

        Events from before the hub followed the stream are in the store already: read now, it would
        show what came after them, so their views hold what they say and nothing else.
        """
        view = self._views.get(event.run_id)
        if view is None and isinstance(event, RunCreated):
            view = RunView(RunState(run_id=event.run_id), is_whole=True, workspace=event.workspace)
        elif view is None and is_retained:
            view = RunView(RunState(run_id=event.run_id), is_whole=False, workspace=event.workspace)
        elif view is None or not (view.is_whole or is_retained):
            view = await self._read_or_begin(event.run_id, event.workspace)
        # The newest of all, so that it is not dropped for another one meanwhile.
        self._keep(view)
        return view

    async def for_snapshot(self, run_id: str, workspace: str | None) -> RunView:
        """A whole view that holds nothing whose event is still to come; NotFoundError for no run."""
        while True:
            view = self._views.get(run_id)
            if view is not None and view.workspace != workspace:
                # Known from another workspace: this one's store has the last word.
                return RunView(await self._state(run_id, workspace), is_whole=True)
            if view is None or not view.is_whole:
                await self._read(run_id, workspace)
            elif settling := self._settling.get(run_id):
                await _finished(settling)
            else:
                self._views.move_to_end(run_id)
                return view

    async def _read_or_begin(self, run_id: str, workspace: str | None) -> RunView:
        try:
            return await self._read(run_id, workspace)
        except NotFoundError:
            return RunView(RunState(run_id=run_id), is_whole=True, workspace=workspace)
        except Exception as error:  # noqa: BLE001 - the stream goes on, whatever the store says
            logger.warning(
                "A run could not be read (%s): its next event tries again", type(error).__name__
            )
            return self._views.get(run_id) or RunView(
                RunState(run_id=run_id), is_whole=False, workspace=workspace
            )

    async def _read(self, run_id: str, workspace: str | None) -> RunView:
        """Once for all who wait for it, and not ended with the first of them."""
        while True:
            reading = self._reading.get(run_id)
            if reading is None:
                reading = self._reading[run_id] = asyncio.create_task(
                    self._read_from_store(run_id, workspace)
                )
                reading.add_done_callback(lambda done: self._forget(self._reading, run_id, done))
            if await _finished(reading):
                return reading.result()

    async def _read_from_store(self, run_id: str, workspace: str | None) -> RunView:
        state = await self._state(run_id, workspace)
        known = self._views.get(run_id)
        if known is not None and known.is_whole:
            return known
        view = RunView(state, is_whole=True, workspace=workspace)
        view.last_update = None if known is None else known.last_update
        self._keep(view)
        # What was committed in the meantime is in the state, and its event still on its way.
        settling = self._settling[run_id] = asyncio.create_task(self._settle())
        settling.add_done_callback(lambda done: self._forget(self._settling, run_id, done))
        return view

    async def _state(self, run_id: str, workspace: str | None) -> RunState:
        return await _in_thread(workspace, lambda: self._stored.state(run_id))

    def _forget(
        self,
        works: dict[str, asyncio.Task[RunView]] | dict[str, asyncio.Task[None]],
        run_id: str,
        done: object,
    ) -> None:
        if works.get(run_id) is done:
            del works[run_id]

    def _keep(self, view: RunView) -> None:
        self._views[view.state.run_id] = view
        self._views.move_to_end(view.state.run_id)
        while len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)


async def _finished(work: asyncio.Task[Any]) -> bool:
    """Whether `work` came to its end; False where it was forgotten, which is no end of who waits."""
    await asyncio.wait((work,))
    if work.cancelled():
        return False
    work.result()
    return True


async def _in_thread(workspace: str | None, read: Callable[[], T]) -> T:
    def read_within() -> T:
        with within(resolve_workspace(LIVE_PATH, workspace)):
            return read()

    async with asyncio.timeout(READ_DEADLINE_S):
        return await asyncio.to_thread(read_within)
