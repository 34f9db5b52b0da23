"""Real Ray heads: on loopback, behind a token, and gone with their owner, when idle, or when a part is killed."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from tests.waiting import until
from tracking_plugin.file_lock import is_locked
from tracking_plugin.ray_detached_head import HeadFiles, HeadUse, find_head, open_head, stop_head
from tracking_plugin.ray_head import HeadError, LocalHead
from tracking_plugin.ray_head_program import LOOPBACK
from tracking_plugin.ray_head_record import HeadRecord
from tracking_plugin.ray_processes import processes_in

OWN_A_HEAD = """
import sys
from tracking_plugin.ray_head import LocalHead
head = LocalHead()
print(head.address, head.token, flush=True)
sys.stdin.read()
"""
OPEN_A_HEAD = """
import sys
from pathlib import Path
from tracking_plugin.ray_detached_head import open_head
open_head(Path(sys.argv[1]), idle_s=1)
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_head_needs_its_token_is_local_and_ends_with_a_killed_owner() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWN_A_HEAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        address, token = owner.stdout.readline().split()
        processes = psutil.Process(owner.pid).children(recursive=True)

        assert requests.get(f"{address}/api/jobs/", timeout=10).status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{address}/api/jobs/", headers=headers, timeout=10).ok
        assert listening_addresses(processes) == {LOOPBACK}

        os.kill(owner.pid, signal.SIGKILL)
        until(lambda: not any(map(psutil.Process.is_running, processes)), "Ray's end")


def test_a_detached_head_outlives_its_starter_and_ends_once_it_has_no_job(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_A_HEAD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
        use = HeadUse(tmp_path)
        starter.kill()
    head = found(tmp_path)
    assert requests.get(f"{head.address}/api/jobs/", timeout=10).status_code == 401
    processes = processes_in(Path(head.folder))
    assert listening_addresses(processes) == {LOOPBACK}
    assert mode(Path(head.folder)) == mode(HeadFiles(tmp_path).folder) == 0o700
    assert mode(HeadFiles(tmp_path).record) == mode(HeadFiles(tmp_path).log) == 0o600

    job_id = submit(head, "sleep 3")
    use.end()
    until(lambda: status(head, job_id) == "SUCCEEDED", "the job's end, before that of its head")
    until(lambda: not is_locked(HeadFiles(tmp_path).lock), "the end of the idle head")
    assert find_head(tmp_path) is None
    assert not any(map(psutil.Process.is_running, processes))
    assert not Path(head.folder).exists()


def test_nothing_is_left_of_a_detached_head_that_is_killed(tmp_path: Path) -> None:
    head = open_head(tmp_path, idle_s=600, owner_pid=os.getpid())
    try:
        submit(head, "sleep 600")
        processes = processes_in(Path(head.folder))
        until(lambda: is_called("sleep 600", processes_in(Path(head.folder))), "the job's process")
        for process in is_called("ray_head_program", processes):
            process.kill()
        until(lambda: not is_locked(HeadFiles(tmp_path).lock), "the end of the supervisor")
        assert processes_in(Path(head.folder)) == []
        assert not Path(head.folder).exists()
        assert find_head(tmp_path) is None
    finally:
        stop_head(tmp_path)


def test_a_head_that_cannot_start_raises_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/dev/null/nowhere")

    with pytest.raises(HeadError, match=r"did not start(?s:.*)/dev/null/nowhere"):
        LocalHead()


def found(data_dir: Path) -> HeadRecord:
    head = find_head(data_dir)
    assert head is not None
    return head


def submit(head: HeadRecord, command: str) -> str:
    def submitted() -> str | None:
        # The job agent of a head that has just started is not ready yet.
        response = requests.post(
            f"{head.address}/api/jobs/",
            headers=authorization(head),
            json={"entrypoint": command},
            timeout=60,
        )
        return str(response.json()["submission_id"]) if response.ok else None

    return until(submitted, "the submission")


def status(head: HeadRecord, job_id: str) -> str:
    url = f"{head.address}/api/jobs/{job_id}"
    return str(requests.get(url, headers=authorization(head), timeout=60).json()["status"])


def authorization(head: HeadRecord) -> dict[str, str]:
    return {"Authorization": f"Bearer {head.token}"}


def is_called(words: str, processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if words in " ".join(process.cmdline())]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def listening_addresses(processes: list[psutil.Process]) -> set[str]:
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in processes
        if process.is_running()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.type == socket.SOCK_STREAM
    }
