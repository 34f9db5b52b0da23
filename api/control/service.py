"""Commands, reports and ends of runs: the entry point of this folder for routes, jobs and alerts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord, CommandRequest, Issuer
from api.control.changes import StateChanges
from api.control.instruction_service import InstructionService, wait_for
from api.control.link_claim import (
    LinkClaim,
    claimed,
    digest_of,
    expecting_job,
    new_secret,
    released,
    require_holder,
)
from api.control.mlflow_events import MlflowEvents
from api.control.mlflow_run import JobTraits, MlflowRunSnapshot
from api.control.mlflow_sync import MlflowSync
from api.control.refusals import require_controllable
from api.control.state import (
    END_OF,
    ControlState,
    commanded,
    end_of_report,
    launched,
    marked_silent,
    paused_unstarted,
    reported,
)
from api.control.status_tags import StatusTagWriter
from api.control.store import ControlStore
from api.control.transitions import Action
from api.control.updates import StateUpdates
from api.errors import ConflictError, NotFoundError
from api.pages import Listed, Page
from api.runs.run_follower import RunFeed, RunFollower
from api.runs.run_over import RunEnd, RunOver
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.control_messages import Report
from tracking_plugin.mlflow_status import end_status_of
from tracking_plugin.names import RunStatus, Tag


@dataclass(frozen=True)
class AcceptedCommand:
    """`record_id` is that of the command's record in the audit."""

    state: ControlState
    record_id: int


@dataclass(frozen=True)
class GrantedLink:
    """`digest` is that of the program's secret, `secret` a new one that it has to be told."""

    state: ControlState
    digest: str = field(repr=False)
    secret: str | None = field(repr=False)


