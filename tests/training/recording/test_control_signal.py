"""ServerOrders: what rank 0 makes of the server's commands, and what it answers to them."""

from collections.abc import Iterator

import pytest

from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import DEADLINE_S, until
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed
from training.agreement import Decision
from training.recording import control_signal as orders_module
from training.recording.control_signal import ServerOrders

RUN_ID = "0123456789abcdef0123456789abcdef"


class Rank0:
    """ControlSignal as a loop uses them."""

    def __init__(self, server: ControlServer) -> None:
        self.server = server
        self.control = RunControl(RUN_ID, tracking_uri=server.url)
        self.orders = ServerOrders(self.control)

    def hears(self, desired: Desired, *, release: bool = False) -> Decision:
        """What is wanted once that command has come."""
        command_id = self.server.set_desired(desired, release=release)
        until(lambda: self.control.command.command_id == command_id, "the command")
        return self.orders.wanted()


@pytest.fixture
def rank0() -> Iterator[Rank0]:
    with control_server() as server:
        rank0 = Rank0(server)
        yield rank0
        rank0.control.close()


def test_commands_are_understood(rank0: Rank0) -> None:
    assert rank0.orders.wanted() is Decision.CONTINUE
    assert rank0.hears(Desired.PAUSED) is Decision.PAUSE
    assert rank0.hears(Desired.PAUSED, release=True) is Decision.RELEASE
    assert rank0.hears(Desired.RUNNING) is Decision.CONTINUE
    assert rank0.hears(Desired.STOPPED) is Decision.STOP


def test_a_pause_is_answered_when_it_is_obeyed_and_not_before(rank0: Rank0) -> None:
    rank0.orders.training(1)
    rank0.server.wait_for_report(Observed.TRAINING)
    assert rank0.hears(Desired.PAUSED) is Decision.PAUSE
    # Nobody has agreed to it as yet.
    rank0.orders.training(2)
    rank0.orders.holding(3)
    paused = rank0.server.wait_for_report(Observed.PAUSED)
    assert paused.step == 3
    assert paused.number == 2, "nothing was said between the two"


def test_an_answer_names_the_command_that_was_looked_at_not_a_newer_one(rank0: Rank0) -> None:
    assert rank0.hears(Desired.PAUSED) is Decision.PAUSE
    newer = rank0.server.set_desired(Desired.PAUSED)
    until(lambda: rank0.control.command.command_id == newer, "the newer command")
    rank0.orders.holding(3)
    rank0.server.wait_for_report(Observed.PAUSED, command_id=1)
    assert rank0.orders.wanted() is Decision.PAUSE
    rank0.orders.holding(3)
    rank0.server.wait_for_report(Observed.PAUSED, command_id=newer)


def test_waiting_ends_with_the_next_command(rank0: Rank0) -> None:
    assert rank0.hears(Desired.PAUSED) is Decision.PAUSE
    rank0.server.set_desired(Desired.RUNNING)
    rank0.orders.wait(DEADLINE_S)
    assert rank0.orders.wanted() is Decision.CONTINUE


def test_many_steps_are_one_report(rank0: Rank0) -> None:
    for step in range(100):
        rank0.orders.training(step)
    rank0.hears(Desired.RUNNING)
    for step in range(100, 200):
        rank0.orders.training(step)
    rank0.server.wait_for_report(Observed.TRAINING)
    assert {report.number for report in rank0.server.reports} <= {1, 2}


def test_a_pause_that_was_refused_is_refused_for_good_but_the_next_one_is_not(rank0: Rank0) -> None:
    assert rank0.hears(Desired.PAUSED, release=True) is Decision.RELEASE
    rank0.orders.leaving(4, Decision.RELEASE)
    rank0.orders.refuse(4, "no room is left.")
    refusal = rank0.server.wait_for_report(Observed.TRAINING)
    assert refusal.message == "The run could not be paused: no room is left."
    assert rank0.orders.wanted() is Decision.CONTINUE
    rank0.orders.training(5)
    assert rank0.hears(Desired.PAUSED, release=True) is Decision.RELEASE
    assert [report.message for report in rank0.server.reports if report.command_id == 1][-1]


@pytest.mark.parametrize(
    ("verdict", "observed"),
    [(Decision.STOP, Observed.STOPPING), (Decision.RELEASE, Observed.PAUSING)],
)
def test_a_run_says_why_it_saves(rank0: Rank0, verdict: Decision, observed: Observed) -> None:
    rank0.hears(Desired.STOPPED if verdict is Decision.STOP else Desired.PAUSED, release=True)
    rank0.orders.leaving(4, verdict)
    assert not rank0.server.wait_for_report(observed).released


def test_a_run_that_has_left_knows_that_the_server_has_heard_of_it(rank0: Rank0) -> None:
    rank0.hears(Desired.PAUSED, release=True)
    assert rank0.orders.released(4)
    assert rank0.server.wait_for_report(Observed.PAUSED).released


def test_a_run_that_has_left_is_heard_of_after_an_outage(
    rank0: Rank0, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking_plugin.control_link.FIRST_RETRY_DELAY_S", 0.05)
    rank0.hears(Desired.PAUSED, release=True)
    rank0.server.status = 503
    rank0.server.drop_connections()
    monkeypatch.setattr(orders_module, "RELEASE_DEADLINE_S", 0.0)
    assert not rank0.orders.released(4)
    monkeypatch.setattr(orders_module, "RELEASE_DEADLINE_S", DEADLINE_S)
    rank0.server.status = None
    assert rank0.orders.released(4)
