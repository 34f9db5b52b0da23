"""The state of a run is right even if points arrive late, twice or out of order."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.entities import Metric
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.runs import state as run_state
from api.runs.state import RECENT_STEPS, RunState, TrainingPosition, latest_values, position_at
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import Param


def state(**params: str) -> RunState:
    return RunState(run_id="a", params=params)


def point(name: str = "loss", value: float = 0.5, step: int = 1, ms: int = 1000) -> LoggedPoint:
    return LoggedPoint(name, value, step, ms)


def test_the_newest_value_is_that_of_the_highest_step() -> None:
    run = state()
    run.add_points([point(value=1, step=5, ms=10), point(value=2, step=4, ms=99)])
    assert latest_values(run) == {"loss": 1}
    assert run.last_step == 5


def test_of_several_points_at_a_step_the_last_one_logged_counts() -> None:
    run = state()
    run.add_points([point(value=1, ms=20), point(value=2, ms=10)])
    assert latest_values(run) == {"loss": 1}
    assert run.recent[1]["loss"].value == 1


def test_adding_points_returns_only_those_that_change_the_state() -> None:
    run = state()
    points = [point(), point(step=2, value=math.nan), point("system/cpu", step=9)]
    assert run.add_points(points) == points
    again = [point(), LoggedPoint("loss", float("nan"), 2, 1000), point("system/cpu", step=9)]
    assert run.add_points(again) == []
    assert run.add_points([point(step=3), point()]) == [point(step=3)]


def test_a_late_point_is_added_to_its_step() -> None:
    run = state()
    run.add_points([point(step=1), point(step=3)])
    run.add_points([point(step=2)])
    assert sorted(run.recent) == [1, 2, 3]
    assert run.last_step == 3


def test_the_oldest_steps_are_dropped() -> None:
    run = state()
    run.add_points(point(step=step) for step in range(RECENT_STEPS + 50))
    assert sorted(run.recent) == list(range(50, RECENT_STEPS + 50))
    run.add_points([point(step=3, value=7)])
    assert min(run.recent) == 50
    assert run.latest["loss"].step == RECENT_STEPS + 49


def test_few_steps_are_kept_if_steps_have_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_state, "RECENT_POINTS", 10)
    run = state()
    for step in range(5):
        run.add_points(point(f"m{index}", step=step, value=1) for index in range(4))
        run.add_points(point(f"m{index}", step=step, value=2) for index in range(4))
    assert sorted(run.recent) == [3, 4]
    # The newest step is complete, however many points it has.
    run.add_points(point(f"n{index}", step=9) for index in range(25))
    assert {step: len(points) for step, points in run.recent.items()} == {9: 25}


def test_steps_of_system_metrics_do_not_count_as_training_steps() -> None:
    run = state()
    run.add_points([point(step=1)])
    run.add_points(point("system/cpu", step=step) for step in range(1000))
    assert run.last_step == 1
    assert sorted(run.recent) == [1]
    assert run.latest["system/cpu"].step == 999


def test_two_states_share_no_data() -> None:
    one = state()
    one.add_points([point()])
    one.tags["k"] = "v"
    other = RunState(run_id="b")
    assert (other.params, other.tags, other.latest, other.recent) == ({}, {}, {}, {})


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (None, TrainingPosition(None, None, None)),
        (1, TrainingPosition(1, 1, 1)),
        (10, TrainingPosition(10, 1, 10)),
        (11, TrainingPosition(11, 2, 1)),
        (0, TrainingPosition(0, None, None)),
        (-3, TrainingPosition(-3, None, None)),
    ],
)
def test_epochs_are_computed_from_steps_per_epoch(
    step: int | None, expected: TrainingPosition
) -> None:
    assert position_at(state(**{Param.STEPS_PER_EPOCH: "10"}), step) == expected


@pytest.mark.parametrize("text", ["", "0", "-5", "ten", "1e3", "2.5", "9" * 5000])
def test_an_invalid_steps_per_epoch_is_ignored(text: str) -> None:
    run = state(**{Param.STEPS_PER_EPOCH: text, Param.TOTAL_EPOCHS: text})
    assert (run.steps_per_epoch, run.total_epochs) == (None, None)
    assert position_at(run, 7) == TrainingPosition(7, None, None)


def test_without_steps_per_epoch_the_metric_epoch_counts() -> None:
    run = state()
    run.add_points([point("epoch", value=1, step=10), point("epoch", value=2, step=20)])
    assert position_at(run, 10).epoch == 1
    assert position_at(run, 20).epoch == 2
    assert position_at(run, 25).epoch == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_an_epoch_that_is_not_finite_is_unknown(value: float) -> None:
    run = state()
    run.add_points([point("epoch", value=value)])
    assert position_at(run, 1).epoch is None


values = st.sampled_from([math.nan, -math.inf, -1.0, 0.0, 0.5, math.inf])
points = st.lists(
    st.builds(
        LoggedPoint, st.sampled_from(["a", "b"]), values, st.integers(0, 2), st.integers(0, 2)
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqlAlchemyStore:
    folder: Path = tmp_path_factory.mktemp("store")
    return SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", f"{folder}/artifacts")


@settings(max_examples=60)
@given(points)
def test_the_newest_values_are_those_that_mlflow_stores(
    store: SqlAlchemyStore, points: list[LoggedPoint]
) -> None:
    info = store.create_run("0", "me", 0, [], "run").info
    run = RunState(run_id=info.run_id)
    for logged in points:
        metric = Metric(logged.name, logged.value, logged.timestamp_ms, logged.step)
        store.log_metric(info.run_id, metric)
        run.add_points([logged])
    stored = store.get_run(info.run_id).data._metric_objs
    expected = {m.key: (bounded(m.value), m.step, m.timestamp) for m in stored}
    found = {p.name: (bounded(p.value), p.step, p.timestamp_ms) for p in run.latest.values()}
    assert found == expected


def bounded(value: float) -> float | str:
    """A value as SQL stores it: without infinities, and with a flag for NaN."""
    return (
        "NaN"
        if math.isnan(value)
        else min(max(value, -1.7976931348623157e308), 1.7976931348623157e308)
    )
