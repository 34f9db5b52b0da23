"""Where commands and reports meet: decides with the state that is stored, then tells who has to know."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from api.bus.follower import BusFollower
from api.bus.protocol import Bus
from api.control.audit import CommandRecord, CommandRequest, Issuer
from api.control.changes import StateChanges
from api.control.mlflow_run import JobTraits, MlflowRunSnapshot
from api.control.outcomes import Outcome
from api.control.refusals import require_controllable
from api.control.state import (
    ControlState,
    commanded,
    connected,
    ended,
    held_back,
    is_stopped_by_itself,
    launched,
    reported,
    silenced,
)
from api.control.status_tags import StatusTagWriter
from api.control.store import Change, ControlStore, Decide, NothingWantedError
from api.control.transitions import LIVE, Action
from api.errors import ConflictError, NotFoundError
from api.pages import Listed, Page
from api.runs.reader import RunReader
from api.runs.workspaces import within
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.control_messages import Report
from tracking_plugin.events import ControlChanged, RunEvent, RunUpdated, TagsChanged
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, end_status_of, run_status_of
from tracking_plugin.names import RunStatus, Tag


@dataclass(frozen=True)
class AcceptedCommand:
    """A command that was taken; `line_id` is that of its line in the audit."""

    state: ControlState
    line_id: int


class ControlService:
    """One for a process; whatever happens to it, the database has the truth.

    `find_job` returns the traits of a run that is a job of this server. Every method raises
    UnavailableError while the database is unreachable.
    """

    def __init__(
        self,
        store: ControlStore,
        reader: RunReader,
        writer: RunWriter,
        bus: Bus,
        *,
        find_job: Callable[[str], JobTraits | None],
        obey_timeout_s: float,
    ) -> None:
        self._store = store
        self._reader = reader
        self._writer = writer
        self._shown = StatusTagWriter(store, writer)
        self._changes = StateChanges(bus)
        self._follower = BusFollower(bus, self._take, self._changes.wake_all)
        self._find_job = find_job
        self._obey_timeout_ms = int(obey_timeout_s * 1000)

    @asynccontextmanager
    async def running(self, on_change: Callable[[str], None]) -> AsyncIterator[None]:
        """While inside, `on_change` is called after each change of a run's state, whoever made it."""
        self._changes.on_change = on_change
        async with self._follower.running():
            yield

    def watching(self, run_id: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever the run's state may have changed."""
        return self._changes.watching(run_id)

    async def command(
        self,
        run_id: str,
        workspace: str | None,
        action: Action,
        issuer: Issuer,
        *,
        release: bool = False,
    ) -> AcceptedCommand:
        """Store what is wanted from now on, and tell the run.

        NotFoundError; ConflictError with the status where the run cannot be told that.
        """
        run = await self._see(run_id, workspace)
        asked = CommandRequest(action=action, issuer=issuer, release=release, at_ms=unix_ms())
        deadline_ms = asked.at_ms + self._obey_timeout_ms

        def decide(state: ControlState) -> ControlState:
            current = run.in_step(state)
            require_controllable(current, run, action, release=release)
            return commanded(current, action, release=release, deadline_ms=deadline_ms)

        try:
            change = await self._change(run_id, decide, unknown=run.uncommanded, asked=asked)
        except ConflictError as refused:
            message = str(refused)
            await in_database(lambda: self._store.refuse(run.uncommanded, asked, message))
            raise
        assert change.line_id is not None, "a command has a line"
        return AcceptedCommand(change.after, change.line_id)

    async def report(self, run_id: str, report: Report) -> ControlState:
        """Take what a run says into account; its state from then on."""
        change = await self._change(run_id, lambda state: reported(state, report, unix_ms()))
        if change.after.is_live and is_stopped_by_itself(report):
            await self._end_stopped(change.after, report.message)
        return change.after

    async def connect(self, run_id: str, workspace: str | None) -> ControlState:
        """The state of a run whose loop begins to listen; NotFoundError, ConflictError if it has ended."""
        run = await self._see(run_id, workspace)

        def decide(state: ControlState) -> ControlState:
            current = run.in_step(state)
            return connected(current, unix_ms()) if current.is_live else current

        state = (await self._change(run_id, decide, unknown=run.uncommanded)).after
        if not state.is_live:
            raise ConflictError(f"The run {run_id} is {state.status}: nothing is left to control")
        return state

    async def known(self, run_id: str, workspace: str | None) -> ControlState:
        """The state of a run that is there, in step with MLflow; NotFoundError."""
        run = await self._see(run_id, workspace)
        return (await self._change(run_id, run.in_step, unknown=run.uncommanded)).after

    async def end(self, run_id: str, status: RunStatus, message: str = "") -> None:
        """End a run that cannot do so itself: in MLflow, and here."""
        state = await self.find(run_id)
        workspace = None if state is None else state.workspace
        tags = {str(Tag.STATUS): str(status), **({str(Tag.MESSAGE): message} if message else {})}
        await self._writer.set_tags(run_id, workspace, tags)
        await self._writer.set_status(run_id, workspace, end_status_of(status))
        await self._take_end(run_id, status, message)

    async def tell_silent(self) -> None:
        """Have the runs say so of which nothing has been heard for too long."""
        for state in await in_database(lambda: self._store.newly_silent(unix_ms())):
            try:
                current = await self.known(state.run_id, state.workspace)
            except NotFoundError:
                # Deleted for good, and with it whoever might have trained it.
                await self._take_end(state.run_id, RunStatus.ERROR, "The run was deleted")
                continue
            if current.is_live:
                await self._change(state.run_id, lambda state: silenced(state, unix_ms()))

    async def launched(self, run_id: str) -> None:
        """A job for the run is on its way."""
        await self._change(run_id, launched)

    async def hold_back(self, run_id: str) -> None:
        """The run pauses without a process."""
        await self._change(run_id, held_back)

    async def find(self, run_id: str) -> ControlState | None:
        return await in_database(partial(self._store.find, run_id))

    async def was_told_from(self, run_id: str, source: str) -> bool:
        """Whether the run was ever commanded from there."""
        return await in_database(partial(self._store.was_told_from, run_id, source))

    async def history(
        self, run_id: str, workspace: str | None, page: Page
    ) -> Listed[CommandRecord]:
        """Who has told the run what, newest first; NotFoundError."""
        await self._see(run_id, workspace)
        return await in_database(partial(self._store.history, run_id, page))

    async def wait_settled(
        self, commanded: AcceptedCommand, timeout_s: float
    ) -> tuple[CommandRecord, ControlState]:
        """What has come of a command, at the latest after `timeout_s`; and the run's state then."""
        deadline = time.monotonic() + timeout_s
        with self.watching(commanded.state.run_id) as changed:
            while True:
                changed.clear()
                line, state = await in_database(partial(self._store.outcome, commanded.line_id))
                left_s = deadline - time.monotonic()
                if line.outcome is not Outcome.PENDING or left_s <= 0:
                    # Whoever reads this answer finds the same in MLflow.
                    await self._changes.finished(commanded.state.run_id)
                    return line, state
                await _set_within(changed, left_s)

    async def _change(
        self,
        run_id: str,
        decide: Decide,
        *,
        unknown: ControlState | None = None,
        asked: CommandRequest | None = None,
    ) -> Change:
        with self._changes.under_way(run_id):
            change = await in_database(
                lambda: self._store.change(
                    run_id, decide, now_ms=unix_ms(), unknown=unknown, asked=asked
                )
            )
            if change.is_news:
                self._changes.announce(run_id)
            if change.is_to_be_shown:
                await self._shown.show(change.after)
            return change

    async def _end_stopped(self, state: ControlState, message: str) -> None:
        """For a loop that has no MLflow run open; where it has one, that may have ended already."""
        if (await self.known(state.run_id, state.workspace)).is_live:
            await self.end(state.run_id, RunStatus.STOPPED, message)

    async def _see(self, run_id: str, workspace: str | None) -> MlflowRunSnapshot:
        def see() -> MlflowRunSnapshot:
            known = self._store.find(run_id)
            with within(workspace):
                run = self._reader.state(run_id, recent_steps=0)
            job = self._find_job(run_id)
            was_live = known is not None and known.is_live
            return MlflowRunSnapshot.of(run, workspace, job=job, was_live=was_live)

        return await in_database(see)

    async def _take(self, event: RunEvent) -> None:
        """What others do to runs: commands to other processes, ends without a word to us."""
        if isinstance(event, ControlChanged):
            self._changes.wake(event.run_id)
        elif isinstance(event, RunUpdated) and event.status not in (None, *ACTIVE_STATUSES):
            await self._take_end(event.run_id, run_status_of(event.status))
        elif isinstance(event, TagsChanged) and (shown := event.tags.get(Tag.STATUS)):
            await self._correct(event.run_id, shown)

    async def _take_end(self, run_id: str, status: RunStatus, message: str = "") -> None:
        try:
            await self._change(run_id, lambda state: ended(state, status, message))
        except NothingWantedError:
            return

    async def _correct(self, run_id: str, shown: str) -> None:
        """A run that is about to be told something may still say what it was doing before."""
        state = await self.find(run_id)
        is_out_of_date = state is not None and shown in LIVE and shown != state.status
        if state is not None and is_out_of_date and state.status in _COMMANDED:
            await self._shown.show(state)


_COMMANDED = (RunStatus.PAUSING, RunStatus.PAUSED, RunStatus.RESUMING, RunStatus.STOPPING)


async def _set_within(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
