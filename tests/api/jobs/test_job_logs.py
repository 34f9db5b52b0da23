"""The log of a job: each line once, live and in the file, even over connections that break."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.bus.memory_bus import MemoryBus
from api.jobs.logs import MAX_LINE_CHARS, JobLogs
from api.jobs.ray_jobs import RayJobs
from api.jobs.store import Job, JobState
from tests.turns import until
from tracking_plugin.events import LogLines, RunEvent

pytestmark = pytest.mark.anyio

RUN_ID = "a" * 32


class Printed:
    """A fake cluster: each connection sends all output from the beginning, as Ray does."""

    def __init__(self, *connections: list[str | Exception]) -> None:
        self._connections = list(connections)

    async def follow_logs(self, submission_id: str) -> AsyncIterator[str]:
        for piece in self._connections.pop(0):
            if isinstance(piece, Exception):
                raise piece
            yield piece


class KeptEvents(MemoryBus):
    def __init__(self) -> None:
        super().__init__(1000)
        self.lines: list[str] = []

    def publish(self, event: RunEvent) -> None:
        assert isinstance(event, LogLines)
        assert len(event.lines) <= 100
        self.lines += event.lines


def job(attempt: int = 1) -> Job:
    return Job(
        run_id=RUN_ID,
        workspace=None,
        kind="retinal",
        spec="{}",
        tracking_uri="",
        state=JobState.SUBMITTED,
        attempt=attempt,
        submission_id=f"s-{attempt}",
        created_ms=0,
    )


class Stored:
    def __init__(self) -> None:
        self.text = ""

    async def __call__(self, job: Job, path: Path) -> None:
        self.text = path.read_text()  # noqa: ASYNC240 - nothing else waits here


async def followed(
    logs: JobLogs, printed: Printed, of: Job | None = None, *, wait: bool = True
) -> None:
    logs.follow(of or job(), cast(RayJobs, cast(Any, printed)))
    if wait:
        await logs.finish(of or job())


async def test_lines_are_published_kept_and_stored(tmp_path: Path) -> None:
    bus, stored = KeptEvents(), Stored()
    logs = JobLogs(tmp_path, bus, stored)
    await followed(logs, Printed(["one\ntw", "o\nthree\r\nfo", "ur"]))
    lines = ["one", "two", "three", "four"]
    assert bus.lines == lines
    assert await logs.tail(RUN_ID, 100) == lines
    assert await logs.tail(RUN_ID, 2) == ["three", "four"]
    assert stored.text.splitlines() == lines


async def test_after_a_broken_connection_no_line_is_published_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.logs._FIRST_RETRY_DELAY_S", 0.01)
    bus = KeptEvents()
    logs = JobLogs(tmp_path, bus, Stored())
    printed = Printed(["one\ntwo\n", OSError()], ["one\n", OSError()], ["one\ntwo\nthree\n"])
    await followed(logs, printed, wait=False)
    await until(lambda: "three" in bus.lines, "the last line")
    await logs.finish(job())
    assert bus.lines == ["one", "two", "three"]
    assert await logs.tail(RUN_ID, 10) == ["one", "two", "three"]


async def test_a_second_attempt_continues_the_same_file(tmp_path: Path) -> None:
    logs = JobLogs(tmp_path, KeptEvents(), Stored())
    await followed(logs, Printed(["one\n"]))
    await followed(logs, Printed(["two\n"]), job(attempt=2))
    assert await logs.tail(RUN_ID, 10) == ["one", "--- attempt 2 ---", "two"]


@pytest.mark.parametrize("attempt", [1, 2])
async def test_after_a_restart_of_the_server_no_line_is_published_or_kept_twice(
    tmp_path: Path, attempt: int
) -> None:
    printed = ["x" * 5000 + "\n", "one\ntw", "o\n"]
    before, after = KeptEvents(), KeptEvents()
    await followed(JobLogs(tmp_path, before, Stored()), Printed(printed), job(attempt))
    path = tmp_path / f"{RUN_ID}.log"
    path.write_text(path.read_text() + "thr")

    again = Printed(["".join(printed), "three\n"])
    logs = JobLogs(tmp_path, after, Stored())
    await followed(logs, again, job(attempt))
    assert after.lines == ["three"]
    marker = [] if attempt == 1 else ["--- attempt 2 ---"]
    assert await logs.tail(RUN_ID, 100) == [*marker, *before.lines, "three"]
    assert before.lines[-2:] == ["one", "two"]


async def test_a_log_that_is_a_link_is_neither_read_nor_written_nor_stored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / f"{RUN_ID}.log").symlink_to(tmp_path / "secret")
    bus, stored = KeptEvents(), Stored()
    logs = JobLogs(tmp_path, bus, stored)
    await followed(logs, Printed(["one\n"]))
    assert await logs.tail(RUN_ID, 10) == []
    assert (tmp_path / "secret").read_text() == "secret\n"
    assert stored.text == ""
    assert "is a link" in caplog.text


async def test_lines_are_the_same_however_they_arrive(tmp_path: Path) -> None:
    text = "a" * 4500 + "\nb\n" + "c" * 2000 + "\n"
    lines = []
    for size in (1, 700, len(text)):
        bus = KeptEvents()
        pieces: list[str | Exception] = [
            text[start : start + size] for start in range(0, len(text), size)
        ]
        await followed(JobLogs(tmp_path / str(size), bus, Stored()), Printed(pieces))
        lines.append(bus.lines)
    assert lines[0] == lines[1] == lines[2]
    assert [len(line) for line in lines[0]] == [2000, 2000, 500, 1, 2000]


async def test_of_much_output_a_part_is_published_and_all_is_kept(tmp_path: Path) -> None:
    bus = KeptEvents()
    logs = JobLogs(tmp_path, bus, Stored())
    await followed(logs, Printed(["\n".join(map(str, range(5000))) + "\n"]))
    assert len(bus.lines) < 1000
    assert bus.lines[-1] == "4999"
    assert any("are in the log alone" in line for line in bus.lines)
    assert await logs.tail(RUN_ID, 10_000) == [str(n) for n in range(5000)]


async def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    bus = KeptEvents()
    logs = JobLogs(tmp_path, bus, Stored())
    await followed(logs, Printed(["x" * 1000] * 10))
    assert {len(line) for line in bus.lines} <= {MAX_LINE_CHARS, 1000, 0}
    assert 1 < sum(map(len, bus.lines)) <= 10_000


async def test_a_run_without_a_log_has_no_lines(tmp_path: Path) -> None:
    logs = JobLogs(tmp_path, KeptEvents(), Stored())
    assert await logs.tail(RUN_ID, 10) == []
    await logs.finish(job())


async def test_a_failing_store_does_not_prevent_the_end_of_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(job: Job, path: Path) -> None:
        raise RuntimeError("a secret")

    logs = JobLogs(tmp_path, KeptEvents(), fail)
    await followed(logs, Printed(["one\n"]))
    assert "RuntimeError" in caplog.text
    assert "a secret" not in caplog.text
