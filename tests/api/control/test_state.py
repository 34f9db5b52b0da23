"""How commands, reports and ends change the control state of a run."""

from dataclasses import replace

import pytest

from api.control.silence import CONTROLLED_LIMIT_MS, SILENT_MESSAGE
from api.control.state import (
    DETACHED_MESSAGE,
    ControlState,
    commanded,
    connected,
    deleted,
    end_of_report,
    ended,
    launched,
    marked_silent,
    paused_unstarted,
    reported,
    restarted,
    synced_with_mlflow,
)
from api.control.transitions import Action, IllegalMoveError
from api.runs.status import DELETED_MESSAGE
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.names import RunStatus

S = RunStatus
NOW_MS = 1_800_000_000_000
DEADLINE_MS = NOW_MS + 60_000
TRAINING = ControlState(run_id="a" * 32, status=S.TRAINING, has_link=True, heartbeat_ms=NOW_MS)


def command(state: ControlState, action: Action, *, release: bool = False) -> ControlState:
    return commanded(state, action, release=release, deadline_ms=DEADLINE_MS)


def report(
    state: ControlState, observed: Observed, command_id: int | None = None, **fields: object
) -> ControlState:
    message = Report(observed=observed, command_id=command_id, **fields)  # type: ignore[arg-type]
    return reported(state, message, NOW_MS)


PAUSING = command(TRAINING, Action.PAUSE)
RELEASING = command(TRAINING, Action.PAUSE, release=True)
PAUSED = report(PAUSING, Observed.PAUSED, 1)
RELEASED = report(RELEASING, Observed.PAUSED, 1, released=True)
RESUMING = command(PAUSED, Action.RESUME)
STOPPING = command(TRAINING, Action.STOP)
PENDING = ControlState(run_id="a" * 32, status=S.PENDING)
PAUSED_UNSTARTED = paused_unstarted(command(PENDING, Action.PAUSE))
STOPPED = ended(STOPPING, S.STOPPED)


@pytest.mark.parametrize(
    ("before", "action", "status", "desired"),
    [
        (TRAINING, Action.PAUSE, S.PAUSING, Desired.PAUSED),
        (PENDING, Action.PAUSE, S.PAUSING, Desired.PAUSED),
        (RESUMING, Action.PAUSE, S.PAUSING, Desired.PAUSED),
        (PAUSING, Action.RESUME, S.RESUMING, Desired.RUNNING),
        (PAUSED, Action.RESUME, S.RESUMING, Desired.RUNNING),
        (RELEASED, Action.RESUME, S.RESUMING, Desired.RUNNING),
        (TRAINING, Action.STOP, S.STOPPING, Desired.STOPPED),
        (PAUSED, Action.STOP, S.STOPPING, Desired.STOPPED),
        (PAUSED_UNSTARTED, Action.STOP, S.STOPPING, Desired.STOPPED),
    ],
)
def test_a_new_command_raises_the_id_and_is_not_acknowledged_yet(
    before: ControlState, action: Action, status: RunStatus, desired: Desired
) -> None:
    after = command(before, action)
    assert (after.status, after.desired) == (status, desired)
    assert after.command_id == before.command_id + 1
    assert not after.is_acknowledged


@pytest.mark.parametrize(
    ("state", "action", "release"),
    [
        (TRAINING, Action.RESUME, False),
        (PENDING, Action.RESUME, False),
        (RESUMING, Action.RESUME, False),
        (PAUSING, Action.PAUSE, False),
        (PAUSED, Action.PAUSE, False),
        (RELEASING, Action.PAUSE, False),
        (RELEASING, Action.PAUSE, True),
        (RELEASED, Action.PAUSE, True),
        (PAUSED_UNSTARTED, Action.PAUSE, True),
        (STOPPING, Action.STOP, False),
        (STOPPED, Action.STOP, False),
    ],
)
def test_a_command_whose_aim_is_reached_or_pending_changes_nothing(
    state: ControlState, action: Action, release: bool
) -> None:
    assert command(state, action, release=release) == state


@pytest.mark.parametrize("paused", [PAUSING, PAUSED])
def test_a_paused_run_can_be_told_to_release_its_machine_too(paused: ControlState) -> None:
    after = command(paused, Action.PAUSE, release=True)
    assert (after.status, after.release, after.command_id) == (S.PAUSING, True, 2)


def test_only_a_stop_has_a_deadline() -> None:
    assert STOPPING.deadline_ms == DEADLINE_MS
    assert PAUSING.deadline_ms is None
    assert STOPPED.deadline_ms is None


