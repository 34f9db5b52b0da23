"""Starts a Ray head that only this machine and this user can reach, and that ends with the process that started it."""

import atexit
import functools
import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tracking_plugin import ray_head_program
from tracking_plugin.ray_folder import FolderError, RayFolder
from tracking_plugin.ray_head_program import ADDRESS_KEY

START_DEADLINE_S = 180.0
STOP_GRACE_S = 30.0

# On SIGINT Ray Train saves a last checkpoint, which takes longer than Ray's default of 3 s.
JOB_STOP_ENVIRONMENT = {"RAY_JOB_STOP_SIGNAL": "SIGINT", "RAY_JOB_STOP_WAIT_TIME_S": "120"}

LOCAL_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Despite its name, this makes Ray listen only on the loopback interface, on any system.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # No cloud preempts this machine, so trainings need no process that watches for preemption.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}
"""Environment variables of a single-machine Ray; set them before importing Ray."""

RAY_ADDRESS_FILE = "ray_current_cluster"
"""The file in Ray's folder to which its head writes the address."""

_LOG_TAIL_LINES = 20
# These name another cluster, which the new head would join instead of starting its own.
_FOREIGN_VARIABLES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS", "RAY_AUTH_TOKEN_PATH")


class HeadError(Exception):
    """The local head did not start."""


class LocalHead:
    """Ray's processes on the loopback interface, protected by a token of this process.

    Raises HeadError if they do not start.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(32)
        try:
            self._folder = RayFolder()
        except FolderError as error:
            raise HeadError(f"The local Ray head did not start. {error}") from None
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", ray_head_program.__file__, str(self._folder.temp_dir)],
            env=_head_environment(os.environ, self.token, self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # Keep Ctrl-C from ending the head: this process must stop the job before its cluster.
            start_new_session=True,
        )
        try:
            self.address = self._wait_for_address()
        except BaseException:
            self._process.kill()
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def folder(self) -> Path:
        """Of Ray's files; also names the head's processes, in their environment."""
        return self._folder.path

    @property
    def cluster_address(self) -> str:
        """Where a program on this machine connects to the cluster, as host:port."""
        return (self._folder.temp_dir / RAY_ADDRESS_FILE).read_text(encoding="utf-8").strip()

    def close(self) -> None:
        """End Ray's processes, also if the head itself was killed, and remove their files.

        Without this call they end with this process.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
        self._folder.remove()

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            line = self._read_line(deadline - time.monotonic())
            if line.startswith("{"):
                return str(json.loads(line)[ADDRESS_KEY])
            if not line and not self.is_alive:
                break
        raise HeadError(f"The local Ray head did not start. {self._tail()}")

    def _read_line(self, timeout_s: float) -> str:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], max(0.0, timeout_s))[0]:
            return ""
        line: bytes = self._process.stdout.readline()
        return line.decode(errors="replace")

    def _tail(self) -> str:
        self._log.seek(0)
        return "\n".join(["The end of its log:", *self._log.read().splitlines()[-_LOG_TAIL_LINES:]])


@functools.cache
def _heads() -> list[LocalHead]:
    return []


def local_head() -> LocalHead:
    """This process's head, started at the first call, and again if it has ended."""
    heads = _heads()
    if not heads or not heads[-1].is_alive:
        head = LocalHead()
        # Registered before the handlers of jobs, so that it runs after them.
        atexit.register(head.close)
        heads.append(head)
    return heads[-1]


def _head_environment(base: Mapping[str, str], token: str, folder: RayFolder) -> dict[str, str]:
    kept = {name: value for name, value in base.items() if name not in _FOREIGN_VARIABLES}
    return {
        **kept,
        **JOB_STOP_ENVIRONMENT,
        **LOCAL_ENVIRONMENT,
        "RAY_AUTH_TOKEN": token,
        **folder.variables(),
        # Entry points call `python`: let that be this one, which has their packages.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", "")]),
    }
