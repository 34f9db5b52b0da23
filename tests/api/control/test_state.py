"""How commands, reports and ends change what is known of a run."""

from dataclasses import replace

import pytest

from api.control.silence import CONTROLLED_LIMIT_MS, SILENT_MESSAGE
from api.control.state import (
    ControlState,
    commanded,
    connected,
    ended,
    launched,
    marked_silent,
    paused_unstarted,
    reported,
    restarted,
    synced_with_mlflow,
)
from api.control.transitions import Action, IllegalMoveError
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.names import RunStatus

S = RunStatus
NOW_MS = 1_800_000_000_000
DEADLINE_MS = NOW_MS + 60_000
TRAINING = ControlState(run_id="a" * 32, status=S.TRAINING, has_link=True, heartbeat_ms=NOW_MS)


def command(state: ControlState, action: Action, *, release: bool = False) -> ControlState:
    return commanded(state, action, release=release, deadline_ms=DEADLINE_MS)


def hear(
    state: ControlState, observed: Observed, command_id: int | None = None, **said: object
) -> ControlState:
    report = Report(observed=observed, command_id=command_id, **said)  # type: ignore[arg-type]
    return reported(state, report, NOW_MS)


PAUSING = command(TRAINING, Action.PAUSE)
RELEASING = command(TRAINING, Action.PAUSE, release=True)
PAUSED = hear(PAUSING, Observed.PAUSED, 1)
RELEASED = hear(RELEASING, Observed.PAUSED, 1, released=True)
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
def test_a_new_command_raises_the_id_and_waits_for_its_answer(
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
def test_a_command_whose_end_is_reached_or_on_its_way_changes_nothing(
    state: ControlState, action: Action, release: bool
) -> None:
    assert command(state, action, release=release) == state


@pytest.mark.parametrize("holding", [PAUSING, PAUSED])
def test_a_run_that_holds_can_be_told_to_give_its_machine_back_too(holding: ControlState) -> None:
    after = command(holding, Action.PAUSE, release=True)
    assert (after.status, after.release, after.command_id) == (S.PAUSING, True, 2)


def test_only_a_stop_has_a_deadline() -> None:
    assert STOPPING.deadline_ms == DEADLINE_MS
    assert PAUSING.deadline_ms is None
    assert STOPPED.deadline_ms is None


def test_a_pause_is_paused_once_the_run_answers_that_very_command() -> None:
    second = command(command(PAUSING, Action.RESUME), Action.PAUSE)
    for stale in (None, 0, 1, 2, 4, -3):
        heard = hear(second, Observed.PAUSED, stale)
        assert (heard.status, heard.is_acknowledged) == (S.PAUSING, False)
    assert hear(second, Observed.PAUSED, 3).status is S.PAUSED


def test_an_old_word_of_a_pause_does_not_undo_a_resume() -> None:
    assert hear(RESUMING, Observed.PAUSED, 1).status is S.RESUMING


def test_an_old_word_of_training_neither_resumes_nor_pauses() -> None:
    assert hear(RESUMING, Observed.TRAINING, 1).status is S.RESUMING
    assert hear(PAUSING, Observed.TRAINING, 0).status is S.PAUSING
    assert hear(PAUSED, Observed.TRAINING, 0).status is S.PAUSED


def test_a_resume_is_done_once_the_run_trains() -> None:
    assert hear(RESUMING, Observed.TRAINING, 2).is_acknowledged
    assert hear(RESUMING, Observed.RUNNING, 2).status is S.TRAINING


def test_a_pause_that_fails_is_no_longer_wanted_and_says_why() -> None:
    after = hear(RELEASING, Observed.TRAINING, 1, message="The disk is full")
    assert (after.status, after.desired, after.release) == (S.TRAINING, Desired.RUNNING, False)
    assert (after.message, after.command_id) == ("The disk is full", 1)


def test_a_run_that_only_goes_on_for_a_while_has_not_failed_to_pause() -> None:
    assert hear(PAUSING, Observed.TRAINING, 1).status is S.PAUSING


def test_a_run_that_was_begun_anew_while_paused_is_paused_only_when_it_holds_again() -> None:
    again = hear(PAUSED, Observed.TRAINING, 1)
    assert (again.status, again.is_acknowledged) == (S.PAUSING, False)
    assert hear(again, Observed.PAUSED, 1).is_acknowledged


@pytest.mark.parametrize("observed", [Observed.TRAINING, Observed.PAUSED, Observed.STARTING])
def test_a_stop_that_was_noticed_but_not_obeyed_is_not_acknowledged(observed: Observed) -> None:
    heard = hear(STOPPING, observed, 1)
    assert (heard.status, heard.is_acknowledged) == (S.STOPPING, False)


def test_a_stop_is_acknowledged_when_the_run_says_that_it_stops() -> None:
    assert not hear(STOPPING, Observed.STOPPING, 0).is_acknowledged
    assert hear(STOPPING, Observed.STOPPING, 1).is_acknowledged


def test_a_process_that_exits_is_gone_whatever_was_commanded_since() -> None:
    resumed_too_late = command(RELEASING, Action.RESUME)
    assert hear(resumed_too_late, Observed.PAUSED, 1, released=True).is_released
    resumed = command(RELEASED, Action.RESUME)
    repeated = hear(resumed, Observed.PAUSED, 1, released=True)
    assert repeated.is_released
    assert not hear(repeated, Observed.TRAINING, 2).is_released


def test_a_job_that_is_on_its_way_is_not_expected_to_be_heard_of_yet() -> None:
    after = launched(command(RELEASED, Action.RESUME))
    assert (after.status, after.is_released, after.has_link) == (S.RESUMING, False, False)
    assert not after.is_silent(NOW_MS + 10**9)


def test_a_run_is_silent_after_three_heartbeats_unless_nothing_is_to_be_heard_of_it() -> None:
    assert not TRAINING.is_silent(NOW_MS + 30_000)
    assert TRAINING.is_silent(NOW_MS + 30_001)
    for quiet in (RELEASED, PAUSED_UNSTARTED, STOPPED, PENDING):
        assert not quiet.is_silent(NOW_MS + 10**9)


def test_a_run_that_is_paused_unstarted_has_acknowledged() -> None:
    assert (PAUSED_UNSTARTED.status, PAUSED_UNSTARTED.is_released) == (S.PAUSED, True)
    assert PAUSED_UNSTARTED.is_acknowledged


@pytest.mark.parametrize("first", [S.STOPPED, S.COMPLETED, S.ERROR])
@pytest.mark.parametrize("second", [S.STOPPED, S.COMPLETED, S.ERROR])
def test_the_first_end_is_the_one_that_counts(first: RunStatus, second: RunStatus) -> None:
    end = ended(PAUSED, first, "why")
    assert end.status is first
    assert ended(end, second, "other") == end


@pytest.mark.parametrize("observed", Observed)
def test_what_a_run_says_after_its_end_changes_nothing(observed: Observed) -> None:
    assert hear(STOPPED, observed, 1, message="late", released=True, step=9) == STOPPED


@pytest.mark.parametrize("action", [Action.PAUSE, Action.RESUME])
def test_a_run_that_has_ended_takes_no_command(action: Action) -> None:
    with pytest.raises(IllegalMoveError, match="The run is stopped"):
        command(STOPPED, action)


def test_a_run_that_begins_again_goes_on_counting_and_forgets_the_rest() -> None:
    again = restarted(STOPPED, S.TRAINING)
    assert (again.desired, again.status, again.command_id) == (Desired.RUNNING, S.TRAINING, 1)
    assert command(again, Action.PAUSE).command_id == 2


def test_mlflow_has_the_last_word_about_ends_and_beginnings() -> None:
    assert synced_with_mlflow(PAUSED, S.COMPLETED, was_live=True).status is S.COMPLETED
    assert synced_with_mlflow(STOPPED, S.TRAINING, was_live=False) == restarted(STOPPED, S.TRAINING)
    assert synced_with_mlflow(PAUSED, S.TRAINING, was_live=True) == PAUSED
    assert synced_with_mlflow(STOPPED, S.ERROR, was_live=False) == STOPPED


def test_a_run_that_ended_after_mlflow_was_asked_does_not_begin_again() -> None:
    assert synced_with_mlflow(STOPPED, S.TRAINING, was_live=True) == STOPPED


def test_a_heartbeat_is_no_news() -> None:
    later = replace(PAUSED, heartbeat_ms=NOW_MS + 10_000, step=12)
    assert not later.differs_from(PAUSED)
    assert replace(later, has_link=False).differs_from(PAUSED)


LATE_MS = NOW_MS + CONTROLLED_LIMIT_MS + 1


@pytest.mark.parametrize("state", [TRAINING, PAUSING, PAUSED, STOPPING])
def test_a_run_that_is_not_heard_of_any_more_says_so_until_it_is(state: ControlState) -> None:
    assert marked_silent(state, LATE_MS - 1) == state
    silent = marked_silent(state, LATE_MS)
    assert (silent.message, silent.status) == (SILENT_MESSAGE, state.status)
    assert hear(silent, Observed(state.status), 1).message == ""
    assert connected(silent, LATE_MS).message == ""


@pytest.mark.parametrize("state", [PENDING, RELEASED, PAUSED_UNSTARTED, STOPPED])
def test_a_run_that_has_nobody_to_be_heard_is_not_silent(state: ControlState) -> None:
    assert marked_silent(state, LATE_MS) == state