def test_only_a_report_with_the_id_of_the_newest_command_acknowledges_a_pause() -> None:
    second = command(command(PAUSING, Action.RESUME), Action.PAUSE)
    for stale in (None, 0, 1, 2, 4, -3):
        after = report(second, Observed.PAUSED, stale)
        assert (after.status, after.is_acknowledged) == (S.PAUSING, False)
    assert report(second, Observed.PAUSED, 3).status is S.PAUSED


def test_an_outdated_report_of_a_pause_does_not_undo_a_resume() -> None:
    assert report(RESUMING, Observed.PAUSED, 1).status is S.RESUMING


def test_an_outdated_report_of_training_changes_nothing() -> None:
    assert report(RESUMING, Observed.TRAINING, 1).status is S.RESUMING
    assert report(PAUSING, Observed.TRAINING, 0).status is S.PAUSING
    assert report(PAUSED, Observed.TRAINING, 0).status is S.PAUSED


def test_a_resume_is_acknowledged_once_the_run_trains() -> None:
    assert report(RESUMING, Observed.TRAINING, 2).is_acknowledged
    assert report(RESUMING, Observed.RUNNING, 2).status is S.TRAINING


def test_a_failed_pause_is_no_longer_desired_and_its_reason_is_kept() -> None:
    after = report(RELEASING, Observed.TRAINING, 1, message="The disk is full")
    assert (after.status, after.desired, after.release) == (S.TRAINING, Desired.RUNNING, False)
    assert (after.message, after.command_id) == ("The disk is full", 1)


def test_a_run_that_trains_on_for_a_while_has_not_failed_to_pause() -> None:
    assert report(PAUSING, Observed.TRAINING, 1).status is S.PAUSING


def test_a_run_restarted_while_paused_must_pause_again() -> None:
    again = report(PAUSED, Observed.TRAINING, 1)
    assert (again.status, again.is_acknowledged) == (S.PAUSING, False)
    assert report(again, Observed.PAUSED, 1).is_acknowledged


@pytest.mark.parametrize("observed", [Observed.TRAINING, Observed.PAUSED, Observed.STARTING])
def test_a_report_of_another_state_does_not_acknowledge_a_stop(observed: Observed) -> None:
    after = report(STOPPING, observed, 1)
    assert (after.status, after.is_acknowledged) == (S.STOPPING, False)


def test_a_stop_is_acknowledged_when_the_run_reports_that_it_stops() -> None:
    assert not report(STOPPING, Observed.STOPPING, 0).is_acknowledged
    assert report(STOPPING, Observed.STOPPING, 1).is_acknowledged


def test_a_process_that_exits_has_released_whatever_was_commanded_since() -> None:
    resumed_too_late = command(RELEASING, Action.RESUME)
    assert report(resumed_too_late, Observed.PAUSED, 1, released=True).is_released
    resumed = command(RELEASED, Action.RESUME)
    repeated = report(resumed, Observed.PAUSED, 1, released=True)
    assert repeated.is_released
    assert not report(repeated, Observed.TRAINING, 2).is_released


def test_a_job_that_is_starting_is_not_silent() -> None:
    after = launched(command(RELEASED, Action.RESUME))
    assert (after.status, after.is_released, after.has_link) == (S.RESUMING, False, False)
    assert not after.is_silent(NOW_MS + 10**9)


def test_a_run_is_silent_after_three_heartbeats_unless_it_is_not_to_send_any() -> None:
    assert not TRAINING.is_silent(NOW_MS + 30_000)
    assert TRAINING.is_silent(NOW_MS + 30_001)
    for quiet in (RELEASED, PAUSED_UNSTARTED, STOPPED, PENDING):
        assert not quiet.is_silent(NOW_MS + 10**9)


def test_a_run_that_is_paused_unstarted_has_acknowledged() -> None:
    assert (PAUSED_UNSTARTED.status, PAUSED_UNSTARTED.is_released) == (S.PAUSED, True)
    assert PAUSED_UNSTARTED.is_acknowledged


@pytest.mark.parametrize("first", [S.STOPPED, S.COMPLETED, S.ERROR])
@pytest.mark.parametrize("second", [S.STOPPED, S.COMPLETED, S.ERROR])
def test_the_first_end_counts(first: RunStatus, second: RunStatus) -> None:
    end = ended(PAUSED, first, "why")
    assert end.status is first
    assert ended(end, second, "other") == end


@pytest.mark.parametrize("state", [PAUSING, PAUSED])
def test_a_loop_that_waits_is_told_to_stop_once_its_run_has_ended(state: ControlState) -> None:
    assert ended(state, S.ERROR).command.desired is Desired.STOPPED


