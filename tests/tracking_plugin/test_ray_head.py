"""The local Ray head listens on loopback, needs its token, and ends with its owner."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest
import requests

from tests.waiting import until
from tracking_plugin.ray_head import LOOPBACK, HeadError, LocalHead

OWN_A_HEAD = """
import sys
from tracking_plugin.ray_head import LocalHead
head = LocalHead()
print(head.address, head.token, flush=True)
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


def test_a_head_that_cannot_start_raises_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/dev/null/nowhere")

    with pytest.raises(HeadError, match=r"did not start(?s:.*)/dev/null/nowhere"):
        LocalHead()


def listening_addresses(processes: list[psutil.Process]) -> set[str]:
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in processes
        if process.is_running()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.type == socket.SOCK_STREAM
    }
