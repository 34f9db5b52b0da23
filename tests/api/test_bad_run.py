"""A run whose data cannot be processed affects no other run, and is counted."""

from pathlib import Path

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.listing import UNREADABLE, list_runs
from api.runs.reader import RunReader
from api.runs.source import FoundRun, RunQuery
from api.runs.state import RunState
from api.timestamps import unix_ms
from tests.api.live.scripted_stream import Client
from tests.api.server_parts import ServerParts, server_parts
from tracking_plugin.events import LoggedPoint

pytestmark = pytest.mark.anyio


class ReaderWithBadRun(RunReader):
    """Raises for one run whatever parsers raise for hostile data."""

    bad_run_id = ""

    def state(self, run_id: str, recent_steps: int = 0) -> RunState:
        if run_id == self.bad_run_id:
            raise RecursionError("maximum recursion depth exceeded")
        return super().state(run_id, recent_steps)


def reader_of(store: SqlAlchemyStore) -> RunReader:
    return ReaderWithBadRun(lambda: store)


def make_bad(parts: ServerParts, run_id: str) -> None:
    assert isinstance(parts.reader, ReaderWithBadRun)
    parts.reader.bad_run_id = run_id


async def test_alerts_sockets_and_silence_of_other_runs_work_as_before(tmp_path: Path) -> None:
    async with server_parts(tmp_path, silent_after_s=0.5, reader_of=reader_of) as parts:
        good, bad = parts.create_run(), parts.create_unseen_run(start_ms=unix_ms() + 60_000)
        make_bad(parts, bad)
        parts.log(bad, {"train/loss": float("nan")})
        parts.log(good, {"train/loss": float("nan")})

        await parts.until_open(good, "loss_not_finite")
        await parts.until_open(good, "run_silent")
        socket = Client(parts.hub)
        first = await socket.join(None)
        assert first["run_id"] is None
        parts.log(good, {"train/loss": 0.5}, step=2)
        await parts.until_open(good, "loss_not_finite")

        assert {failure.run_id for failure in parts.failures.newest()} == {bad}
        assert parts.failures.newest()[0].error == "RecursionError"
        socket.leave()


def test_a_run_that_cannot_be_shown_is_listed_with_the_others() -> None:
    class Listing(RunReader):
        def find_runs(self, query: RunQuery, page: Page) -> Listed[FoundRun]:
            return Listed([FoundRun(it, "here") for it in (good, bad)], 2)

    good, bad = RunState(run_id="good"), RunState(run_id="bad", run_name="owl")
    bad.latest["train/loss"] = LoggedPoint("train/loss", "no number", 1, 1)  # type: ignore[arg-type]
    failures = RunFailures()

    listed = list_runs(Listing(), RunQuery(), Page(limit=10), 0, failures)

    assert [(run.run_id, run.message) for run in listed.entries] == [
        ("good", ""),
        ("bad", UNREADABLE),
    ]
    assert listed.entries[1].run_name == "owl"
    assert [failure.run_id for failure in failures.newest()] == ["bad"]
