"""Every example can be paused, resumed and stopped through the API of a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.catalogue import (
    DDP,
    LOOP,
    OF_TRAINERS_ON_TWO_RANKS,
    SINGLE_RANK_EXAMPLES,
    WITH_CALLBACKS,
    Example,
)
from tests.examples.run_example import Training, run_example
from tests.servers import Server, fovea_server

pytestmark = pytest.mark.timeout(600)

CLOCK_RUN = "clock"
NUM_CLOCK_STEPS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


def log_clock_run(training: Training) -> tuple[int, int]:
    """Log some steps to another run, and return when that began and ended.

    The example, if it were not paused, would log steps in this time.
    """
    other = training.client.create_run("0", run_name=CLOCK_RUN).info.run_id
    for step in range(NUM_CLOCK_STEPS):
        training.client.log_metric(other, CLOCK_RUN, 0, step=step)
    training.client.set_terminated(other)
    points = training.client.get_metric_history(other, CLOCK_RUN)
    return min(point.timestamp for point in points), max(point.timestamp for point in points)


def assert_nothing_was_logged(training: Training, begin_ms: int, end_ms: int) -> None:
    between = [point for point in training.points() if begin_ms <= point.timestamp <= end_ms]
    assert between == []


@pytest.mark.parametrize(
    "example",
    [
        *SINGLE_RANK_EXAMPLES,
        DDP,
        *(pytest.param(it, marks=pytest.mark.soak) for it in OF_TRAINERS_ON_TWO_RANKS),
    ],
    ids=str,
)
def test_it_pauses_resumes_and_is_killed_with_all_its_metrics(
    example: Example, server: Server, tmp_path: Path
) -> None:
    with run_example(example, server.url, tmp_path) as training:
        training.wait_for_step(3)

        paused = training.command("pause")
        assert (paused["acknowledged"], paused["training_status"]) == (True, "paused"), paused
        begin_ms, end_ms = log_clock_run(training)
        assert_nothing_was_logged(training, begin_ms, end_ms)
        assert training.newest_step() <= paused["step"]

        resumed = training.command("resume")
        assert (resumed["acknowledged"], resumed["training_status"]) == (True, "training"), resumed
        training.wait_for_step(paused["step"] + 3)

        stopped = training.command("stop")
        assert stopped["acknowledged"] is True, stopped
        assert training.exit_code() == 0, training.log.read_text()

    assert training.mlflow_status() == "KILLED"
    assert example.logged_last in training.client.get_run(training.run_id).data.metrics
    steps = [point.step for point in training.points()]
    assert steps[-1] == stopped["step"]
    assert steps == list(range(steps[0], stopped["step"] + 1))
    assert_nothing_was_logged(training, begin_ms, end_ms)
    assert [run.info.run_name for run in training.later_runs()] == [CLOCK_RUN]


@pytest.mark.parametrize(
    "example",
    [LOOP, *(pytest.param(it, marks=pytest.mark.soak) for it in WITH_CALLBACKS)],
    ids=str,
)
def test_a_paused_example_can_be_stopped(example: Example, server: Server, tmp_path: Path) -> None:
    with run_example(example, server.url, tmp_path) as training:
        training.wait_for_step(1)
        paused = training.command("pause")
        assert paused["acknowledged"] is True, paused

        assert training.command("stop")["acknowledged"] is True
        assert training.exit_code() == 0, training.log.read_text()

    assert training.mlflow_status() == "KILLED"
    assert training.newest_step() == paused["step"]
