"""Control of a run from inside its training loop, whatever framework the loop is written in.

Three lines more than without it, under an active MLflow run:

    with RunControl() as control:
        for step, batch in enumerate(batches):
            train(batch)
            if control.should_stop(step):  # stays in here while the run is to pause
                break
"""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import mlflow

from tracking_plugin.control_address import control_address
from tracking_plugin.control_link import ControlLink
from tracking_plugin.control_messages import (
    LONGEST_MESSAGE,
    Command,
    Desired,
    Observed,
    Report,
)

logger = logging.getLogger(__name__)

RUNNING = Command(desired=Desired.RUNNING)
HOLDING_BEAT_S = 1.0
"""How often the ranks that hold meet each other, so that no collective runs out of time."""

Share = Callable[[int], int]
"""Gives every rank the number that rank 0 came with, once all have come: a collective, such as an
all-reduce to the greatest number, for the others come with 0."""

_GO_ON, _HOLD, _STOP = range(3)
_CODES = {Desired.RUNNING: _GO_ON, Desired.PAUSED: _HOLD, Desired.STOPPED: _STOP}
_OBSERVED = {_GO_ON: Observed.TRAINING, _HOLD: Observed.PAUSED, _STOP: Observed.STOPPING}


class RunControl:
    """What a run is to do, and where it says what it does.

    `run_id` is that of the active MLflow run unless given. Of several ranks, all make one with
    the same `share`; `is_main` is True for rank 0 alone, which listens for all of them. Without a
    Fovea server behind the tracking URI a warning is logged, and nothing is ever commanded.

    Leaving the `with` block of a run that was told to stop ends the run as KILLED, so whatever is
    to be logged of it is logged inside.
    """

    def __init__(
        self,
        run_id: str | None = None,
        *,
        tracking_uri: str | None = None,
        is_main: bool = True,
        share: Share | None = None,
    ) -> None:
        self._share = share
        self._is_main = is_main
        self._changed = threading.Condition()
        self._command = RUNNING
        self._num_reports = 0
        self._num_heard = 0
        self._has_stopped = False
        self._told: tuple[Observed, int] | None = None
        self.run_id = (run_id or _active_run_id()) if is_main else (run_id or "")
        self._link = self._open(tracking_uri or mlflow.get_tracking_uri()) if is_main else None

    def _open(self, tracking_uri: str) -> ControlLink | None:
        address = control_address(tracking_uri, self.run_id)
        if address is None:
            logger.warning(
                "No control of run %s: its tracking URI is no server's. The training goes on",
                self.run_id,
            )
            return None
        link = ControlLink(address, self._take)
        link.start()
        return link

    def __enter__(self) -> Self:
        self.report(Observed.TRAINING)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        is_to_end = self._has_stopped and self._is_main and error is None
        is_active = is_to_end and self.run_id in _active_run_ids()
        if is_to_end and not is_active:
            # Nobody here holds the run open, so the server is asked to end it.
            self.report(Observed.STOPPED)
        self.close()
        if is_active:
            # Else the run's own `with` would end it as FINISHED.
            mlflow.end_run("KILLED")

    @property
    def command(self) -> Command:
        """The newest word from the server; to go on, as long as there is none."""
        return self._command

    def should_stop(self, step: int | None = None) -> bool:
        """True once the run is to stop; does not return while it is to pause.

        `step` is the optimizer step that was just finished. With `share` a collective, so all
        ranks call it, and all get the same answer.
        """
        while True:
            command = self._command
            code = self._agree(command)
            self._tell(_OBSERVED[code], command, step)
            if code != _HOLD:
                self._has_stopped = code == _STOP
                return self._has_stopped
            if self._is_main:
                self.wait_for_change(command, HOLDING_BEAT_S)

    def report(
        self,
        observed: Observed,
        *,
        command_id: int | None = None,
        step: int | None = None,
        message: str = "",
        released: bool = False,
    ) -> int:
        """Tell the server; the report's number, by which `heard` knows it.

        `command_id` is that of the command which made the run so, the newest one unless given.
        """
        self._num_reports += 1
        command_id = self._command.command_id if command_id is None else command_id
        self._told = (observed, command_id)
        report = Report(
            observed=observed,
            number=self._num_reports,
            command_id=command_id,
            step=_plain(step),
            message=message[:LONGEST_MESSAGE],
            released=released,
        )
        if self._link is not None:
            self._link.tell(report)
        return self._num_reports

    def at(self, step: int | None) -> None:
        """Where the run is, for the next heartbeat."""
        if self._link is not None:
            self._link.at(_plain(step))

    def heard(self, number: int, timeout_s: float) -> bool:
        """Whether the server has the report `number` on record, at the latest after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._num_heard >= number, timeout_s)

    def wait_for_change(self, known: Command, timeout_s: float) -> Command:
        """The command that replaces `known`, or `known` after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._command != known, timeout_s)
            return self._command

    def close(self) -> None:
        """Say what has not been said, and leave."""
        if self._link is not None:
            self._link.close()

    def _take(self, command: Command) -> None:
        """In the link's thread."""
        with self._changed:
            if command.heard is not None:
                self._num_heard = max(self._num_heard, command.heard)
            self._command = Command(
                desired=command.desired, release=command.release, command_id=command.command_id
            )
            self._changed.notify_all()

    def _agree(self, command: Command) -> int:
        code = _CODES[command.desired]
        return code if self._share is None else self._share(code)

    def _tell(self, observed: Observed, command: Command, step: int | None) -> None:
        """Answer each command once, and where nothing is new, let the next heartbeat say the step."""
        if self._told == (observed, command.command_id):
            self.at(step)
        else:
            self.report(observed, command_id=command.command_id, step=step)


def _plain(step: int | None) -> int | None:
    """Loops count in the integers of many libraries, which JSON does not know."""
    return None if step is None else int(step)


def _active_run_ids() -> set[str]:
    run = mlflow.active_run()
    return set() if run is None else {str(run.info.run_id)}


def _active_run_id() -> str:
    run = mlflow.active_run()
    if run is None:
        raise ValueError(
            "RunControl needs a run: give it a run_id, or open one with mlflow.start_run()"
        )
    return str(run.info.run_id)
