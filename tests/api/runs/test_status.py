"""The status of a run comes from its tag while it is active and from MLflow once it has ended."""

import pytest

from api.runs.state import RunState
from api.runs.status import effective_status, training_status
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import Param, RunStatus, Tag

START_MS = 1_750_000_000_000


@pytest.mark.parametrize(
    ("mlflow_status", "tag", "expected"),
    [
        ("RUNNING", None, RunStatus.TRAINING),
        ("SCHEDULED", None, RunStatus.PENDING),
        ("FINISHED", None, RunStatus.COMPLETED),
        ("KILLED", None, RunStatus.STOPPED),
        ("FAILED", None, RunStatus.ERROR),
        ("RUNNING", "paused", RunStatus.PAUSED),
        ("SCHEDULED", "starting", RunStatus.STARTING),
        ("RUNNING", "dancing", RunStatus.TRAINING),
        ("RUNNING", "", RunStatus.TRAINING),
        ("RUNNING", "completed", RunStatus.TRAINING),
        ("RUNNING", "error", RunStatus.TRAINING),
        ("RUNNING", "stopped", RunStatus.STOPPING),
        ("FINISHED", "training", RunStatus.COMPLETED),
        ("FAILED", "completed", RunStatus.ERROR),
        (None, "training", RunStatus.IDLE),
        ("OF ANOTHER VERSION", None, RunStatus.IDLE),
    ],
)
def test_mlflow_decides_the_status_of_an_ended_run(
    mlflow_status: str | None, tag: str | None, expected: RunStatus
) -> None:
    assert effective_status(mlflow_status, {} if tag is None else {Tag.STATUS: tag}) == expected


def running(*steps: int, step_ms: int = 1000, **fields: object) -> RunState:
    """A run of 4 epochs with 25 steps each that has logged `steps`."""
    params = {str(Param.TOTAL_EPOCHS): "4", str(Param.STEPS_PER_EPOCH): "25"}
    run = RunState(
        run_id="a", mlflow_status="RUNNING", start_time_ms=START_MS, params=params, run_name="owl"
    )
    for name, value in fields.items():
        setattr(run, name, value)
    run.add_points(LoggedPoint("loss", 0.5, step, START_MS + step * step_ms) for step in steps)
    return run


def test_the_status_contains_every_known_fact() -> None:
    run = running(26, 27, experiment_id="7")
    run.tags = {
        Tag.MESSAGE: "on its way",
        Tag.CURRENT_IMAGE: "a.png",
        Tag.ALERT: "warning",
    }
    assert training_status(run, START_MS + 60_000).model_dump() == {
        "status": RunStatus.TRAINING,
        "message": "on its way",
        "run_id": "a",
        "run_name": "owl",
        "experiment_id": "7",
        "mlflow_status": "RUNNING",
        "deleted": False,
        "epoch": 2,
        "total_epochs": 4,
        "batch": 2,
        "total_batches": 25,
        "step": 27,
        "elapsed_time": 60,
        "eta_seconds": 73,
        "current_image": "a.png",
        "alert": "warning",
        "threshold_problem": None,
    }


def test_a_run_whose_clock_is_ahead_has_trained_as_long_as_it_says() -> None:
    run = running(1, 42)
    assert training_status(run, START_MS - 3_600_000).elapsed_time == 42


def test_a_deleted_run_does_not_train_whatever_mlflow_says() -> None:
    run = running(26, 27, deleted=True)
    run.tags = {Tag.STATUS: "training", Tag.MESSAGE: "on its way", Tag.ALERT: "critical"}

    status = training_status(run, START_MS + 60_000)

    assert (status.status, status.message) == (RunStatus.STOPPED, "The run was deleted")
    assert (status.deleted, status.alert, status.eta_seconds) == (True, None, None)


def test_a_deleted_run_that_had_ended_keeps_its_end() -> None:
    run = running(27, deleted=True, mlflow_status="FAILED", end_time_ms=START_MS + 5000)
    status = training_status(run, START_MS + 60_000)
    assert (status.status, status.elapsed_time) == (RunStatus.ERROR, 5)


def test_a_run_says_that_its_thresholds_cannot_be_used() -> None:
    run = running(1)
    run.params[Param.CRITICAL_THRESHOLDS] = '{"RAO": NaN}'
    problem = training_status(run, START_MS).threshold_problem
    assert problem is not None
    assert "critical threshold of RAO is no number from 0 to 1" in problem


def test_an_empty_run_has_empty_fields() -> None:
    status = training_status(RunState(run_id="a"), START_MS)
    known = status.model_dump(exclude_none=True)
    assert known == {
        "status": RunStatus.IDLE,
        "message": "",
        "run_id": "a",
        "run_name": "",
        "deleted": False,
    }


def test_elapsed_time_stops_with_the_run_and_continues_when_it_resumes() -> None:
    ended = running(1, mlflow_status="FINISHED", end_time_ms=START_MS + 5000)
    assert training_status(ended, START_MS + 99_000).elapsed_time == 5
    ended.mlflow_status = "RUNNING"
    assert training_status(ended, START_MS + 99_000).elapsed_time == 99


def test_a_clock_behind_the_runs_shows_the_time_up_to_the_newest_value() -> None:
    assert training_status(running(1), START_MS - 5000).elapsed_time == 1
    assert training_status(running(), START_MS - 5000).elapsed_time == 0


def test_the_remaining_time_follows_from_the_pace_of_recent_steps() -> None:
    assert training_status(running(*range(1, 51)), START_MS).eta_seconds == 50
    assert training_status(running(*range(1, 51), step_ms=300), START_MS).eta_seconds == 15
    assert training_status(running(10, 20, 40), START_MS).eta_seconds == 60


@pytest.mark.parametrize(
    "run",
    [
        running(),
        running(7),
        running(1, 2, mlflow_status="FINISHED"),
        running(1, 2, tags={Tag.STATUS: "paused"}),
        running(1, 2, params={}),
        running(1, 2, params={str(Param.TOTAL_EPOCHS): "4"}),
    ],
    ids=["no step", "one step", "ended", "paused", "no parameters", "no length of an epoch"],
)
def test_without_a_pace_or_an_end_the_remaining_time_is_unknown(run: RunState) -> None:
    assert training_status(run, START_MS).eta_seconds is None


def test_after_the_planned_end_no_time_remains() -> None:
    assert training_status(running(1, 150), START_MS).eta_seconds == 0


def test_steps_logged_backwards_in_time_give_no_negative_pace() -> None:
    assert training_status(running(1, 50, step_ms=-1000), START_MS).eta_seconds == 0


def test_system_metrics_do_not_count_for_the_pace() -> None:
    run = running(40, 50)
    samples = [LoggedPoint("system/cpu", 1.0, step, START_MS) for step in range(30, 49)]
    run.add_points(samples)
    assert training_status(run, START_MS).eta_seconds == 50
