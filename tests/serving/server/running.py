"""A real gRPC server in this process, in front of fakes, and channels to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio

from serving.server.diagnosis_service import Pipeline
from serving.server.metrics import Metrics
from serving.server.server import DiagnosisServer
from serving.server.spool import Spool
from serving.settings import ServingSettings
from serving.tables.table_serving import TableServing
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.ports import LOOPBACK
from tests.serving.server.fake_tables import no_tables
from tests.serving.server.fakes import FakeEngine, FakeModel, FakePipeline, described

CALL_TIMEOUT_S = 30


def served_model() -> FakeModel:
    return FakeModel(described(), [0.0, 3.0, 0.0])


@dataclass(kw_only=True)
class Running:
    """A server that answers, and what stands behind it."""

    server: DiagnosisServer
    port: int
    pipeline: Any
    engine: FakeEngine
    spool: Spool
    metrics: Metrics
    channel: grpc.aio.Channel
    stub: Any

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def spooled(self) -> list[Path]:
        return [path for path in self.spool.folder.iterdir() if path.name != "lock"]


@asynccontextmanager
async def running(
    folder: Path,
    *,
    pipeline: Pipeline | None = None,
    engine: FakeEngine | None = None,
    tables: TableServing | None = None,
    channel_options: Sequence[tuple[str, Any]] = (),
    **settings: Any,
) -> AsyncIterator[Running]:
    """A server on a free port while inside; `settings` are those of ServingSettings."""
    parsed = ServingSettings(port=0, spool_dir=folder / "spool", **settings)
    engine = engine or FakeEngine(served_model())
    pipeline = pipeline or FakePipeline()
    metrics = Metrics()
    spool = Spool(parsed.spool_dir, max_bytes=parsed.max_spool_bytes)
    spool.open()
    tables = tables or no_tables(parsed)
    server = DiagnosisServer(
        parsed, pipeline=pipeline, engine=engine, tables=tables, spool=spool, metrics=metrics
    )
    port = await server.start()
    channel = grpc.aio.insecure_channel(f"{LOOPBACK}:{port}", options=channel_options)
    try:
        yield Running(
            server=server,
            port=port,
            pipeline=pipeline,
            engine=engine,
            spool=spool,
            metrics=metrics,
            channel=channel,
            stub=DiagnosisServiceStub(channel),
        )
    finally:
        await channel.close()
        await server.stop(0)
        await tables.close()
        spool.close()


async def eventually(condition: Callable[[], object]) -> None:
    """Return once `condition` is true. Raises TimeoutError after CALL_TIMEOUT_S."""
    async with asyncio.timeout(CALL_TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


def header(*names: str, request_id: str = "", **options: Any) -> messages.DiagnoseRequest:
    return messages.DiagnoseRequest(
        header=messages.DiagnoseHeader(
            request_id=request_id,
            files=[messages.FileHeader(name=name) for name in names],
            options=messages.DiagnosisOptions(**options),
        )
    )


def chunk(content: bytes, file: int = 0) -> messages.DiagnoseRequest:
    return messages.DiagnoseRequest(chunk=messages.FileChunk(file=file, content=content))


def image(request_id: str = "", content: bytes = b"image") -> messages.DiagnoseImageRequest:
    return messages.DiagnoseImageRequest(
        request_id=request_id, file=messages.FileHeader(name="eye.png"), content=content
    )


def item(request_id: str, content: bytes = b"image") -> list[messages.DiagnoseBatchRequest]:
    """The messages of one image of a batch."""
    opened = messages.BatchItemHeader(
        request_id=request_id, file=messages.FileHeader(name="eye.png")
    )
    return [
        messages.DiagnoseBatchRequest(header=opened),
        messages.DiagnoseBatchRequest(content=content, ends_image=True),
    ]
