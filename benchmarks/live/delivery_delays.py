"""Measures the delay from MLflow's response to the message at a subscriber, both in this process."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.live.writers import log_batch_body

DEADLINE_S = 20.0

MAX_LOGGERS = 4
"""More at once exhaust MLflow's pool of database connections, and it responds with 400."""

Write = tuple[str, int]
"""A run and a step, unique to this write."""


@dataclass(frozen=True, kw_only=True)
class Delays:
    seconds: list[float]
    writes_per_s: float


async def measure_delays(
    write_url: str, subscribe_url: str, writes: Sequence[Write], writes_per_s: float
) -> Delays:
    """Send `writes` at this rate, or as fast as the server allows if that is slower."""
    responded: dict[Write, float] = {}
    loggers = min(MAX_LOGGERS, len({run_id for run_id, _ in writes}))
    async with connect(f"{subscribe_url.replace('http', 'ws', 1)}/ws", compression=None) as socket:
        await socket.recv()
        receiving = asyncio.create_task(_receive(socket, len(writes)))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for index in range(loggers):
                pace = _Pace(began + index / writes_per_s, loggers / writes_per_s)
                group.create_task(_log(write_url, writes[index::loggers], pace, responded))
        took_s = time.perf_counter() - began
        async with asyncio.timeout(DEADLINE_S):
            received = await receiving
    seconds = [received[write] - moment for write, moment in responded.items()]
    return Delays(seconds=seconds, writes_per_s=len(responded) / took_s)


@dataclass(frozen=True)
class _Pace:
    first_s: float
    interval_s: float


async def _receive(socket: ClientConnection, num_writes: int) -> dict[Write, float]:
    """The time at which the message of each write arrived."""
    received: dict[Write, float] = {}
    while len(received) < num_writes:
        text = await socket.recv()
        now = time.perf_counter()
        message = json.loads(text)
        if message["type"] == "metrics_update":
            received[message["run_id"], message["points"][0]["step"]] = now
    return received


async def _log(
    url: str, writes: Sequence[Write], pace: _Pace, responded: dict[Write, float]
) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    due = pace.first_s
    for run_id, step in writes:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(_request(address.netloc, run_id, step))
        await _read_response(reader)
        responded[run_id, step] = time.perf_counter()
        due += pace.interval_s
    writer.close()


def _request(host: str, run_id: str, step: int) -> bytes:
    body = json.dumps(log_batch_body(run_id, step)).encode()
    head = (
        f"POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read_response(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    assert head.startswith("http/1.1 200 "), head
    (length,) = [line for line in head.splitlines() if line.startswith("content-length:")]
    await reader.readexactly(int(length.partition(":")[2]))
