"""How long after MLflow's answer a watcher has the message: logger and watcher in one process, on one clock."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.live.writers import log_batch_body

DEADLINE_S = 20.0

MOST_LOGGERS = 4
"""More at once exhaust MLflow's pool of database connections, and it answers 400."""

Write = tuple[str, int]
"""The run, and the step that nothing else is written at."""


@dataclass(frozen=True, kw_only=True)
class Delays:
    seconds: list[float]
    writes_per_s: float


async def measure_delays(
    write_url: str, watch_url: str, writes: Sequence[Write], writes_per_s: float
) -> Delays:
    """`writes` one after the other, unless the server is too slow for so many a second."""
    answered: dict[Write, float] = {}
    loggers = min(MOST_LOGGERS, len({run_id for run_id, _ in writes}))
    async with connect(f"{watch_url.replace('http', 'ws', 1)}/ws", compression=None) as socket:
        await socket.recv()
        watching = asyncio.create_task(_watch(socket, len(writes)))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for index in range(loggers):
                pace = _Pace(began + index / writes_per_s, loggers / writes_per_s)
                group.create_task(_log(write_url, writes[index::loggers], pace, answered))
        took_s = time.perf_counter() - began
        async with asyncio.timeout(DEADLINE_S):
            told = await watching
    seconds = [told[write] - moment for write, moment in answered.items()]
    return Delays(seconds=seconds, writes_per_s=len(answered) / took_s)


@dataclass(frozen=True)
class _Pace:
    first_s: float
    interval_s: float


async def _watch(socket: ClientConnection, num_writes: int) -> dict[Write, float]:
    """When each write was told."""
    told: dict[Write, float] = {}
    while len(told) < num_writes:
        text = await socket.recv()
        now = time.perf_counter()
        message = json.loads(text)
        if message["type"] == "metrics_update":
            told[message["run_id"], message["points"][0]["step"]] = now
    return told


async def _log(
    url: str, writes: Sequence[Write], pace: _Pace, answered: dict[Write, float]
) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    due = pace.first_s
    for run_id, step in writes:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(_request(address.netloc, run_id, step))
        await _answer(reader)
        answered[run_id, step] = time.perf_counter()
        due += pace.interval_s
    writer.close()


def _request(host: str, run_id: str, step: int) -> bytes:
    body = json.dumps(log_batch_body(run_id, step)).encode()
    head = (
        f"POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    assert head.startswith("http/1.1 200 "), head
    (length,) = [line for line in head.splitlines() if line.startswith("content-length:")]
    await reader.readexactly(int(length.partition(":")[2]))
