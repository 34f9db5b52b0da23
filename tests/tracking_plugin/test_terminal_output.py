"""Any text can be written to any terminal, and a program outlives whoever reads its output."""

import errno
import io
import os
import sys

import pytest

from tracking_plugin.terminal_output import (
    LastingStream,
    outlive_readers,
    plain,
    prepare_output,
    silence,
)

NAME = "● étude 👁\u200d🗨 दृष्टि \udcff …"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", "* \\xe9tude \\U0001f441\\u200d\\U0001f5e8"),
        ("latin-1", "* étude \\U0001f441"),
        ("utf-8", "● étude 👁\u200d🗨 दृष्टि \\udcff …"),
        ("cp1252", "* étude \\U0001f441"),
    ],
)
def test_characters_that_the_encoding_lacks_become_escapes_and_our_symbols_plain(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))

    prepare_output()
    print(NAME, flush=True)

    assert raw.getvalue().decode(encoding).startswith(written)


def test_closed_outputs_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    prepare_output()
    print(NAME)
    print(NAME, file=sys.stderr)

    assert sys.stderr is not None
    sys.stdout.close()
    sys.stderr.close()


def test_a_program_goes_on_after_its_reader_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", sys.stderr)
        outlive_readers()
        for _ in range(3):
            print("epoch 1" * 10_000, flush=True)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EAGAIN])
def test_a_full_disk_loses_lines_and_no_training(fault: int) -> None:
    class Full(io.StringIO):
        is_full = True

        def write(self, text: str) -> int:
            if self.is_full:
                raise OSError(fault, os.strerror(fault))
            return super().write(text)

    full = Full()
    stream = LastingStream(full)
    stream.write("lost")
    stream.flush()
    full.is_full = False
    stream.writelines(["kept", "!"])

    assert full.getvalue() == "kept!"
    assert not stream.isatty()


def test_a_closed_stream_is_written_to_without_an_error() -> None:
    stream = io.StringIO()
    stream.close()

    LastingStream(stream).write("late")
    silence(stream)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("run \u202egpj.exe", "run \\u202egpj.exe"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("\x9b31m\x00\u2028", "\\x9b31m\\x00\\u2028"),
        ("👁\u200d🗨 ज़\u200c्", "👁\u200d🗨 ज़\u200c्"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert plain(text) == shown
