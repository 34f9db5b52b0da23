"""ControlLinkSignal: the decisions that rank 0 makes of commands, and what it reports about them."""

from collections.abc import Iterator

import pytest

from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import DEADLINE_S, until
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed
from training.agreement import Decision
from training.recording import control_signal
from training.recording.control_signal import ControlLinkSignal

RUN_ID = "0123456789abcdef0123456789abcdef"


class Rank0:
    """The signal of a run, and the server at the other end of its link."""

    def __init__(self, server: ControlServer) -> None:
        self.server = server
        self.control = RunControl(RUN_ID, tracking_uri=server.url)
        self.signal = ControlLinkSignal(self.control)

    def receives(self, desired: Desired, *, release: bool = False) -> Decision:
        """The decision once that command has been received."""
        command_id = self.server.set_desired(desired, release=release)
        until(lambda: self.control.command.command_id == command_id, "the command")
        return self.signal.decision()


@pytest.fixture
def rank0() -> Iterator[Rank0]:
    with control_server() as server:
        rank0 = Rank0(server)
        yield rank0
        rank0.control.close()


def test_each_command_becomes_a_decision(rank0: Rank0) -> None:
    assert rank0.signal.decision() is Decision.CONTINUE
    assert rank0.receives(Desired.PAUSED) is Decision.PAUSE
    assert rank0.receives(Desired.PAUSED, release=True) is Decision.RELEASE
    assert rank0.receives(Desired.RUNNING) is Decision.CONTINUE
    assert rank0.receives(Desired.STOPPED) is Decision.STOP


def test_a_pause_is_reported_once_the_ranks_are_paused_and_not_before(rank0: Rank0) -> None:
    rank0.signal.report_training(1)
    rank0.server.wait_for_report(Observed.TRAINING)
    assert rank0.receives(Desired.PAUSED) is Decision.PAUSE
    # The ranks have not agreed on the pause yet.
    rank0.signal.report_training(2)
    rank0.signal.report_paused(3)
    paused = rank0.server.wait_for_report(Observed.PAUSED)
    assert paused.step == 3
    assert paused.number == 2, "nothing was reported between the two"


def test_a_report_names_the_command_of_the_last_decision_not_a_newer_one(rank0: Rank0) -> None:
    assert rank0.receives(Desired.PAUSED) is Decision.PAUSE
    newer = rank0.server.set_desired(Desired.PAUSED)
    until(lambda: rank0.control.command.command_id == newer, "the newer command")
    rank0.signal.report_paused(3)
    rank0.server.wait_for_report(Observed.PAUSED, command_id=1)
    assert rank0.signal.decision() is Decision.PAUSE
    rank0.signal.report_paused(3)
    rank0.server.wait_for_report(Observed.PAUSED, command_id=newer)


def test_a_wait_ends_with_the_next_command(rank0: Rank0) -> None:
    assert rank0.receives(Desired.PAUSED) is Decision.PAUSE
    rank0.server.set_desired(Desired.RUNNING)
    rank0.signal.wait_for_change(DEADLINE_S)
    assert rank0.signal.decision() is Decision.CONTINUE


def test_many_steps_are_reported_once(rank0: Rank0) -> None:
    for step in range(100):
        rank0.signal.report_training(step)
    rank0.receives(Desired.RUNNING)
    for step in range(100, 200):
        rank0.signal.report_training(step)
    rank0.server.wait_for_report(Observed.TRAINING)
    assert {report.number for report in rank0.server.reports} <= {1, 2}


def test_a_refused_pause_stays_refused_but_the_next_one_is_applied(rank0: Rank0) -> None:
    assert rank0.receives(Desired.PAUSED, release=True) is Decision.RELEASE
    rank0.signal.report_exiting(4, Decision.RELEASE)
    rank0.signal.report_refusal(4, "no room is left.")
    refusal = rank0.server.wait_for_report(Observed.TRAINING)
    assert refusal.message == "The run could not be paused: no room is left."
    assert rank0.signal.decision() is Decision.CONTINUE
    rank0.signal.report_training(5)
    assert rank0.receives(Desired.PAUSED, release=True) is Decision.RELEASE
    assert [report.message for report in rank0.server.reports if report.command_id == 1][-1]


@pytest.mark.parametrize(
    ("decision", "observed"),
    [(Decision.STOP, Observed.STOPPING), (Decision.RELEASE, Observed.PAUSING)],
)
def test_a_run_reports_why_it_saves(rank0: Rank0, decision: Decision, observed: Observed) -> None:
    rank0.receives(Desired.STOPPED if decision is Decision.STOP else Desired.PAUSED, release=True)
    rank0.signal.report_exiting(4, decision)
    assert not rank0.server.wait_for_report(observed).released


def test_a_released_run_waits_for_the_servers_acknowledgement(rank0: Rank0) -> None:
    rank0.receives(Desired.PAUSED, release=True)
    assert rank0.signal.report_released(4)
    assert rank0.server.wait_for_report(Observed.PAUSED).released


def test_a_release_is_acknowledged_after_an_outage(
    rank0: Rank0, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking_plugin.control_link.FIRST_RETRY_DELAY_S", 0.05)
    rank0.receives(Desired.PAUSED, release=True)
    rank0.server.status = 503
    rank0.server.drop_connections()
    monkeypatch.setattr(control_signal, "RELEASE_TIMEOUT_S", 0.0)
    assert not rank0.signal.report_released(4)
    monkeypatch.setattr(control_signal, "RELEASE_TIMEOUT_S", DEADLINE_S)
    rank0.server.status = None
    assert rank0.signal.report_released(4)
