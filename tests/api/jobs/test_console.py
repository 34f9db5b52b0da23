"""Console lines of runs that are no jobs: a window on the disk, a limit per second, what is missing said."""

from pathlib import Path

import pytest

from api.jobs.console import MAX_BURST_LINES, RunConsole
from api.jobs.log_file import LogFile
from api.jobs.logs import MAX_LINES_PER_S
from tests.api.jobs.test_job_logs import KeptEvents
from tracking_plugin.console import MAX_PENDING_LINES, ConsoleBuffer
from tracking_plugin.control_messages import ConsoleLines

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def missing(number: int) -> str:
    return f"… {number} lines are missing here: too many at once, or the connection was lost"


async def test_lines_are_kept_and_published(tmp_path: Path) -> None:
    bus = KeptEvents()
    console = RunConsole(tmp_path / "run.log", bus, "run", None)
    forged = "\x1b[31mtwo\x1b[0m\nforged\x00\u202e"
    await console.add(ConsoleLines(console=["one", forged, "1 %\r2 %"], dropped=3))
    assert bus.lines == [missing(3), "one", "two forged", "2 %"]
    assert LogFile(tmp_path / "run.log").tail(10) == bus.lines


async def test_lines_above_the_limit_are_counted_where_they_are_missing(tmp_path: Path) -> None:
    bus, clock = KeptEvents(), Clock()
    console = RunConsole(tmp_path / "run.log", bus, "run", None, clock)
    await console.add(ConsoleLines(console=["line"] * (MAX_BURST_LINES + 7)))
    await console.add(ConsoleLines(console=["lost"] * 5))
    assert bus.lines == ["line"] * MAX_BURST_LINES
    clock.now = 1.0
    await console.add(ConsoleLines(console=["later"] * (MAX_LINES_PER_S + 2)))
    assert bus.lines[MAX_BURST_LINES:] == [missing(12), *["later"] * MAX_LINES_PER_S]
    await console.end()
    await console.end()
    assert bus.lines[MAX_BURST_LINES + 1 + MAX_LINES_PER_S :] == [missing(2)]
    assert LogFile(tmp_path / "run.log").tail(1) == [missing(2)]


async def test_all_that_waits_when_a_program_ends_is_kept(tmp_path: Path) -> None:
    bus, waiting = KeptEvents(), ConsoleBuffer()
    console = RunConsole(tmp_path / "run.log", bus, "run", None, Clock())
    for number in range(MAX_PENDING_LINES):
        waiting.add(str(number))
    while (batch := waiting.take()) is not None:
        await console.add(batch)
    assert bus.lines == [str(number) for number in range(MAX_PENDING_LINES)]


async def test_what_the_program_itself_dropped_is_said_without_a_further_line(
    tmp_path: Path,
) -> None:
    bus = KeptEvents()
    await RunConsole(tmp_path / "run.log", bus, "run", None).add(
        ConsoleLines(console=[], dropped=9)
    )
    assert bus.lines == [missing(9)]


async def test_a_log_that_cannot_be_kept_is_still_published(tmp_path: Path) -> None:
    bus = KeptEvents()
    (tmp_path / "run.log").symlink_to(tmp_path / "elsewhere")
    await RunConsole(tmp_path / "run.log", bus, "run", None).add(ConsoleLines(console=["one"]))
    assert bus.lines == ["one"]
    assert not (tmp_path / "elsewhere").exists()


def test_the_window_keeps_the_newest_lines_whole(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "run.log")
    file.append([f"line {number:04}" for number in range(1000)])
    file.keep_newest(5000)
    lines = file.tail(10_000)
    assert lines[0] == "… older lines were removed"
    assert lines[1:] == [f"line {number:04}" for number in range(1000 - len(lines) + 1, 1000)]
    assert 2000 < (tmp_path / "run.log").stat().st_size <= 2600
    file.append(["next"])
    assert file.tail(1) == ["next"]
