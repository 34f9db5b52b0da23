"""A client that loses its connection receives every point once, those of one server in order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient

from tests.api.live.loggers import Logger, Point, log_with_http, log_with_mlflow
from tests.api.live.watcher import Watcher
from tests.postgres import postgres_server
from tests.servers import fovea_server
from tests.valkey import valkey_server

LOGGING_DEADLINE_S = 60.0


@pytest.fixture(scope="module", params=["memory", "redis"])
def urls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """One server with a memory bus, or two that share a Valkey bus and a database."""
    directory = tmp_path_factory.mktemp("reconnect")
    if request.param == "memory":
        with fovea_server(directory / "data") as server:
            yield [server.url]
        return
    with (
        postgres_server(directory / "postgres") as postgres,
        valkey_server(directory / "valkey") as bus_url,
    ):
        options = ("--", "--backend-store-uri", postgres.new_database())
        environment = {"FOVEA_BUS_URL": bus_url}
        with (
            fovea_server(directory / "data", *options, environment=environment) as one,
            fovea_server(directory / "data", *options, environment=environment) as other,
        ):
            yield [one.url, other.url]


@pytest.fixture(scope="module")
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@dataclass(frozen=True)
class Connection:
    """One connection: its number of messages, and whether it ends without a close frame."""

    num_messages: int
    abruptly: bool


stays = st.lists(st.builds(Connection, st.integers(0, 12), st.booleans()), max_size=8)
batch_sizes = st.lists(st.integers(1, 3), min_size=5, max_size=40)


def numbered(batch_sizes: Sequence[int]) -> list[list[Point]]:
    """Batches of points with ascending values, which reveal lost, duplicate and swapped points."""
    numbers = iter(range(sum(batch_sizes)))
    return [
        [("count", float(number), number) for number, _ in zip(numbers, range(size), strict=False)]
        for size in batch_sizes
    ]


def logged_at_each(urls: Sequence[str], *parts: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The points sent to each server; each part of the batches begins with the first server."""
    return [
        [point for part in parts for batch in part[first :: len(urls)] for point in batch]
        for first in range(len(urls))
    ]


@pytest.mark.parametrize("log", [log_with_mlflow, log_with_http])
@pytest.mark.parametrize("is_late", [False, True], ids=["from the start", "joining later"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stays=stays, batch_sizes=batch_sizes, is_narrowed=st.booleans())
def test_every_point_arrives_once_and_in_order(
    urls: list[str],
    background: ThreadPoolExecutor,
    log: Logger,
    is_late: bool,
    stays: list[Connection],
    batch_sizes: list[int],
    is_narrowed: bool,
) -> None:
    run_id = MlflowClient(urls[0]).create_run("0").info.run_id
    batches = numbered(batch_sizes)
    num_before = len(batches) // 2 if is_late else 0
    log(urls, run_id, batches[:num_before])
    watcher = Watcher(urls, run_id if is_narrowed or is_late else None)
    watcher.connect()
    logging = background.submit(log, urls, run_id, batches[num_before:])
    expected = [point for batch in batches for point in batch]
    try:
        for stay in stays:
            for _ in range(stay.num_messages):
                if len(watcher.points()) < len(expected):
                    watcher.read()
            watcher.disconnect(abruptly=stay.abruptly)
            watcher.connect()
        while len(watcher.points()) < len(expected):
            watcher.read()
    finally:
        logging.result(LOGGING_DEADLINE_S)
        watcher.disconnect()
    # If the bus stalls for longer than a write takes, events of one server may overtake another's.
    assert sorted(watcher.points()) == expected
    for logged in logged_at_each(urls, batches[:num_before], batches[num_before:]):
        assert [point for point in watcher.points() if point in logged] == logged
    assert all(first["recovered"] for first in watcher.first[1:])
    offsets = [message["offset"] for message in watcher.messages]
    assert offsets == sorted(set(offsets))
