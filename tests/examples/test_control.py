"""Every example, as its user runs it, paused, resumed and stopped over the API of a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.catalogue import EVERY, ON_ONE_RANK, Example
from tests.examples.running import Training, running
from tests.servers import Server, fovea_server

pytestmark = pytest.mark.timeout(600)

BEAT = "beat"
NUM_BEATS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


def beat(training: Training) -> tuple[int, int]:
    """When another run began and ended to log about as many steps as the example did before."""
    other = training.client.create_run("0", run_name=BEAT).info.run_id
    for step in range(NUM_BEATS):
        training.client.log_metric(other, BEAT, 0, step=step)
    training.client.set_terminated(other)
    beats = training.client.get_metric_history(other, BEAT)
    return min(point.timestamp for point in beats), max(point.timestamp for point in beats)


def assert_nothing_was_logged(training: Training, begin_ms: int, end_ms: int) -> None:
    between = [point for point in training.points() if begin_ms <= point.timestamp <= end_ms]
    assert between == []


@pytest.mark.parametrize("example", EVERY, ids=str)
def test_it_pauses_goes_on_and_is_killed_with_all_its_metrics(
    example: Example, server: Server, tmp_path: Path
) -> None:
    with running(example, server.url, tmp_path) as training:
        training.until_step(3)

        paused = training.tell("pause")
        assert (paused["acknowledged"], paused["training_status"]) == (True, "paused"), paused
        begin_ms, end_ms = beat(training)
        assert_nothing_was_logged(training, begin_ms, end_ms)
        assert training.newest_step() <= paused["step"]

        resumed = training.tell("resume")
        assert (resumed["acknowledged"], resumed["training_status"]) == (True, "training"), resumed
        training.until_step(paused["step"] + 3)

        stopped = training.tell("stop")
        assert stopped["acknowledged"] is True, stopped
        assert training.exit_code() == 0, training.log.read_text()

    assert training.mlflow_status() == "KILLED"
    assert example.logged_last in training.client.get_run(training.run_id).data.metrics
    steps = [point.step for point in training.points()]
    assert steps[-1] == stopped["step"]
    assert steps == list(range(steps[0], stopped["step"] + 1))
    assert_nothing_was_logged(training, begin_ms, end_ms)
    assert [run.info.run_name for run in training.later_runs()] == [BEAT]


@pytest.mark.parametrize("example", ON_ONE_RANK, ids=str)
def test_a_paused_one_can_be_stopped(example: Example, server: Server, tmp_path: Path) -> None:
    with running(example, server.url, tmp_path) as training:
        training.until_step(1)
        paused = training.tell("pause")
        assert paused["acknowledged"] is True, paused

        assert training.tell("stop")["acknowledged"] is True
        assert training.exit_code() == 0, training.log.read_text()

    assert training.mlflow_status() == "KILLED"
    assert training.newest_step() == paused["step"]
