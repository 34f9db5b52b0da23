"""The service as a whole, on a fake engine: signals, its owner, its ports, its log, and what kill -9 leaves."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import psutil
import pytest

from serving.client import DicomDiagnosticClient
from serving.client.files import CHUNK_BYTES
from serving.diagnosis.urgency import built_in_rules
from serving.images.pool import DecodePool
from serving.server.metrics import Metrics
from serving.server.spool import MEMORY_BYTES
from serving.service import Service
from serving.settings import ServingSettings, StartError
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.ports import LOOPBACK
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.server.eye_files import png
from tests.serving.server.fake_tables import no_tables
from tests.serving.server.fakes import FakeEngine
from tests.serving.server.running import chunk, header, served_model
from tests.serving.started import END_TIMEOUT_S, LISTENS, started_service
from tests.waiting import until

pytestmark = pytest.mark.anyio


def made_service(folder: Path, **settings: Any) -> Service:
    parsed = ServingSettings(**{"port": 0, "spool_dir": folder / "spool", **settings})
    return Service(
        parsed,
        engine=FakeEngine(served_model()),
        tables=no_tables(parsed),
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


async def test_a_killed_service_leaves_no_processes_and_its_files_go_with_the_next_start(
    tmp_path: Path,
) -> None:
    module = "tests.serving.fake_service"
    with started_service(tmp_path, module=module) as killed:
        async with grpc.aio.insecure_channel(killed.address) as channel:
            upload = DiagnosisServiceStub(channel).Diagnose(unfinished())
            await asyncio.to_thread(until, killed.spooled, "a spooled upload")
            workers = psutil.Process(killed.process.pid).children(recursive=True)
            killed.process.kill()
            with pytest.raises(grpc.aio.AioRpcError):
                await upload
        assert await asyncio.to_thread(left_of, workers) == []
        assert len(workers) >= 2
        assert killed.spooled()
    with started_service(tmp_path, module=module) as following:
        assert following.spooled() == []
    assert following.process.returncode == 0


def left_of(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, END_TIMEOUT_S)[1]


async def unfinished() -> AsyncIterator[messages.DiagnoseRequest]:
    yield header("eye.dcm")
    for _ in range(MEMORY_BYTES // CHUNK_BYTES + 1):
        yield chunk(bytes(CHUNK_BYTES))
    await asyncio.Event().wait()
