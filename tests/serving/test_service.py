"""The service as a whole, in this process: signals, its owner, its ports and its log."""

import asyncio
import logging
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from serving.client import DicomDiagnosticClient
from serving.diagnosis.urgency import built_in_rules
from serving.images.pool import DecodePool
from serving.server.metrics import Metrics
from serving.service import Service
from serving.settings import ServingSettings, StartError
from tests.ports import LOOPBACK
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.server.eye_files import png
from tests.serving.server.fakes import FakeEngine
from tests.serving.server.running import served_model

pytestmark = pytest.mark.anyio

END_TIMEOUT_S = 30.0
LISTENS = re.compile(rf"gRPC at {LOOPBACK}:(\d+)")


def made_service(folder: Path, **settings: Any) -> Service:
    return Service(
        ServingSettings(**{"port": 0, "spool_dir": folder / "spool", **settings}),
        engine=FakeEngine(served_model()),
        pool=DecodePool(num_processes=1),
        rules=built_in_rules(),
        metrics=Metrics(),
    )


@asynccontextmanager
async def in_this_process(
    service: Service, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[tuple[int, "asyncio.Task[None]"]]:
    """The port of a running service and its task, which must have ended when the block does."""
    caplog.set_level(logging.INFO)
    running = asyncio.create_task(service.run())
    async with asyncio.timeout(END_TIMEOUT_S):
        while not (found := LISTENS.search(caplog.text)) or "Model:" not in caplog.text:
            assert not running.done(), running.exception()
            await asyncio.sleep(0.01)
        yield int(found.group(1)), running
        await running


async def test_a_signal_ends_the_service_and_what_it_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(psutil.Process().children(recursive=True))
    path = tmp_path / "eye.png"
    path.write_bytes(png(fundus()))
    async with in_this_process(made_service(tmp_path), caplog) as (port, _):
        async with DicomDiagnosticClient(LOOPBACK, port) as client:
            assert (await client.diagnose_dicom(path)).status == "success"
        os.kill(os.getpid(), signal.SIGTERM)

    assert "Model: fovea-retinal, version 1, run run-1; engine embedded." in caplog.text
    assert "for this machine, without a token" in caplog.text
    assert set(psutil.Process().children(recursive=True)) == before
    assert [each.name for each in (tmp_path / "spool").iterdir()] == ["lock"]


async def test_the_service_ends_with_its_owner(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sleeping_process() as owner:
        service = made_service(tmp_path, owner_pid=owner.pid)
        async with in_this_process(service, caplog):
            owner.kill()


def sleeping_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"])


async def test_a_taken_port_ends_what_was_started(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} .*taken"):
            await made_service(tmp_path, port=port).run()

    assert set(psutil.Process().children(recursive=True)) == before
