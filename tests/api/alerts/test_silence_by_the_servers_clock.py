"""Silence goes by when the server accepted a write, whatever the writer's clock says."""

import asyncio
from pathlib import Path

import pytest

from api.timestamps import unix_ms
from tests.api.server_parts import ServerParts, server_parts, until_true

pytestmark = pytest.mark.anyio

HOUR_MS = 3600 * 1000
WRITER_CLOCKS = {
    "an hour ahead": lambda: unix_ms() + HOUR_MS,
    "a day behind": lambda: unix_ms() - 24 * HOUR_MS,
    "seconds": lambda: unix_ms() // 1000,
    "nanoseconds": lambda: unix_ms() * 1_000_000,
    "zero": lambda: 0,
}


async def until_heard_of_again(parts: ServerParts, run_id: str, num_before: int) -> None:
    """Wait until the silence has ended; the run may be silent again since."""

    async def has_ended() -> bool:
        later = parts.changes[num_before:]
        return any(it.change.kind == "resolved" and it.alert.run_id == run_id for it in later)

    await until_true(has_ended, "the end of the silence")


async def test_a_wrong_clock_neither_hides_a_silence_nor_its_end(tmp_path: Path) -> None:
    async with server_parts(tmp_path, silent_after_s=0.5) as parts:
        runs = {}
        for name, now_ms in WRITER_CLOCKS.items():
            runs[name] = parts.create_run(start_ms=now_ms())
            parts.log(runs[name], {"loss": 1.0}, timestamp_ms=now_ms())
        for run_id in runs.values():
            await parts.until_open(run_id, "run_silent")
        fired = {it.alert.run_id: it.alert for it in parts.changes if it.change.kind == "fired"}
        assert all(0.5 <= fired[run_id].value < 60 for run_id in runs.values())

        for name, now_ms in WRITER_CLOCKS.items():
            num_before = len(parts.changes)
            parts.log(runs[name], {"loss": 0.5}, step=2, timestamp_ms=now_ms())
            await until_heard_of_again(parts, runs[name], num_before)


async def test_a_write_of_a_run_at_any_depth_below_is_a_sign_of_life(tmp_path: Path) -> None:
    async with server_parts(tmp_path, silent_after_s=1) as parts:
        sweep = parts.create_run()
        trial = parts.create_run(parent=sweep)
        fold = parts.create_run(parent=trial)
        idle = parts.create_run()
        is_done = False

        async def write() -> None:
            step = 0
            while not is_done:
                step += 1
                parts.log(fold, {"loss": 1.0}, step=step)
                await asyncio.sleep(0.05)

        writing = asyncio.create_task(write())
        await parts.until_open(idle, "run_silent")
        for run_id in (sweep, trial, fold):
            assert "run_silent" not in await parts.open_rules(run_id)
        is_done = True
        await writing
        for run_id in (sweep, trial, fold):
            await parts.until_open(run_id, "run_silent")
        num_before = len(parts.changes)
        parts.log(fold, {"loss": 1.0}, step=10_000)
        await until_heard_of_again(parts, sweep, num_before)
        assert parts.failures.num == 0, parts.failures.newest()