def test_a_loop_that_trains_is_left_to_end_with_its_run() -> None:
    assert ended(TRAINING, S.COMPLETED).command.desired is Desired.RUNNING


@pytest.mark.parametrize("state", [PENDING, TRAINING, PAUSED, RELEASED, STOPPING])
def test_a_deleted_run_is_stopped_and_its_program_is_told_so(state: ControlState) -> None:
    gone = deleted(state, DEADLINE_MS)
    assert (gone.status, gone.desired, gone.message) == (
        S.STOPPED,
        Desired.STOPPED,
        DELETED_MESSAGE,
    )
    assert gone.deadline_ms == DEADLINE_MS
    assert deleted(gone, DEADLINE_MS + 1) == gone


@pytest.mark.parametrize("state", [PAUSING, PAUSED, RESUMING, STOPPING])
def test_a_loop_that_has_ended_leaves_no_command_pending(state: ControlState) -> None:
    left = report(state, Observed.DETACHED)
    assert (left.status, left.desired, left.has_link) == (S.TRAINING, Desired.RUNNING, False)
    assert left.has_detached
    assert not left.is_silent(NOW_MS + 10 * CONTROLLED_LIMIT_MS)


def test_a_loop_that_ends_without_a_pending_command_says_nothing() -> None:
    left = report(TRAINING, Observed.DETACHED)
    assert (left.message, left.status) == ("", S.TRAINING)
    assert not connected(left, NOW_MS).has_detached


@pytest.mark.parametrize("state", [PAUSING, STOPPING])
def test_the_reason_why_a_command_has_failed_is_that_the_loop_has_ended(
    state: ControlState,
) -> None:
    assert report(state, Observed.DETACHED).message == DETACHED_MESSAGE


@pytest.mark.parametrize(
    ("observed", "status"),
    [(Observed.STOPPED, S.STOPPED), (Observed.FAILED, S.ERROR), (Observed.DETACHED, None)],
)
def test_only_a_loop_that_stopped_or_failed_ends_its_run(
    observed: Observed, status: RunStatus | None
) -> None:
    assert end_of_report(Report(observed=observed)) is status


@pytest.mark.parametrize("observed", Observed)
def test_a_report_after_the_end_changes_nothing(observed: Observed) -> None:
    assert report(STOPPED, observed, 1, message="late", released=True, step=9) == STOPPED


@pytest.mark.parametrize("action", [Action.PAUSE, Action.RESUME])
def test_a_run_that_has_ended_refuses_commands(action: Action) -> None:
    with pytest.raises(IllegalMoveError, match="The run is stopped"):
        command(STOPPED, action)


def test_a_restarted_run_keeps_its_command_id_and_nothing_else() -> None:
    again = restarted(STOPPED, S.TRAINING)
    assert (again.desired, again.status, again.command_id) == (Desired.RUNNING, S.TRAINING, 1)
    assert command(again, Action.PAUSE).command_id == 2


def test_an_end_or_restart_in_mlflow_changes_the_state() -> None:
    assert synced_with_mlflow(PAUSED, S.COMPLETED).status is S.COMPLETED
    assert synced_with_mlflow(STOPPED, S.TRAINING) == restarted(STOPPED, S.TRAINING)
    assert synced_with_mlflow(PAUSED, S.TRAINING) == PAUSED
    assert synced_with_mlflow(STOPPED, S.ERROR) == STOPPED


def test_a_heartbeat_is_no_change() -> None:
    later = replace(PAUSED, heartbeat_ms=NOW_MS + 10_000, step=12)
    assert not later.differs_from(PAUSED)
    assert replace(later, has_link=False).differs_from(PAUSED)


LATE_MS = NOW_MS + CONTROLLED_LIMIT_MS + 1


@pytest.mark.parametrize("state", [TRAINING, PAUSING, PAUSED, STOPPING])
def test_a_silent_run_is_marked_until_its_next_report(state: ControlState) -> None:
    assert marked_silent(state, LATE_MS - 1) == state
    silent = marked_silent(state, LATE_MS)
    assert (silent.message, silent.status) == (SILENT_MESSAGE, state.status)
    assert report(silent, Observed(state.status), 1).message == ""
    assert connected(silent, LATE_MS).message == ""


@pytest.mark.parametrize("state", [PENDING, RELEASED, PAUSED_UNSTARTED, STOPPED])
def test_a_run_without_a_process_is_not_silent(state: ControlState) -> None:
    assert marked_silent(state, LATE_MS) == state
