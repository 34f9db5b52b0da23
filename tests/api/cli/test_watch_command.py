"""`fovea watch` as a process: in a terminal, in a pipe, interrupted, and at the end of a run."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from api.cli.follow_run import follow_run
from api.cli.watched_run import WatchedRun
from api.client import AsyncFoveaClient, Link
from api.live.messages import ServerMessage
from tests.api.cli.conftest import FOVEA
from tests.api.client.fake_stream import (
    RUN_ID,
    Ending,
    FakeStream,
    serving,
    status_update,
    updates,
)
from tests.waiting import until

ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
HISTORY = [
    {"metric": "train/loss", "value": 1.0, "step": step, "timestamp": "2026-01-02T03:04:05Z"}
    for step in range(1, 50)
]


@dataclass
class Terminal:
    """A program in a terminal of 80 columns and 24 lines."""

    process: subprocess.Popen[bytes]
    written: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        return self.written.decode(errors="replace")

    def shows(self, words: str) -> None:
        until(lambda: words in self.text, f"{words!r} in the terminal")


@contextmanager
def in_terminal(*arguments: str) -> Iterator[Terminal]:
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [str(FOVEA), *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )
    os.close(follower)
    terminal = Terminal(process)
    reader = threading.Thread(target=_read, args=(leader, terminal.written))
    reader.start()
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        os.close(leader)


def _read(leader: int, written: bytearray) -> None:
    while True:
        try:
            written += os.read(leader, 65536)
        except OSError:
            # The program has ended.
            return


def a_stream(**given: Any) -> FakeStream:
    answers = {
        "/api/metrics/latest": {"run_id": RUN_ID},
        "/api/metrics/performance": HISTORY,
    }
    return FakeStream(answers=answers, **given)


def start_plain(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(FOVEA), "watch", RUN_ID, "--url", url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # PYTHONUNBUFFERED would hide lines that wait in a buffer.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        text=True,
    )


def test_a_terminal_shows_the_run_until_it_completes() -> None:
    with (
        serving(a_stream(events=updates(5))) as fake,
        in_terminal("watch", RUN_ID, "--url", fake.url) as terminal,
    ):
        terminal.shows("● live")
        fake.publish(status_update(0, "paused"))
        terminal.shows("‖ paused")
        fake.publish(status_update(0, "completed"))

        assert terminal.process.wait(60) == 0
        terminal.shows(LEAVE_SCREEN)

    assert terminal.text.index(ENTER_SCREEN) < terminal.text.index(LEAVE_SCREEN)
    assert terminal.text.rindex(HIDE_CURSOR) < terminal.text.rindex(SHOW_CURSOR)
    last_frame = terminal.text[terminal.text.rindex(LEAVE_SCREEN) :]
    assert "✓ completed" in last_frame
    assert "train" in last_frame


class SilentViewer:
    draws_curves = True

    def on_message(self, run: WatchedRun, message: ServerMessage) -> None: ...

    def on_link(self, link: Link) -> None: ...

    def on_tick(self, run: WatchedRun, now: datetime) -> None: ...


def test_curves_include_the_history() -> None:
    async def watched(url: str) -> WatchedRun:
        async with AsyncFoveaClient(url) as client:
            return await follow_run(client, RUN_ID, SilentViewer())

    fake = a_stream(metrics={"loss": {"train": 0.5}})
    fake.publish({**updates(1)[0], "points": [HISTORY[0] | {"step": 50}]})
    fake.publish(status_update(0, "completed"))
    with serving(fake):
        run = asyncio.run(watched(fake.url))

    (chart,) = run.curves.charts()
    assert [step for step, _ in chart.curves[0].points] == list(range(1, 51))
    assert f"/api/metrics/performance/train/loss?run_id={RUN_ID}&limit=1000" in fake.requests


def test_an_error_of_the_screen_ends_the_command() -> None:
    class FailingViewer(SilentViewer):
        def on_tick(self, run: WatchedRun, now: datetime) -> None:
            raise ZeroDivisionError

    async def watched(url: str) -> None:
        async with AsyncFoveaClient(url) as client:
            await follow_run(client, RUN_ID, FailingViewer())

    with serving(a_stream()) as fake, pytest.raises(ZeroDivisionError):
        asyncio.run(watched(fake.url))


def test_a_lost_connection_is_shown_and_retried() -> None:
    with (
        serving(a_stream(events=updates(5), endings=[Ending(3, 4429)])) as fake,
        in_terminal("watch", RUN_ID, "--url", fake.url) as terminal,
    ):
        terminal.shows("NOT LIVE")
        terminal.shows("too many connections")
        fake.publish(status_update(0, "completed"))

        assert terminal.process.wait(60) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_restores_the_terminal(number: signal.Signals, code: int) -> None:
    with (
        serving(a_stream(events=updates(5))) as fake,
        in_terminal("watch", RUN_ID, "--url", fake.url) as terminal,
    ):
        terminal.shows("● live")
        terminal.process.send_signal(number)

        assert terminal.process.wait(60) == code
        terminal.shows(LEAVE_SCREEN)

    assert "Traceback" not in terminal.text
    assert terminal.text.rindex(HIDE_CURSOR) < terminal.text.rindex(SHOW_CURSOR)


@pytest.mark.parametrize(("word", "code"), [("completed", 0), ("error", 1), ("stopped", 3)])
def test_a_pipe_gets_lines_and_the_exit_code_tells_how_the_run_ended(word: str, code: int) -> None:
    with serving(a_stream(events=updates(2), endings=[Ending(2, 1012)])) as fake:
        fake.publish(status_update(0, word))
        process = start_plain(fake.url)
        out, err = process.communicate(timeout=60)

    assert process.returncode == code
    assert [line.split(" ", 1)[1] for line in out.splitlines()] == [
        "status training",
        "metrics step=1 epoch=1 train/loss=1",
        "metrics step=2 epoch=1 train/loss=2",
        f"status {word}",
    ]
    assert err.splitlines()[0].startswith("fovea: not live, reconnecting: ")
    assert err.splitlines()[1:] == ["fovea: live again"]


def test_lines_are_flushed_and_a_closed_pipe_ends_the_command() -> None:
    with serving(a_stream(events=updates(1))) as fake:
        process = start_plain(fake.url)
        assert process.stdout is not None
        assert process.stderr is not None
        assert "status training" in process.stdout.readline()
        assert "step=1" in process.stdout.readline()
        process.stdout.close()
        # The first write into a closed pipe may still succeed.
        fake.publish(*updates(50))

        assert process.wait(60) == 141
        assert process.stderr.read() == ""
        process.stderr.close()


def test_without_a_run_the_newest_active_one_is_watched() -> None:
    fake = a_stream()
    fake.answers |= {"/api/runs?status=RUNNING": [], "/api/runs?status=SCHEDULED": []}
    with serving(fake):
        process = subprocess.run(
            [str(FOVEA), "watch", "--url", fake.url],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert process.returncode == 1
    assert process.stderr.startswith(f"fovea: No run is active at {fake.url}: name one")
