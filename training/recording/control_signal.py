"""Turns the commands of the control link into decisions for rank 0, and reports its state back."""

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Command, Desired, Observed
from training.agreement import Decision

RELEASE_TIMEOUT_S = 900.0
"""Longest wait for the server to acknowledge that the run has released its machine."""


class ControlLinkSignal:
    """The control link as a `ControlSignal`; each command is answered once."""

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._command = control.command
        """The command that the last `decision` was made from."""
        self._refused_id: int | None = None
        self._last_reported: tuple[Observed, int] | None = None

    def decision(self) -> Decision:
        self._command = self._control.command
        return self._decide(self._command)

    def wait_for_change(self, timeout_s: float) -> None:
        self._control.wait_for_change(self._command, timeout_s)

    def report_training(self, step: int) -> None:
        # A run that still trains has not applied a command to pause or stop, so it reports nothing.
        if self._decide(self._command) is Decision.CONTINUE:
            self._report_once(Observed.TRAINING, step)
        else:
            self._control.update_step(step)

    def report_paused(self, step: int) -> None:
        self._report_once(Observed.PAUSED, step)

    def report_exiting(self, step: int, decision: Decision) -> None:
        is_stop = decision is Decision.STOP
        self._report(Observed.STOPPING if is_stop else Observed.PAUSING, step)

    def report_refusal(self, step: int, reason: str) -> None:
        self._refused_id = self._command.command_id
        self._report(Observed.TRAINING, step, f"The run could not be paused: {reason}")

    def report_released(self, step: int) -> bool:
        """Report that the run is saved and exits; False if the server does not acknowledge it."""
        number = self._report(Observed.PAUSED, step, released=True)
        return self._control.wait_acknowledged(number, RELEASE_TIMEOUT_S)

    def _report_once(self, observed: Observed, step: int) -> None:
        if self._last_reported == (observed, self._command.command_id):
            self._control.update_step(step)
        else:
            self._report(observed, step)

    def _report(
        self, observed: Observed, step: int, message: str = "", *, released: bool = False
    ) -> int:
        self._last_reported = (observed, self._command.command_id)
        return self._control.report(
            observed,
            command_id=self._command.command_id,
            step=step,
            message=message,
            released=released,
        )

    def _decide(self, command: Command) -> Decision:
        if command.desired is Desired.STOPPED:
            return Decision.STOP
        if command.desired is Desired.RUNNING or command.command_id == self._refused_id:
            return Decision.CONTINUE
        return Decision.RELEASE if command.release else Decision.PAUSE
