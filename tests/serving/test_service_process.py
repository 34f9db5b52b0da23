"""The service as a process: it waits for a model, takes it up, and leaves nothing behind when it is killed."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
import psutil
import pytest

from serving.client import DiagnosisServiceError, DicomDiagnosticClient
from serving.client.files import CHUNK_BYTES
from serving.errors import Reason
from serving.server.spool import MEMORY_BYTES
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.ports import LOOPBACK
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.engine.registered import Store, tiny_backbone, tiny_network
from tests.serving.server.eye_files import png
from tests.serving.server.running import chunk, header
from tests.waiting import until

pytestmark = pytest.mark.anyio

END_TIMEOUT_S = 30.0
LISTENS = re.compile(rf"gRPC at {LOOPBACK}:(\d+)")


@dataclass(frozen=True, kw_only=True)
class Started:
    """`python -m serving` as a process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def client(self) -> DicomDiagnosticClient:
        return DicomDiagnosticClient(LOOPBACK, self.port)

    def spooled(self, folder: Path) -> list[Path]:
        return [each for each in (folder / "spool").glob("*/*") if each.name != "lock"]


@contextmanager
def started(folder: Path, store: Store, **settings: str) -> Iterator[Started]:
    """The service on a free port, once it listens."""
    given = {"PORT": "0", "SPOOL_DIR": str(folder / "spool"), "POLL_S": "0.2", "DEVICE": "cpu"}
    given |= {"TRACKING_URI": store.uri, "DECODE_WORKERS": "2", **settings}
    variables = {f"FOVEA_SERVING_{name}": value for name, value in given.items()}
    log = folder / "service.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            env={**os.environ, **variables, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    already = log.stat().st_size
    try:
        yield Started(port=listening_port(process, log, already), process=process, log=log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(END_TIMEOUT_S)


def listening_port(process: subprocess.Popen[bytes], log: Path, already: int) -> int:
    def port() -> int | None:
        text = log.read_text()[already:]
        assert process.poll() is None, text
        found = LISTENS.search(text)
        return int(found.group(1)) if found else None

    return until(port, f"the service listens; {log}", 120)


async def test_a_service_without_a_model_takes_it_up_once_it_is_there_and_survives_kill_9(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "registry")
    path = tmp_path / "DOE_JANE_OD.png"
    path.write_bytes(png(fundus()))
    with started(tmp_path, store) as first:
        client = first.client()
        health = await client.health_check(timeout_s=END_TIMEOUT_S)
        assert not health.is_healthy
        assert "fovea-retinal" in health.message
        with pytest.raises(DiagnosisServiceError) as refused:
            await client.diagnose_dicom(path)
        assert refused.value.reason == Reason.MODEL_NOT_LOADED
        backbone = tiny_backbone()
        version = store.register(tiny_network(backbone), backbone)
        store.point(version)
        await until_healthy(client)
        diagnosis = await client.diagnose_dicom(path, include_gradcam=True)
        assert diagnosis.result.model.version == version
        assert diagnosis.images[0].laterality_source == "file_name"
        channel = grpc.aio.insecure_channel(f"{LOOPBACK}:{first.port}")
        upload = DiagnosisServiceStub(channel).Diagnose(unfinished())
        await asyncio.to_thread(until, lambda: first.spooled(tmp_path), "a spooled upload")
        children = psutil.Process(first.process.pid).children(recursive=True)
        first.process.kill()
        first.process.wait()
        with pytest.raises(grpc.aio.AioRpcError):
            await upload
        gone, alive = psutil.wait_procs(children, END_TIMEOUT_S)
        assert (len(gone) >= 2, alive) == (True, [])
        assert first.spooled(tmp_path)
        await client.close()
        await channel.close()
    with started(tmp_path, store) as second:
        assert second.spooled(tmp_path) == []
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(END_TIMEOUT_S) == 0
    assert "DOE" not in first.log.read_text()


async def until_healthy(client: DicomDiagnosticClient) -> None:
    async with asyncio.timeout(END_TIMEOUT_S):
        while not (await client.health_check()).is_healthy:  # noqa: ASYNC110 - it sends no event
            await asyncio.sleep(0.05)


async def unfinished() -> AsyncIterator[messages.DiagnoseRequest]:
    yield header("eye.dcm")
    for _ in range(MEMORY_BYTES // CHUNK_BYTES + 1):
        yield chunk(bytes(CHUNK_BYTES))
    await asyncio.Event().wait()
