"""Both clients on a real server: every value that MLflow accepts arrives exactly once."""

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager

import pytest
from mlflow import MlflowClient

from api.client import AsyncFoveaClient, FoveaClient
from api.client.refusals import RequestRefusedError
from api.live.messages import MetricsUpdate, ServerMessage
from tests.api.cli.conftest import FOVEA
from tests.proxy import TcpProxy
from tests.servers import Server
from tests.waiting import until

NUM_STEPS = 60
Watch = Callable[[str, str, list[ServerMessage]], None]


def watch_blocking(url: str, run_id: str, messages: list[ServerMessage]) -> None:
    with FoveaClient(url) as client, closing(client.watch(run_id)) as stream:
        for message in stream:
            messages.append(message)
            if has_ended(message):
                return


def watch_async(url: str, run_id: str, messages: list[ServerMessage]) -> None:
    async def watch() -> None:
        async with AsyncFoveaClient(url) as client, aclosing(client.watch(run_id)) as stream:
            async for message in stream:
                messages.append(message)
                if has_ended(message):
                    return

    asyncio.run(watch())


def has_ended(message: ServerMessage) -> bool:
    return message.type == "status_update" and message.status.status == "completed"


@contextmanager
def in_thread(watch: Watch, url: str, run_id: str) -> Iterator[list[ServerMessage]]:
    """The messages that `watch` yields, complete when the block ends."""
    messages: list[ServerMessage] = []
    thread = threading.Thread(target=watch, args=(url, run_id, messages))
    thread.start()
    yield messages
    thread.join(60)
    assert not thread.is_alive()


def started_run(url: str) -> tuple[MlflowClient, str]:
    client = MlflowClient(url)
    run_id: str = client.create_run("0", run_name="watched").info.run_id
    return client, run_id


def steps(messages: list[ServerMessage]) -> list[int]:
    updates = [message for message in messages if isinstance(message, MetricsUpdate)]
    return [point.step for update in updates for point in update.points]


@pytest.mark.parametrize("watch", [watch_blocking, watch_async])
def test_every_step_arrives_once_and_in_order_over_cut_connections(
    server: Server, watch: Watch
) -> None:
    mlflow, run_id = started_run(server.url)

    with TcpProxy(server.port) as proxy, in_thread(watch, proxy.url, run_id) as messages:
        until(lambda: messages, "the first state")
        for step in range(1, NUM_STEPS + 1):
            mlflow.log_metric(run_id, "train/loss", 1 / step, step=step)
            if step % 15 == 0:
                proxy.cut()
        mlflow.set_terminated(run_id)

    assert proxy.num_connections >= 2
    assert steps(messages) == list(range(1, NUM_STEPS + 1))
    assert [message.type for message in messages].count("initial_state") == 1


def test_an_unknown_run_is_a_refusal(server: Server) -> None:
    with FoveaClient(server.url) as client, pytest.raises(RequestRefusedError) as refused:
        next(client.watch("f" * 32))

    assert refused.value.status == 404


def test_the_command_follows_a_run_to_its_end(server: Server) -> None:
    mlflow, run_id = started_run(server.url)
    process = subprocess.Popen(
        [str(FOVEA), "watch", run_id, "--url", server.url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().endswith("status training\n")

    mlflow.log_metric(run_id, "val/loss", 0.5, step=7)
    mlflow.set_terminated(run_id, "FAILED")

    lines = process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait(60) == 1
    assert [line.split(" ", 1)[1] for line in lines] == [
        "metrics step=7 val/loss=0.5",
        "status error (step 7)",
    ]
