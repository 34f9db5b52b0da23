"""A run that ends, or ends and starts again, between the reading of MLflow and the decision about it."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from mlflow.entities import RunTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.control.audit import Issuer
from api.control.state import deleted
from api.control.transitions import Action
from api.errors import ConflictError
from api.runs.reader import RunReader
from api.runs.state import RECENT_STEPS, RunState
from api.timestamps import unix_ms
from tests.api.server_parts import ServerParts, server_parts
from tracking_plugin.names import RunStatus, Tag

PERSON = Issuer(who="person", source="test")


class InterruptedReader(RunReader):
    """Calls `after_reading` with each run that was read.

    The server's own workers read, too: whoever reads meanwhile waits until the call is over.
    """

    def __init__(self, store: SqlAlchemyStore) -> None:
        super().__init__(lambda: store)
        self.after_reading: Callable[[str], None] = lambda _: None
        self._lock = threading.Lock()

    def state(self, run_id: str, recent_steps: int = RECENT_STEPS) -> RunState:
        state = super().state(run_id, recent_steps)
        with self._lock:
            self.after_reading(run_id)
        return state


@asynccontextmanager
async def a_live_run(folder: Path) -> AsyncIterator[tuple[ServerParts, InterruptedReader, str]]:
    readers: list[InterruptedReader] = []

    def reader_of(store: SqlAlchemyStore) -> RunReader:
        readers.append(InterruptedReader(store))
        return readers[0]

    async with server_parts(folder, reader_of=reader_of) as parts:
        run_id = parts.create_run()
        # Its program listens for commands.
        parts.store.set_tag(run_id, RunTag(Tag.STATUS, RunStatus.TRAINING))
        await parts.control.connect(run_id, None, "", PERSON)
        yield parts, readers[0], run_id


async def connect(parts: ServerParts, run_id: str) -> RunStatus:
    return (await parts.control.connect(run_id, None, "", PERSON)).state.status


async def pause(parts: ServerParts, run_id: str) -> RunStatus:
    return (await parts.control.command(run_id, None, Action.PAUSE, PERSON)).state.status


async def synced(parts: ServerParts, run_id: str) -> RunStatus:
    return (await parts.control.synced_state(run_id, None)).status


def end(parts: ServerParts, run_id: str) -> None:
    """The stored state alone, as an older deletion does whose run is restored by now."""
    now_ms = unix_ms()
    parts.control_store.change(run_id, partial(deleted, deadline_ms=now_ms), now_ms=now_ms)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (connect, RunStatus.TRAINING),
        (pause, RunStatus.PAUSING),
        (synced, RunStatus.TRAINING),
    ],
)
@pytest.mark.anyio
async def test_a_run_that_is_active_in_mlflow_is_not_taken_for_ended(
    act: Callable[[ServerParts, str], Awaitable[RunStatus]], status: RunStatus, tmp_path: Path
) -> None:
    async with a_live_run(tmp_path) as (parts, reader, run_id):

        def end_once(read: str) -> None:
            reader.after_reading = lambda _: None
            end(parts, read)

        reader.after_reading = end_once
        assert await act(parts, run_id) is status


@pytest.mark.parametrize("act", [connect, pause])
@pytest.mark.anyio
async def test_a_run_that_has_ended_in_mlflow_meanwhile_refuses(
    act: Callable[[ServerParts, str], Awaitable[RunStatus]], tmp_path: Path
) -> None:
    async with a_live_run(tmp_path) as (parts, reader, run_id):

        def finish_once(read: str) -> None:
            reader.after_reading = lambda _: None
            parts.set_status(read, "KILLED")
            end(parts, read)

        reader.after_reading = finish_once
        with pytest.raises(ConflictError, match=r"The run .*is stopped"):
            await act(parts, run_id)
