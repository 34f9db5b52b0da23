"""Each event becomes its message, and events give the same state as reading the store."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.messages import (
    ArtifactUpdate,
    LogMessage,
    MetricsUpdate,
    RunMessage,
    StatusUpdate,
    SystemUpdate,
)
from api.live.run_view import HISTORY_STEPS, STATUS_INTERVAL_MS, RunView
from api.runs.schemas import GpuUsage, NotFinite
from api.runs.state import RunState
from tests.api.live.viewed_run import AT, NOW_MS, logged, message_of, point, view
from tracking_plugin.critical_conditions import MIN_SENSITIVITY, ConditionStatus
from tracking_plugin.events import (
    ArtifactLogged,
    LoggedPoint,
    LogLines,
    ParamsLogged,
    RunCreated,
    RunDeleted,
    RunEvent,
    RunRestored,
    RunUpdated,
    SystemMetricsLogged,
    TagsChanged,
)
from tracking_plugin.names import Param, RunStatus, Tag


def status_update(run: RunView, event: RunEvent) -> StatusUpdate:
    message = run.apply(event, 2)
    assert isinstance(message, StatusUpdate)
    return message


def test_a_new_run_is_sent_with_its_name_and_status() -> None:
    run = RunView(RunState(run_id="a"), is_whole=True)
    event = RunCreated(
        **AT,
        experiment_id="3",
        run_name="owl",
        status="SCHEDULED",
        start_time_ms=NOW_MS - 2000,
        tags={Tag.MESSAGE: "waiting"},
    )
    status = status_update(run, event).status
    assert (status.run_name, status.experiment_id, status.message) == ("owl", "3", "waiting")
    assert (status.status, status.elapsed_time) == (RunStatus.PENDING, 2)


@pytest.mark.parametrize(
    ("event", "field", "expected"),
    [
        (RunUpdated(**AT, status="FINISHED", end_time_ms=NOW_MS), "status", RunStatus.COMPLETED),
        (RunUpdated(**AT, run_name="new"), "run_name", "new"),
        (RunUpdated(**AT, run_name="new"), "status", RunStatus.TRAINING),
        (RunDeleted(**AT), "deleted", True),
        (RunRestored(**AT), "deleted", False),
        (ParamsLogged(**AT, params={Param.TOTAL_EPOCHS: "7"}), "total_epochs", 7),
        (ParamsLogged(**AT, params={Param.STEPS_PER_EPOCH: "9"}), "total_batches", 9),
        (TagsChanged(**AT, tags={Tag.STATUS: "paused"}), "status", RunStatus.PAUSED),
        (TagsChanged(**AT, tags={"mlflow.runName": "new"}), "run_name", "new"),
        (TagsChanged(**AT, tags={Tag.ALERT: "critical"}), "alert", "critical"),
    ],
)
def test_a_change_of_the_run_sends_its_status(
    event: RunEvent, field: str, expected: object
) -> None:
    assert getattr(status_update(view(run_name="old"), event).status, field) == expected


def test_fields_that_did_not_change_are_kept() -> None:
    run = view(run_name="owl", end_time_ms=NOW_MS)
    run.apply(RunUpdated(**AT, status="FINISHED"), 2)
    assert (run.state.run_name, run.state.end_time_ms) == ("owl", NOW_MS)


def test_a_deleted_tag_is_removed() -> None:
    run = view(tags={Tag.MESSAGE: "old", "kept": "v"})
    assert status_update(run, TagsChanged(**AT, tags={Tag.MESSAGE: None})).status.message == ""
    assert run.state.tags == {"kept": "v"}
    assert run.apply(TagsChanged(**AT, tags={"never there": None}), 3) is None


@pytest.mark.parametrize(
    "event",
    [
        TagsChanged(**AT, tags={"mlflow.note.content": "for myself"}),
        TagsChanged(**AT, tags={Tag.MESSAGE: "the same"}),
        ParamsLogged(**AT, params={"dropout": "0.1"}),
    ],
)
def test_an_event_without_a_visible_change_sends_nothing(event: RunEvent) -> None:
    assert view(tags={Tag.MESSAGE: "the same"}).apply(event, 2) is None


def test_unused_parameters_are_not_kept() -> None:
    run = view()
    run.apply(ParamsLogged(**AT, params={"dropout": "0.1", Param.TOTAL_EPOCHS: "7"}), 2)
    assert run.state.params == {Param.TOTAL_EPOCHS: "7"}


def test_metrics_are_sent_with_their_position_in_the_training() -> None:
    run = view(params={Param.STEPS_PER_EPOCH: "10"})
    message = message_of(run, logged(point(step=12), point("val/f1", math.nan, 12)))
    assert (message["epoch"], message["batch"], message["total_batches"]) == (2, 2, 10)
    assert (message["step"], message["offset"]) == (12, 2)
    assert message["metrics"]["loss"]["val"] == 0.5
    assert message["metrics"]["not_finite"] == {"val/f1": "NaN"}
    assert message["points"] == [
        {
            "metric": "val/loss",
            "value": 0.5,
            "not_finite": None,
            "step": 12,
            "timestamp": "2025-06-15T15:06:40Z",
        },
        {
            "metric": "val/f1",
            "value": None,
            "not_finite": "NaN",
            "step": 12,
            "timestamp": "2025-06-15T15:06:40Z",
        },
    ]


def test_each_update_names_the_previous_one() -> None:
    run = view()
    offsets = [
        message_of(run, logged(point(step=step)), 2 * step)["previous"] for step in (1, 2, 3)
    ]
    assert offsets == [None, 2, 4]
    message_of(run, RunDeleted(**AT), 8)
    assert message_of(run, logged(point(step=4)), 10)["previous"] == 6


def test_a_late_point_is_sent_but_is_not_the_newest() -> None:
    run = view()
    run.apply(logged(point(step=5)), 2)
    message = message_of(run, logged(point(value=9, step=3)))
    assert message["metrics"]["loss"]["val"] == 0.5
    assert message["step"] == 5
    assert [(p["value"], p["step"]) for p in message["points"]] == [(9, 3)]


def test_a_point_that_is_known_already_is_sent_again() -> None:
    # It may be known from the store before its event has come: watchers are to see it all the same.
    run = view()
    run.apply(logged(point()), 2)
    assert len(message_of(run, logged(point()), 4)["points"]) == 1


def test_a_value_that_becomes_finite_again_is_no_longer_named() -> None:
    run = view()
    run.apply(logged(point(value=math.inf)), 2)
    message = message_of(run, logged(point(step=2)))
    assert message["metrics"]["not_finite"] == {}
    assert message["metrics"]["loss"]["val"] == 0.5


def test_system_metrics_are_sent_separately() -> None:
    run = view()
    cpu = LoggedPoint("system/cpu_utilization_percentage", 40, 900, NOW_MS)
    message = run.apply(SystemMetricsLogged(**AT, points=[cpu]), 2)
    assert isinstance(message, SystemUpdate)
    assert (message.cpu_usage, message.gpu) == (40, GpuUsage())
    assert [p.step for p in message.points] == [900]
    assert run.state.last_step is None
    update = run.apply(logged(point()), 4)
    assert isinstance(update, MetricsUpdate)
    assert update.system is not None
    assert update.step == 1


def test_an_artifact_is_sent_with_its_path() -> None:
    message = view().apply(ArtifactLogged(**AT, path="figures/a.png"), 2)
    assert isinstance(message, ArtifactUpdate)
    assert message.path == "figures/a.png"


def test_log_lines_are_sent_with_their_level() -> None:
    printed = (
        "INFO: epoch 1",
        "WARNING: slow disk",
        "ERROR: no space left",
        "anything <b>else</b>",
    )
    message = view().apply(LogLines(**AT, lines=printed), 2)
    assert isinstance(message, LogMessage)
    assert [(line.level, line.message) for line in message.lines] == [
        ("info", printed[0]),
        ("warning", printed[1]),
        ("error", printed[2]),
        ("info", printed[3]),
    ]


def test_late_thresholds_apply_to_earlier_values() -> None:
    run = view()
    rao = point("critical/RAO", 0.95)
    conditions = message_of(run, logged(rao))["metrics"]["critical_conditions"]
    assert conditions["RAO"]["threshold"] == MIN_SENSITIVITY["RAO"]
    assert conditions["RAO"]["status"] == ConditionStatus.WARNING
    floors = ParamsLogged(**AT, params={Param.CRITICAL_THRESHOLDS: '{"RAO": 0.9}'})
    assert run.apply(floors, 4) is not None
    first = run.initial_state("e", 4, NOW_MS, recovered=None)
    for metrics in (first.metrics, first.history[0].metrics):
        assert metrics.critical_conditions["RAO"].threshold == 0.9
        assert metrics.critical_conditions["RAO"].status == ConditionStatus.OK


def test_the_status_is_due_once_a_second_and_at_each_epoch() -> None:
    run = view(params={Param.STEPS_PER_EPOCH: "10"})
    run.apply(logged(point(step=1)), 2)
    assert run.due_status(3, NOW_MS) is not None
    run.apply(logged(point(step=2)), 4)
    assert run.due_status(5, NOW_MS + STATUS_INTERVAL_MS - 1) is None
    due = run.due_status(5, NOW_MS + STATUS_INTERVAL_MS)
    assert due is not None
    assert (due.offset, due.status.step) == (5, 2)
    run.apply(logged(point(step=11)), 6)
    assert run.due_status(7, NOW_MS + STATUS_INTERVAL_MS + 1) is not None


def test_the_first_message_contains_everything_known() -> None:
    run = view(params={Param.STEPS_PER_EPOCH: "2"}, tags={Tag.MESSAGE: "on its way"})
    for step in (3, 1, 2):
        run.apply(logged(point(value=step, step=step), point("val/f1", math.nan, step)), 2 * step)
    first = run.initial_state("e", 6, NOW_MS, recovered=None)
    assert (first.epoch, first.offset, first.status.message) == ("e", 6, "on its way")
    assert [snapshot.step for snapshot in first.history] == [1, 2, 3]
    assert [(s.epoch, s.batch) for s in first.history] == [(1, 1), (1, 2), (2, 1)]
    assert [s.metrics.loss.val for s in first.history] == [1, 2, 3]
    assert first.history[0].metrics.not_finite == {"val/f1": NotFinite.NAN}
    assert first.metrics.loss.val == 3


def test_the_history_has_the_newest_steps_and_is_empty_after_a_recovery() -> None:
    run = view()
    for step in range(HISTORY_STEPS + 20):
        run.apply(logged(point(step=step)), step)
    history = run.initial_state("e", 0, NOW_MS, recovered=False).history
    assert [snapshot.step for snapshot in history] == list(range(20, HISTORY_STEPS + 20))
    assert run.initial_state("e", 0, NOW_MS, recovered=True).history == []


def test_system_metrics_do_not_displace_the_training_in_the_history() -> None:
    run = view()
    run.apply(logged(point()), 2)
    for step in range(500):
        cpu = LoggedPoint("system/cpu_utilization_percentage", 40, step, NOW_MS)
        run.apply(SystemMetricsLogged(**AT, points=[cpu]), step)
    history = run.initial_state("e", 0, NOW_MS, recovered=None).history
    assert [(s.step, s.metrics.loss.val) for s in history] == [(1, 0.5)]


def test_two_runs_share_no_data() -> None:
    one, other = view(), RunView(RunState(run_id="b"), is_whole=True)
    one.apply(
        logged(point(), point("other", math.nan), point("critical/RAO"), point("per_class/x")), 2
    )
    assert (
        other.initial_state("e", 0, NOW_MS, recovered=None).metrics.model_dump(
            exclude_defaults=True
        )
        == {}
    )


names = st.sampled_from(["val/loss", "critical/RAO", "critical_support/RAO", "epoch", "x"])
points = st.builds(point, names, st.floats(), st.integers(0, 5), st.integers(0, 3))
events: st.SearchStrategy[RunEvent] = st.one_of(
    st.lists(points, min_size=1, max_size=5).map(lambda points: logged(*points)),
    st.builds(lambda status: RunUpdated(**AT, status=status), st.sampled_from(["RUNNING", "FAILED"])),
    st.builds(lambda value: TagsChanged(**AT, tags={Tag.MESSAGE: value}), st.none() | st.just("m")),
    st.builds(
        lambda value: ParamsLogged(**AT, params={Param.CRITICAL_THRESHOLDS: value}),
        st.sampled_from(['{"RAO": 0.5}', "{}", "broken"]),
    ),
)  # fmt: skip


@given(st.lists(events, max_size=15))
def test_events_give_the_same_state_as_reading_the_store(
    events: list[RunEvent],
) -> None:
    run = view()
    messages: list[RunMessage | None] = [run.apply(event, 2) for event in events]
    read = RunView(run.state, is_whole=True)
    seen, expected = (each.initial_state("e", 2, NOW_MS, recovered=None) for each in (run, read))
    assert json.loads(seen.model_dump_json()) == json.loads(expected.model_dump_json())
    for message in messages:
        if message is not None:
            json.loads(message.model_dump_json(), parse_constant=pytest.fail)
