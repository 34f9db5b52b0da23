"""A real `mlflow server` that a test starts, kills and restarts on the same data and port."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import requests
from mlflow import MlflowClient

from tests.mlflow_database import new_store
from tests.ports import free_port

START_TIMEOUT_S = 120.0
POLL_S = 0.05


class TrackingServer:
    """`mlflow server` with one worker on 127.0.0.1, its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.uri)

    def start(self) -> Self:
        """Return once the server answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "mlflow.db").exists():
            new_store(self.folder)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=log,
                # A process group of its own, because `mlflow server` starts the worker as a child process.
                start_new_session=True,
            )
        self._wait_until_it_answers()
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it without letting it finish anything."""
        self._end(signal.SIGKILL)

    def new_run(self) -> str:
        return str(self.client.create_run("0").info.run_id)

    def _command(self) -> list[str]:
        return [
            sys.executable,
            *("-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"),
            *("--artifacts-destination", str(self.folder / "artifacts")),
        ]

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            has_ended = self._process is None or self._process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                log = (self.folder / "server.log").read_text()
                self.kill()
                raise AssertionError(f"mlflow server did not start:\n{log[-2000:]}")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def _end(self, with_signal: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, with_signal)
        self._process.wait(timeout=30)
        self._process = None
