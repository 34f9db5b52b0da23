"""A spool keeps undelivered records on disk, for one process at a time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import TrackingError
from training.tracking.spool import Spool

REPOSITORY = Path(__file__).parents[3]


def run_python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_folder_is_removed_once_everything_is_delivered(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "run")
    reference = spool.store_payload("a.txt", 1, lambda path: path.write_text("a"))
    spool.append([b"line"])
    spool.records.advance(len(spool.records.peek()))
    spool.discard_payload(reference)
    spool.close()

    assert not (tmp_path / "spool").exists()


def test_undelivered_records_and_files_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run")
    reference = spool.store_payload("a.txt", 1, lambda path: path.write_text("a"))
    spool.append([b"line"])
    spool.close()

    reopened = Spool(tmp_path, "run")
    assert reopened.records.peek() == [b"line"]
    assert reopened.payload_path(reference).read_text() == "a"


def test_rejected_records_stay_and_are_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run")
    spool.reject(b"bad")
    spool.close()

    assert (tmp_path / "rejected.jsonl").read_bytes() == b"bad\n"
    assert Spool(tmp_path, "run").num_rejected == 1


def test_two_processes_never_share_a_spool(tmp_path: Path) -> None:
    code = "import sys, pathlib, training.tracking.spool as s; s.Spool(pathlib.Path(sys.argv[1]), 'run'); "
    with run_python(code + "print('open', flush=True); sys.stdin.read()", tmp_path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        try:
            with pytest.raises(TrackingError, match=f"in use by process {holder.pid} on "):
                Spool(tmp_path, "run")
        finally:
            holder.kill()
    Spool(tmp_path, "run").close()


def test_a_closed_spool_can_be_opened_again_at_once(tmp_path: Path) -> None:
    Spool(tmp_path, "run").close()
    Spool(tmp_path, "run").close()


def test_a_forked_child_does_not_keep_the_lock_of_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal, pathlib, training.tracking.spool as s\n"
        "spool = s.Spool(pathlib.Path(sys.argv[1]), 'run')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    print(os.getpid(), flush=True)\n"
        "signal.pause()\n"
    )
    with run_python(code, tmp_path) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        try:
            parent.kill()
            parent.wait()

            Spool(tmp_path, "run").close()
        finally:
            os.kill(child_pid, signal.SIGKILL)


def test_a_spool_with_records_of_another_run_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run-1")
    spool.append([b"line"])
    spool.close()

    with pytest.raises(TrackingError, match="records of the run run-1, not of run-2"):
        Spool(tmp_path, "run-2")
    Spool(tmp_path, "run-1").close()


def test_a_full_spool_is_an_error_and_accepts_records_after_delivery(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "run", max_bytes=10_000)
    line = b"x" * 499
    for _ in range(20):
        spool.append([line])
    with pytest.raises(TrackingError, match="would exceed the limit of 10,000"):
        spool.append([line])
    assert spool.num_undelivered == 20
    with pytest.raises(TrackingError, match="would exceed the limit"):
        spool.store_payload("a.txt", 1000, lambda path: path.write_text("a" * 1000))

    while lines := spool.records.peek():
        spool.records.advance(len(lines))
    spool.append([line] * 10)
    assert spool.num_undelivered == 10


def test_a_full_disk_error_names_folder_and_size_and_leaves_complete_lines(tmp_path: Path) -> None:
    code = (
        "import resource, sys, pathlib, training.tracking.spool as s\n"
        "spool = s.Spool(pathlib.Path(sys.argv[1]), 'run')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    for count in range(100):\n"
        "        spool.append([b'x' * 100] * 10)\n"
        "except s.TrackingError as error:\n"
        "    print(count, error)\n"
        "try:\n"
        "    spool.store_payload('a', 50_000, lambda path: path.write_bytes(b'a' * 50_000))\n"
        "except s.TrackingError as error:\n"
        "    print(error, list(spool._payloads.iterdir()))\n"
    )
    output, _ = run_python(code, tmp_path).communicate()
    appending, storing = output.splitlines()

    num_appended, message = appending.split(maxsplit=1)
    assert f"kept in {tmp_path} until" in message
    assert "1,010 bytes could not be written there: File too large. Free some space" in message
    assert "50,000 bytes could not be written there: File too large." in storing
    assert storing.endswith("[]")
    spool = Spool(tmp_path, "run")
    assert spool.num_undelivered == 10 * int(num_appended) == 190
    assert set(spool.records.peek()) == {b"x" * 100}


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(TrackingError, match=f"kept in {tmp_path}/file/spool until"):
        Spool(tmp_path / "file" / "spool", "run")
