"""What the server wants of a run, as rank 0 of the training understands it."""

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Command, Desired, Observed
from training.agreement import Decision

RELEASE_DEADLINE_S = 900.0
"""For the server to hear that the run has given its machine back."""


class ServerOrders:
    """The orders that come over a control link; each is answered once."""

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._looked_at = control.command
        self._refused: int | None = None
        self._told: tuple[Observed, int] | None = None

    def wanted(self) -> Decision:
        self._looked_at = self._control.command
        return self._verdict(self._looked_at)

    def wait(self, timeout_s: float) -> None:
        self._control.wait_for_change(self._looked_at, timeout_s)

    def training(self, step: int) -> None:
        # To train on is no answer to a command that is still to be obeyed.
        if self._verdict(self._looked_at) is Decision.CONTINUE:
            self._tell_once(Observed.TRAINING, step)
        else:
            self._control.update_step(step)

    def holding(self, step: int) -> None:
        self._tell_once(Observed.PAUSED, step)

    def leaving(self, step: int, verdict: Decision) -> None:
        is_stop = verdict is Decision.STOP
        self._tell(Observed.STOPPING if is_stop else Observed.PAUSING, step)

    def refuse(self, step: int, reason: str) -> None:
        self._refused = self._looked_at.command_id
        self._tell(Observed.TRAINING, step, f"The run could not be paused: {reason}")

    def released(self, step: int) -> bool:
        """Tell the server that the run is saved and gone; whether it has heard that."""
        number = self._tell(Observed.PAUSED, step, released=True)
        return self._control.wait_acknowledged(number, RELEASE_DEADLINE_S)

    def _tell_once(self, observed: Observed, step: int) -> None:
        if self._told == (observed, self._looked_at.command_id):
            self._control.update_step(step)
        else:
            self._tell(observed, step)

    def _tell(
        self, observed: Observed, step: int, message: str = "", *, released: bool = False
    ) -> int:
        self._told = (observed, self._looked_at.command_id)
        return self._control.report(
            observed,
            command_id=self._looked_at.command_id,
            step=step,
            message=message,
            released=released,
        )

    def _verdict(self, command: Command) -> Decision:
        if command.desired is Desired.STOPPED:
            return Decision.STOP
        if command.desired is Desired.RUNNING or command.command_id == self._refused:
            return Decision.CONTINUE
        return Decision.RELEASE if command.release else Decision.PAUSE
