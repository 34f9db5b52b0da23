"""The live views of the runs that the hub knows, read from the store when they are needed."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from mlflow.exceptions import MlflowException

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


class SlowRunError(TimeoutError):
    """Reading one run takes too long."""


def is_of_all_runs(error: Exception) -> bool:
    """Whether the store or the bus fails, and not only what one run has logged."""
    is_slow_run = isinstance(error, SlowRunError)
    return isinstance(error, TimeoutError | OSError | MlflowException) and not is_slow_run


class RunStateReader(Protocol):
    """Reads runs from MLflow's store; blocking, so it is called in a thread."""

    def state(self, run_id: str) -> RunState:
        """Raises NotFoundError if the run does not exist."""

    def default_run_id(self) -> str | None:
        """The newest active run, else the newest run; None if there are no runs."""


class RunViews:
    """A cache of MOST_VIEWS views, from which the least recently used are dropped."""

    def __init__(
        self, stored: RunStateReader, settle: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        self._stored = stored
        self._settle = settle
        self._views: OrderedDict[str, RunView] = OrderedDict()
        self._reading: dict[str, asyncio.Task[RunView]] = {}
        self._settling: dict[str, asyncio.Task[None]] = {}

    def clear(self) -> None:
        """Drop all views, because events for them may be missing."""
        self._views.clear()
        for work in (*self._reading.values(), *self._settling.values()):
            work.cancel()
        self._reading.clear()
        self._settling.clear()

    async def default_run_id(self, workspace: str | None) -> str | None:
        return await _in_thread(workspace, self._stored.default_run_id)

    async def for_event(self, event: RunEvent, *, is_retained: bool) -> RunView:
        """The view to which `event` is to be applied.

        Retained events are in the store already, together with later ones. So they are applied to
        views that are built from events only, and these are read from the store later.
        """
        view = self._views.get(event.run_id)
        if view is None and isinstance(event, RunCreated):
            view = RunView(RunState(run_id=event.run_id), is_whole=True, workspace=event.workspace)
        elif view is None and is_retained:
            view = RunView(RunState(run_id=event.run_id), is_whole=False, workspace=event.workspace)
        elif view is None or not (view.is_whole or is_retained):
            view = await self._read_or_begin(event.run_id, event.workspace)
        # The most recently used view is not dropped while the event is applied.
        self._keep(view)
        return view

    async def for_snapshot(self, run_id: str, workspace: str | None) -> RunView:
        """A view read from the store, all of whose events have been applied.

        Raises NotFoundError if the run does not exist.
        """
        while True:
            view = self._views.get(run_id)
            if view is not None and view.workspace != workspace:
                # The view belongs to another workspace; the store decides whether this one has the run.
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
        except Exception as error:  # noqa: BLE001 - a failing store must not stop the stream
            logger.warning(
                "A run could not be read (%s); its next event causes another attempt",
                type(error).__name__,
            )
            return self._views.get(run_id) or RunView(
                RunState(run_id=run_id), is_whole=False, workspace=workspace
            )

    async def _read(self, run_id: str, workspace: str | None) -> RunView:
        """Read the run once for all coroutines that wait for it, even if one of them is cancelled."""
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
        # The state may contain values whose events have not been applied yet.
        settling = self._settling[run_id] = asyncio.create_task(self._settle())
        settling.add_done_callback(lambda done: self._forget(self._settling, run_id, done))
        return view

    async def _state(self, run_id: str, workspace: str | None) -> RunState:
        try:
            return await _in_thread(workspace, lambda: self._stored.state(run_id))
        except TimeoutError as error:
            raise SlowRunError from error

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
    """Wait for `work`; False if it was cancelled, which must not cancel the coroutine that waits."""
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