class ControlService:
    """One per process; the state is in the database.

    `find_job` returns the traits of a run that is a job of this server. Every method raises
    UnavailableError while the database is unreachable, and NotFoundError for a run that must exist
    and does not.
    """

    def __init__(
        self,
        store: ControlStore,
        feed: RunFeed,
        writer: RunWriter,
        *,
        find_job: Callable[[str], JobTraits | None],
        obey_timeout_s: float,
    ) -> None:
        self._store = store
        self._failures = feed.failures
        self._writer = writer
        self._obey_timeout_ms = int(obey_timeout_s * 1000)
        self._started_ms = unix_ms()
        self._changes = StateChanges(feed.bus)
        tags = StatusTagWriter(store, writer)
        self._updates = StateUpdates(
            *(store, self._changes, tags), obey_timeout_ms=self._obey_timeout_ms
        )
        publish = feed.bus.publish
        self._mlflow = MlflowSync(
            *(store, feed.reader, publish, find_job), obey_timeout_ms=self._obey_timeout_ms
        )
        self.instructions = InstructionService(store, self._changes, self._updates, self._mlflow)
        self._events = MlflowEvents(
            *(store, self._changes, self._updates, tags, self.synced_state, publish)
        )
        self._follower = RunFollower(feed, self._events)

    @asynccontextmanager
    async def running(self, on_change: Callable[[str], None]) -> AsyncIterator[None]:
        """While inside, `on_change` is called after each change of a run's state in any process."""
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
        """Store the new desired state and notify the run.

        Raises ConflictError, which names the status, if the run cannot accept the command.
        """
        request = CommandRequest(action=action, issuer=issuer, release=release, at_ms=unix_ms())
        return await self._mlflow.with_snapshot(run_id, workspace, partial(self._command, request))

    async def _command(self, request: CommandRequest, run: MlflowRunSnapshot) -> AcceptedCommand:
        action, release = request.action, request.release
        deadline_ms = request.at_ms + self._obey_timeout_ms

        def decide(state: ControlState) -> ControlState:
            current = self._mlflow.synced(run, state)
            require_controllable(current, run, action, release=release)
            return commanded(current, action, release=release, deadline_ms=deadline_ms)

        try:
            change = await self._updates.apply(
                run.run_id, decide, initial=run.initial_state, request=request
            )
        except ConflictError as refusal:
            message = str(refusal)
            await in_database(lambda: self._store.refuse(run.initial_state, request, message))
            raise
        assert change.record_id is not None, "a command has a record"
        return AcceptedCommand(change.after, change.record_id)

    async def wait_settled(
        self, accepted: AcceptedCommand, timeout_s: float
    ) -> tuple[CommandRecord, ControlState]:
        """The command's record once it is settled, or after `timeout_s`; and the run's state then."""
        run_id = accepted.state.run_id
        deadline = time.monotonic() + timeout_s
        with self.watching(run_id) as changed:
            while True:
                changed.clear()
                record, state = await in_database(partial(self._store.outcome, accepted.record_id))
                left_s = deadline - time.monotonic()
                if record.outcome is not CommandOutcome.PENDING or left_s <= 0:
                    # A client that reads MLflow after the response must find the same there.
                    await self._changes.wait_until_shown(run_id)
                    return record, state
                await wait_for(changed, left_s)

    async def history(
        self, run_id: str, workspace: str | None, page: Page
    ) -> Listed[CommandRecord]:
        """The commands to the run, newest first."""
        await self._mlflow.snapshot(run_id, workspace)
        return await in_database(partial(self._store.history, run_id, page))

    async def was_commanded_from(self, run_id: str, source: str) -> bool:
        return await in_database(partial(self._store.was_commanded_from, run_id, source))

    async def connect(
        self, run_id: str, workspace: str | None, secret: str, issuer: Issuer
    ) -> GrantedLink:
        """Grant the control link of a run to the program that presents `secret`, if it may have it.

        Raises ConflictError if the run has ended, LinkHeldError if another program holds the link.
        """
        return await self._mlflow.with_snapshot(
            run_id, workspace, partial(self._connect, secret, issuer)
        )

    async def _connect(self, secret: str, issuer: Issuer, run: MlflowRunSnapshot) -> GrantedLink:
        run_id, fresh = run.run_id, new_secret()

        def claim(state: ControlState) -> LinkClaim:
            current = self._mlflow.synced(run, state)
            if not current.is_live:
                return LinkClaim(current)
            return claimed(
                current,
                presented=digest_of(secret),
                fresh=digest_of(fresh),
                now_ms=unix_ms(),
                listening_since_ms=self._started_ms,
            )

        initial = run.initial_state
        state = (await self._updates.claim_link(run_id, claim, issuer, initial=initial)).after
        if not state.is_live:
            raise ConflictError(f"The run {run_id} is {state.status}: nothing is left to control")
        is_new = state.link_digest == digest_of(fresh)
        return GrantedLink(state, state.link_digest, fresh if is_new else None)

    async def expect_job(self, run_id: str, secret: str) -> None:
        """Only a job that presents `secret` may open the control link: it is about to be submitted."""
        digest = digest_of(secret)
        await self._updates.apply(run_id, lambda state: expecting_job(state, digest))

    async def release_link(self, run_id: str, digest: str) -> None:
        """The program has closed its control link in order: another one may open the next."""
        await self._updates.apply(run_id, lambda state: released(state, digest))

    async def report(self, run_id: str, report: Report, digest: str) -> ControlState:
        """Apply a report over the link of `digest`; returns the run's new state.

        Raises LinkTakenError if another program has taken the link over.
        """

        def decide(state: ControlState) -> ControlState:
            return reported(require_holder(state, digest), report, unix_ms())

        change = await self._updates.report(run_id, report, decide)
        status = end_of_report(report)
        if change.after.is_live and status is not None:
            await self._end_reported(change.after, status, report.message)
        return change.after

    async def find(self, run_id: str) -> ControlState | None:
        """The stored state."""
        return await in_database(partial(self._store.find, run_id))

    async def synced_state(self, run_id: str, workspace: str | None) -> ControlState:
        """The state, brought in line with MLflow first."""
        return await self._mlflow.with_snapshot(run_id, workspace, self._apply_snapshot)

    async def _apply_snapshot(self, run: MlflowRunSnapshot) -> ControlState:
        sync = partial(self._mlflow.synced, run)
        return (await self._updates.apply(run.run_id, sync, initial=run.initial_state)).after

    async def launched(self, run_id: str) -> None:
        """Record that a Ray job is submitted for the run."""
        await self._updates.apply(run_id, launched)

    async def pause_unstarted(self, run_id: str) -> None:
        """Record that the run is paused without a process."""
        await self._updates.apply(run_id, paused_unstarted)

    async def end(self, run_id: str, status: RunStatus, message: str = "") -> None:
        """End a run whose program cannot do so itself, in MLflow and in the stored state."""
        state = await self.find(run_id)
        workspace = None if state is None else state.workspace
        tags = {str(Tag.STATUS): str(status), **({str(Tag.MESSAGE): message} if message else {})}
        await self._writer.set_tags(run_id, workspace, tags)
        await self._writer.set_status(run_id, workspace, end_status_of(status))
        await self._updates.apply_end(run_id, END_OF[status], message)

    async def mark_silent_runs(self) -> None:
        """Write a message to each run that has become silent."""
        silent = await in_database(lambda: self._store.newly_silent(unix_ms()))
        await self._failures.each(
            "Marking silent runs", silent, lambda state: state.run_id, self._mark_silent
        )

    async def _mark_silent(self, silent: ControlState) -> None:
        try:
            current = await self.synced_state(silent.run_id, silent.workspace)
        except NotFoundError:
            over = RunOver(
                run_id=silent.run_id,
                workspace=silent.workspace,
                how=RunEnd.DELETED,
                is_on_bus=False,
            )
            await self._events.on_run_over(over)
            return
        if current.is_live:
            mark = partial(marked_silent, now_ms=unix_ms())
            await self._updates.apply(silent.run_id, mark)

    async def _end_reported(self, state: ControlState, status: RunStatus, message: str) -> None:
        """End the run of a program that does not end its MLflow run itself."""
        if (await self.synced_state(state.run_id, state.workspace)).is_live:
            await self.end(state.run_id, status, message)
