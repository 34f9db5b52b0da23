"""The service as a process of its own, on a free port, ended with the test."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.client import DicomDiagnosticClient
from tests.ports import LOOPBACK
from tests.waiting import until

START_TIMEOUT_S = 120.0
END_TIMEOUT_S = 30.0
LISTENS = re.compile(rf"gRPC at {LOOPBACK}:(\d+)")


@dataclass(frozen=True, kw_only=True)
class Started:
    """A service that listens."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    spool_dir: Path

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def client(self) -> DicomDiagnosticClient:
        return DicomDiagnosticClient(LOOPBACK, self.port)

    def spooled(self) -> list[Path]:
        return [path for path in self.spool_dir.glob("*/*") if path.name != "lock"]


@contextmanager
def started_service(
    folder: Path, *, module: str = "serving", **settings: object
) -> Iterator[Started]:
    """`python -m serving`, or another program; its spool is in `folder`, also for the next one."""
    given = {"port": 0, "spool_dir": folder / "spool", **settings}
    variables = {f"FOVEA_SERVING_{name.upper()}": str(value) for name, value in given.items()}
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Started(
            port=until(lambda: _port(process, log), f"the service listens; {log}", START_TIMEOUT_S),
            process=process,
            log=log,
            spool_dir=folder / "spool",
        )
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(END_TIMEOUT_S)


def _port(process: subprocess.Popen[bytes], log: Path) -> int | None:
    text = log.read_text()
    assert process.poll() is None, text
    found = LISTENS.search(text)
    return int(found.group(1)) if found else None
