"""Console lines of runs that are no jobs: a window on the disk, a limit per second, what is missing said."""

from pathlib import Path

import pytest

from api.jobs.console import RunConsole
from api.jobs.log_file import LogFile
from api.jobs.logs import MAX_LINES_PER_S
from tests.api.jobs.test_job_logs import KeptEvents
from tracking_plugin.control_messages import ConsoleLines

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_lines_are_kept_and_published(tmp_path: Path) -> None:
    bus = KeptEvents()
    console = RunConsole(tmp_path / "run.log", bus, "run", None)
    await console.add(ConsoleLines(console=["one", "two\nforged"], dropped=3))
    missing = "… 3 lines are missing: the program prints too fast"
    assert bus.lines == [missing, "one", "two forged"]
    assert LogFile(tmp_path / "run.log").tail(10) == bus.lines


async def test_lines_above_the_limit_are_counted(tmp_path: Path) -> None:
    bus, clock = KeptEvents(), Clock()
    console = RunConsole(tmp_path / "run.log", bus, "run", None, clock)
    many = ConsoleLines(console=["line"] * MAX_LINES_PER_S)
    await console.add(many)
    await console.add(many)
    assert bus.lines == ["line"] * MAX_LINES_PER_S
    clock.now = 1.0
    await console.add(ConsoleLines(console=["later"]))
    missing = f"… {MAX_LINES_PER_S} lines are missing: the program prints too fast"
    assert bus.lines[MAX_LINES_PER_S:] == [missing, "later"]


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
