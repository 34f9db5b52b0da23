"""A stream of two gigabytes is refused, while others are answered, and leaves neither memory nor files behind."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import psutil
import pytest

from serving.errors import Reason
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.serving.server.fakes import PATIENT
from tests.serving.server.refusals import refusal
from tests.serving.server.running import chunk, header
from tests.serving.started import Started, started_service

pytestmark = [pytest.mark.anyio, pytest.mark.soak, pytest.mark.timeout(600)]

MIB = 1024**2
NUM_SENT = 2 * 1024
"""Chunks of one MiB."""
DEFAULT_LIMIT = 512
UPLOAD_DEADLINE_S = 300.0
PROMPT_S = 10.0
"""Far above what a health check takes, and far below what a service takes that works on the stream alone."""
MAX_GROWTH_BYTES = 128 * MIB
NUM_UNREAD = 32
"""More chunks than the buffers of both sides hold."""


@dataclass
class Watched:
    """What the service took at most during a stream, and how long others waited for their answers."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    waits_s: list[float] = field(default_factory=list)


@asynccontextmanager
async def watched(service: Started) -> AsyncIterator[Watched]:
    process = psutil.Process(service.process.pid)
    before = process.memory_info().rss
    found, is_over = Watched(), asyncio.Event()

    async def watch() -> None:
        async with service.client() as client:
            while not is_over.is_set():
                begin = time.monotonic()
                await client.health_check(timeout_s=UPLOAD_DEADLINE_S)
                found.waits_s.append(time.monotonic() - begin)
                found.memory_bytes = max(found.memory_bytes, process.memory_info().rss - before)
                found.disk_bytes = max(found.disk_bytes, spooled_bytes(service))
                await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        is_over.set()
        await watching


def spooled_bytes(service: Started) -> int:
    total = 0
    for path in service.spooled():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


@pytest.mark.parametrize(
    ("settings", "status", "reason", "num_read"),
    [
        ({}, grpc.StatusCode.INVALID_ARGUMENT, Reason.REQUEST_TOO_LARGE, DEFAULT_LIMIT),
        (
            {"max_upload_bytes": 2 * NUM_SENT * MIB, "max_spool_bytes": 256 * MIB},
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            Reason.QUEUE_FULL,
            256,
        ),
    ],
    ids=["more than a request may have", "more than there is room for"],
)
async def test_a_stream_that_is_too_large_is_refused_at_the_limit(
    tmp_path: Path,
    settings: dict[str, Any],
    status: grpc.StatusCode,
    reason: Reason,
    num_read: int,
) -> None:
    num_sent = 0

    async def stream() -> AsyncIterator[messages.DiagnoseRequest]:
        nonlocal num_sent
        yield header(f"{PATIENT}.dcm")
        part = chunk(bytes(MIB))
        for _ in range(NUM_SENT):
            yield part
            num_sent += 1

    registry = f"sqlite:///{tmp_path / 'registry.db'}"
    with started_service(tmp_path, tracking_uri=registry, decode_workers=1, **settings) as service:
        async with (
            grpc.aio.insecure_channel(service.address) as channel,
            watched(service) as found,
        ):
            call = DiagnosisServiceStub(channel).Diagnose(stream(), timeout=UPLOAD_DEADLINE_S)
            refused, info, _ = await refusal(call)

        assert (refused, info.reason) == (status, reason)
        assert num_read <= num_sent < num_read + NUM_UNREAD
        assert found.disk_bytes <= num_read * MIB
        assert found.memory_bytes < MAX_GROWTH_BYTES
        assert len(found.waits_s) > 1
        assert max(found.waits_s) < PROMPT_S
        assert service.spooled() == []
        async with service.client() as client:
            await client.health_check(timeout_s=PROMPT_S)
        assert service.process.poll() is None

    assert PATIENT not in service.log.read_text()
