"""Measures what the gRPC service adds to a direct call of its engine: p50 and p99 at 1 and 32 clients.

    .venv/bin/python -m benchmarks.serving_latency [--backbone resnet18] [--clients 32]

The service is a process of its own, as users run it. A request to it sends a drawn fundus photograph as
PNG, which is decoded in a worker process, gated, predicted and answered in full. The direct call gets the
same image decoded.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import grpc
import grpc.aio

from benchmarks.serving.closed_loop import Call
from benchmarks.serving.comparison import Rounds, compare, print_comparison
from benchmarks.serving.models import (
    TIMEOUT_S,
    Registered,
    engine_of,
    flags,
    predicting,
    print_setting,
    registered,
)
from serving.settings import PREFIX
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.ports import LOOPBACK, free_port
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.server.eye_files import png
from tests.waiting import until

START_DEADLINE_S = 120.0
STOP_DEADLINE_S = 30.0


def main() -> None:
    arguments = flags(__doc__).parse_args()
    with registered(arguments) as models, service(models) as address:
        results = asyncio.run(measure(models, address, arguments))
    print_setting(arguments)
    for num_clients, rounds in results.items():
        print_comparison(f"{num_clients} clients, one image each", rounds)


async def measure(
    models: Registered, address: str, arguments: argparse.Namespace
) -> dict[int, dict[str, Rounds]]:
    image = fundus()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(engine_of(models.settings()))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        calls = {
            "direct call": predicting(engine, [image]),
            "gRPC service": asking(DiagnosisServiceStub(channel), png(image)),
        }
        return {
            num_clients: await compare(
                calls,
                num_clients=num_clients,
                num_rounds=arguments.rounds,
                seconds=arguments.seconds,
            )
            for num_clients in (1, arguments.clients)
        }


def asking(stub: DiagnosisServiceStub, content: bytes) -> Call:
    async def call(_: int) -> object:
        request = messages.DiagnoseImageRequest(
            file=messages.FileHeader(name="eye.png"), content=content
        )
        answer = await stub.DiagnoseImage(request, timeout=TIMEOUT_S)
        assert answer.diagnosis.status in ("success", "abstained"), answer.diagnosis.error
        return answer

    return call


@contextmanager
def service(models: Registered) -> Iterator[str]:
    """The address of the service, which runs as a process and is ready to answer."""
    folder = models.store.folder
    address = f"{LOOPBACK}:{free_port()}"
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving", "--port", address.rpartition(":")[2]],
            env={
                **os.environ,
                f"{PREFIX}TRACKING_URI": models.store.uri,
                f"{PREFIX}SPOOL_DIR": str(folder / "service-spool"),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        with grpc.insecure_channel(address) as channel:
            stub = DiagnosisServiceStub(channel)
            until(
                lambda: is_ready(stub, process, folder / "service.log"),
                "the service to be ready",
                START_DEADLINE_S,
            )
        yield address
    finally:
        end(process)


def is_ready(stub: DiagnosisServiceStub, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        health = stub.Health(messages.HealthRequest(), timeout=5)
    except grpc.RpcError:
        return False
    return bool(health.is_healthy)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
