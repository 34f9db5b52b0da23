"""Folders of models are removed, also those of a process that was killed."""

import contextlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from serving.engine.model_folder import model_folder, remove_dead_folders
from serving.engine.process_name import names_ended_process, own_process_name

HOLD = """
from serving.engine.model_folder import model_folder
with model_folder() as folder:
    (folder / "weights").touch()
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_ends_with_its_use() -> None:
    with contextlib.suppress(ZeroDivisionError), model_folder() as folder:
        assert folder.stat().st_mode & 0o77 == 0
        raise ZeroDivisionError
    assert not folder.exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        remove_dead_folders()
        assert folder.exists()
        process.send_signal(signal.SIGKILL)
    remove_dead_folders()
    assert not folder.exists()


def test_only_processes_of_this_machine_are_known_to_have_ended() -> None:
    machine, _, started = own_process_name().split("-")
    assert not names_ended_process(own_process_name())
    assert names_ended_process(f"{machine}-999999999-{started}-x")
    assert names_ended_process(f"{own_process_name()[:-1]}")
    assert not names_ended_process(f"00000000-999999999-{started}")
    assert not names_ended_process("anything")
