"""Invariants of the control state, for any order of commands, reports and ends."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.control.acknowledgement import CommandOutcome, command_outcome
from api.control.state import (
    ControlState,
    commanded,
    ended,
    launched,
    paused_unstarted,
    reported,
    restarted,
)
from api.control.transitions import Action, IllegalMoveError
from tracking_plugin.control_messages import Desired, Observed, Report
from tracking_plugin.names import RunStatus

S = RunStatus
NOW_MS = 1_800_000_000_000
ENDS = [S.STOPPED, S.COMPLETED, S.ERROR]


class Controlled(RuleBasedStateMachine):
    """One run, with commands, reports and ends in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ControlState(run_id="a" * 32, status=S.PENDING)

    @rule(action=st.sampled_from(Action), release=st.booleans())
    def command(self, action: Action, release: bool) -> None:
        before = self.state
        try:
            self.state = commanded(before, action, release=release, deadline_ms=NOW_MS)
        except IllegalMoveError:
            assert before.status in (S.STOPPING, *ENDS)
            return
        if self.state == before:
            twice = commanded(before, action, release=release, deadline_ms=NOW_MS)
            assert twice == before
            return
        assert self.state.command_id == before.command_id + 1
        assert command_outcome(self.state, action, self.state.command_id) is CommandOutcome.PENDING

    @rule(
        observed=st.sampled_from(Observed),
        behind=st.integers(-2, 3),
        message=st.sampled_from(["", "why"]),
        released=st.booleans(),
    )
    def report(self, observed: Observed, behind: int, message: str, released: bool) -> None:
        before = self.state
        command_id = before.command_id - behind
        message = Report(
            observed=observed, command_id=command_id, message=message, released=released, step=7
        )
        self.state = reported(before, message, NOW_MS)
        if before.status in ENDS:
            assert self.state == before
        if self.state.status is S.PAUSED and before.status is not S.PAUSED:
            assert (observed, behind) == (Observed.PAUSED, 0)
        if observed is Observed.DETACHED:
            # A loop that has ended carries out no command, whichever it has seen.
            assert self.state == before or self.state.desired is Desired.RUNNING
            assert self.state.heard_command_id == before.heard_command_id
        elif behind:
            is_begin = before.status in (S.PENDING, S.STARTING)
            assert is_begin or self.state.status is before.status

    @precondition(lambda self: self.state.is_live)
    @rule(status=st.sampled_from(ENDS))
    def end(self, status: RunStatus) -> None:
        self.state = ended(self.state, status)
        assert self.state.status is status

    @precondition(lambda self: not self.state.is_live)
    @rule()
    def restart(self) -> None:
        before = self.state
        self.state = restarted(before, S.TRAINING)
        assert self.state.command_id == before.command_id
        # Ids go on rising, so an outdated report never acknowledges a new command.

    @precondition(lambda self: self.state.is_live)
    @rule()
    def launch(self) -> None:
        before = self.state
        self.state = launched(before)
        assert self.state.status is before.status or before.status is S.PENDING

    @precondition(lambda self: self.state.status is S.PAUSING)
    @rule()
    def pause_unstarted(self) -> None:
        self.state = paused_unstarted(self.state)
        assert self.state.is_acknowledged

    @invariant()
    def the_status_is_possible_for_the_desired_state(self) -> None:
        possible = {
            Desired.PAUSED: {S.PAUSING, S.PAUSED, *ENDS},
            Desired.STOPPED: {S.STOPPING, *ENDS},
            Desired.RUNNING: {S.PENDING, S.STARTING, S.TRAINING, S.RESUMING, *ENDS},
        }
        assert self.state.status in possible[self.state.desired]

    @invariant()
    def no_id_is_acknowledged_that_was_not_given(self) -> None:
        assert self.state.heard_command_id <= self.state.command_id

    @invariant()
    def every_command_before_the_newest_is_settled(self) -> None:
        for action in Action:
            outcome = command_outcome(self.state, action, self.state.command_id - 1)
            assert outcome is CommandOutcome.SUPERSEDED


TestControlled = Controlled.TestCase
TestControlled.settings = settings(max_examples=150, stateful_step_count=30)
