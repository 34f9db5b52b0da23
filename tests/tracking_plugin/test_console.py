"""Printed lines are copied within limits, and the streams are put back however they were nested."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import until
from tracking_plugin import control_link
from tracking_plugin.console import (
    MAX_BATCH_BYTES,
    MAX_PENDING_LINES,
    PROGRESS_INTERVAL_S,
    ConsoleBuffer,
    ConsoleCapture,
    LineReader,
)
from tracking_plugin.console_lines import MAX_LINE_CHARS
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Command, ConsoleLines, Desired, encode

RUN_ID = "0123456789abcdef0123456789abcdef"


def are_restored() -> bool:
    return "write" not in vars(sys.stdout) and "write" not in vars(sys.stderr)


def taken(buffer: ConsoleBuffer) -> list[str]:
    lines: list[str] = []
    while (batch := buffer.take()) is not None:
        lines += batch.console or []
    return lines


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["one\ntw", "o\n"], ["one", "two"]),
        (["\r 1 %", "\r 50 %", "\r100 %\n", "done"], ["100 %", "done"]),
        (["windows\r\n"], ["windows"]),
        (["\n\n"], ["", ""]),
        (["\x1b[31mred\x1b[0m <b>\n"], ["red <b>"]),
        (["\r50 %\r\x1b[K\n"], ["50 %"]),
        (["\x1b]0;title\x07a\x00\tb\u202ec\n"], ["a\tbc"]),
        (["bad \udcff name\n"], ["bad ? name"]),
        (["x" * 5000 + "\n"], ["x" * (MAX_LINE_CHARS - 1) + "…"]),
        (["x"] * 9000 + ["\n"], ["x" * (MAX_LINE_CHARS - 1) + "…"]),
        ([f"\r{number} %" for number in range(5000)] + ["\n"], ["4999 %"]),
    ],
)
def test_pieces_become_lines_as_a_terminal_shows_them(pieces: list[str], lines: list[str]) -> None:
    buffer = ConsoleBuffer()
    reader = LineReader(buffer)
    for piece in pieces:
        reader.add(piece)
    reader.end()
    assert taken(buffer) == lines


def test_a_progress_bar_is_shown_while_it_runs_but_not_each_state() -> None:
    now = 100.0
    buffer = ConsoleBuffer()
    reader = LineReader(buffer, lambda: now)
    for number in range(25):
        now = 100.0 + number
        reader.add(f"\r{number} s")
    reader.add("\n")
    assert PROGRESS_INTERVAL_S == 10
    assert taken(buffer) == ["10 s", "20 s", "24 s"]


def test_a_line_that_is_written_in_pieces_is_shown_once() -> None:
    now = 100.0
    buffer = ConsoleBuffer()
    reader = LineReader(buffer, lambda: now)
    for number in range(25):
        now = 100.0 + number
        reader.add(".")
    reader.add("\n")
    assert taken(buffer) == ["." * 25]


def test_lines_that_wait_too_long_at_the_end_are_counted() -> None:
    buffer = ConsoleBuffer()
    for _ in range(3):
        buffer.add("line")
    buffer.drop_pending()
    assert buffer.take() == ConsoleLines(console=[], dropped=3)


def test_the_newest_lines_are_kept_and_the_others_counted() -> None:
    buffer = ConsoleBuffer()
    reader = LineReader(buffer)
    reader.add("".join(f"{number}\n" for number in range(3 * MAX_PENDING_LINES)))
    batch = buffer.take()
    assert batch is not None
    assert batch.dropped == 2 * MAX_PENDING_LINES
    assert isinstance(batch.console, list)
    assert batch.console[0] == str(2 * MAX_PENDING_LINES)


def test_a_text_of_many_megabytes_is_counted_rather_than_split() -> None:
    buffer = ConsoleBuffer()
    LineReader(buffer).add("line\n" * 2_000_000)
    batch = buffer.take()
    assert batch is not None
    assert batch.dropped == 2_000_000 - MAX_PENDING_LINES


def test_a_message_stays_within_the_servers_limit() -> None:
    buffer = ConsoleBuffer()
    for _ in range(200):
        buffer.add("\x01" * MAX_LINE_CHARS)
    while (batch := buffer.take()) is not None:
        assert len(encode(batch)) < MAX_BATCH_BYTES + 100


def test_what_is_printed_is_still_printed(capsys: pytest.CaptureFixture[str]) -> None:
    capture = ConsoleCapture()
    capture.start()
    print("to both")
    print("error", file=sys.stderr)
    capture.stop()
    print("later")
    assert capsys.readouterr() == ("to both\nlater\n", "error\n")
    assert taken(capture.buffer) == ["to both", "error"]
    assert are_restored()


@pytest.mark.parametrize("is_outer_first", [True, False])
def test_nested_captures_end_in_any_order(is_outer_first: bool) -> None:
    outer, inner = ConsoleCapture(), ConsoleCapture()
    outer.start()
    inner.start()
    print("both")
    first, last = (outer, inner) if is_outer_first else (inner, outer)
    first.stop()
    print("one")
    last.stop()
    assert are_restored()
    assert (taken(first.buffer), taken(last.buffer)) == (["both"], ["both", "one"])


def test_a_capture_that_fails_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = ConsoleCapture()
    monkeypatch.setattr(capture.buffer, "add", lambda line: 1 / 0)
    capture.start()
    print("one")
    print("two")
    capture.stop()
    assert are_restored()


def test_a_stream_that_cannot_be_captured_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Fixed:
        __slots__ = ()

        def write(self, text: str) -> int:
            return len(text)

    monkeypatch.setattr(sys, "stdout", Fixed())
    monkeypatch.setattr(sys, "stderr", None)
    capture = ConsoleCapture()
    capture.start()
    print("unharmed")
    capture.stop()
    assert "the type Fixed cannot be sent" in caplog.text


def test_a_forked_process_does_not_use_the_locks_of_its_parent() -> None:
    capture = ConsoleCapture()
    capture.start()
    capture.buffer._lock.acquire()
    child = os.fork()
    if child == 0:
        print("in the child", flush=True)
        os._exit(0)
    capture.buffer._lock.release()
    until(lambda: os.waitpid(child, os.WNOHANG)[0] == child, "the end of the child")
    capture.stop()


@pytest.fixture
def server() -> Iterator[ControlServer]:
    with control_server() as server:
        server.command = Command(desired=Desired.RUNNING, takes_console=True)
        yield server


def test_lines_reach_the_server_before_control_ends(server: ControlServer) -> None:
    def train() -> None:
        with RunControl(RUN_ID, tracking_uri=server.url, console=True):
            for number in range(350):
                print(number)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the one above
        train()
    assert server.console == [str(number) for number in range(350)]
    assert are_restored()


def test_lines_that_the_end_does_not_wait_for_are_counted(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CLOSE_TIMEOUT_S": 0.5,
        "BATCH_INTERVAL_S": 0.1,
        "_DRAIN_INTERVAL_S": 0.1,
    }.items():
        monkeypatch.setattr(control_link, name, value)
    with RunControl(RUN_ID, tracking_uri=server.url, console=True) as control:
        control.wait_for_first_command()
        for number in range(MAX_PENDING_LINES):
            print(number)
    assert server.num_dropped > 0
    assert len(server.console) + server.num_dropped == MAX_PENDING_LINES


def test_a_server_that_does_not_ask_for_lines_gets_none(server: ControlServer) -> None:
    server.command = Command(desired=Desired.RUNNING)
    with RunControl(RUN_ID, tracking_uri=server.url, console=True) as control:
        control.wait_for_first_command()
        print("here alone")
    assert server.console == []
    assert server.last_report is not None


def test_without_a_server_printing_goes_on() -> None:
    with RunControl(RUN_ID, tracking_uri="http://127.0.0.1:9", console=True):
        for number in range(5 * MAX_PENDING_LINES):
            print(number)
    assert are_restored()
