"""Lets a training loop of any framework follow pause, resume and stop commands.

Three more lines under an active MLflow run:

    with RunControl() as control:
        for step, batch in enumerate(batches):
            train(batch)
            if control.should_stop(step):  # blocks while the run is paused
                break
"""

import logging
import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import count
from types import TracebackType
from typing import Self

import mlflow
from mlflow.exceptions import MlflowException

from tracking_plugin.console import ConsoleCapture
from tracking_plugin.control_address import control_address
from tracking_plugin.control_link import ControlLink
from tracking_plugin.control_messages import (
    MAX_MESSAGE_CHARS,
    PAUSE_SYNC_INTERVAL_S,
    Command,
    Desired,
    Observed,
    Report,
)
from tracking_plugin.control_secret import secret_of_job
from tracking_plugin.instruction_inbox import InstructionInbox, TakenInstruction
from tracking_plugin.instruction_names import checked_names
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.reported_steps import ReportedSteps
from tracking_plugin.server_address import AddressError

logger = logging.getLogger(__name__)

Share = Callable[[int], int]
"""A collective that returns rank 0's number on every rank once all ranks have called it. The other
ranks pass 0, so an all-reduce to the maximum will do."""

_CONTINUE, _PAUSE, _STOP = range(3)
_CODES = {Desired.RUNNING: _CONTINUE, Desired.PAUSED: _PAUSE, Desired.STOPPED: _STOP}
_OBSERVED = {
    _CONTINUE: Observed.TRAINING,
    _PAUSE: Observed.PAUSED,
    _STOP: Observed.STOPPING,
}


class RunControl:
    """Receives the commands for a run and reports the run's state to the server.

    `run_id` defaults to the active MLflow run. In a training on several ranks, every rank creates
    a RunControl with the same `share`. Only rank 0 sets `is_main`, and connects to the server for
    all ranks. Without a Fovea server behind the tracking URI, one warning is logged and the
    training is never paused or stopped. Without an active run, one warning is logged and the
    training goes on: the first run that is active at a call of `should_stop` is controlled then.

    `understands` are the names of the instructions that the loop takes: see `take_instructions`.
    With `console`, what this program prints on `sys.stdout` and `sys.stderr` is also sent to the
    server, within limits, until `close`.

    Leaving the `with` block after a stop ends the run as KILLED, so log everything inside it.
    Without a `with` block, control ends when the object is deleted or the program exits.
    """

    def __init__(
        self,
        run_id: str | None = None,
        *,
        tracking_uri: str | None = None,
        is_main: bool = True,
        share: Share | None = None,
        understands: Collection[str] = (),
        console: bool = False,
    ) -> None:
        self._share = share
        self._is_main = is_main
        self._changed = threading.Condition()
        self._command = Command(desired=Desired.RUNNING)
        self._steps = ReportedSteps()
        self._numbers = count(1)
        self._num_acknowledged = 0
        self._has_stopped = False
        self._stopped_step: int | None = None
        self._last_reported: tuple[Observed, int] | None = None
        self._tracking_uri = tracking_uri
        self._link: ControlLink | None = None
        self._inbox = InstructionInbox()
        self._console = ConsoleCapture() if console and is_main else None
        if understands:
            self.understand(understands)
        self.run_id = run_id or ""
        if is_main and not self._bind():
            logger.warning(
                "No control yet: no MLflow run is active. Open one with mlflow.start_run(), or give "
                "RunControl a run_id. The training continues"
            )

    def _bind(self) -> bool:
        """Open the link to the given run, else to the active one; False if there is none."""
        self.run_id = self.run_id or _active_run_id()
        if not self.run_id:
            return False
        self._link = self._open(self._tracking_uri or mlflow.get_tracking_uri())
        self._last_reported = None
        if self._link is not None:
            # The link's thread must not keep this object alive: a loop that nobody refers to any
            # more has ended.
            self._finalizer = weakref.finalize(
                self, _detach, self._link, self._numbers, self._console
            )
            if self._console is not None:
                self._console.start()
        return True

    def _open(self, tracking_uri: str) -> ControlLink | None:
        try:
            address = control_address(tracking_uri, self.run_id)
        except AddressError as error:
            logger.warning("No control of run %s: %s. The training continues", self.run_id, error)
            return None
        if address is None:
            logger.warning(
                "No control of run %s: its tracking URI is not a server's. The training continues",
                self.run_id,
            )
            return None
        link = ControlLink(
            address,
            _weakly(self._on_command),
            secret_of_job(),
            self._inbox,
            None if self._console is None else self._console.buffer,
        )
        self._inbox.send = link.repeat
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
        self._inbox.close()
        is_to_end = self._has_stopped and self._is_main and error is None
        is_active = is_to_end and self.run_id in _active_run_ids()
        if is_to_end and not is_active:
            # This process has not opened the run, so the server ends it. The step goes along: this
            # report replaces the one of the stop, if that has not been sent yet.
            self.report(Observed.STOPPED, step=self._stopped_step)
        elif not is_to_end:
            self.report(Observed.DETACHED)
        self.close()
        if is_active:
            _end_as_killed()

    @property
    def command(self) -> Command:
        """The newest command from the server, or RUNNING if there is none."""
        return self._command

    def should_stop(self, step: int | None = None) -> bool:
        """Return True if the run is to stop; block while it is paused.

        `step` is the optimizer step that has just finished. With `share` this is a collective:
        all ranks call it, and all get the same result. The first call waits until the server has
        answered, at most 10 s, so that a run that logs steps can be paused.
        """
        if self._is_main and not self.run_id:
            self._bind()
        self.wait_for_first_command()
        while True:
            command = self._command
            code = self._agree(command)
            self._acknowledge(_OBSERVED[code], command, step)
            if code != _PAUSE:
                self._has_stopped = code == _STOP
                self._stopped_step = step if self._has_stopped else None
                return self._has_stopped
            if self._is_main:
                self.wait_for_change(command, PAUSE_SYNC_INTERVAL_S)

    def understand(self, names: Collection[str]) -> None:
        """Say which instructions the loop takes: the server refuses all others.

        Raises ValueError for a name that no instruction can have.
        """
        self._inbox.understand(checked_names(names))

    @property
    def has_instructions(self) -> bool:
        """Whether `take_instructions` has something to do; costs next to nothing."""
        return self._link is not None and self._inbox.has_any

    def take_instructions(self, step: int | None = None) -> list[TakenInstruction]:
        """The instructions that arrived since the last call, the oldest first; answer each of them.

        An instruction is a command that is carried out once, such as `sample_now`. Call this
        between two steps; `step` is the one that has just finished. Only rank 0 gets any. Each is
        given to one program, once: if the process is killed before the server has its answer, it is
        lost, and shown as failed. Waits at most 1 s, and only when there is a new one.
        """
        return [] if self._link is None else self._inbox.take(step)

    def report(
        self,
        observed: Observed,
        *,
        command_id: int | None = None,
        step: int | None = None,
        message: str = "",
        released: bool = False,
    ) -> int:
        """Send the run's state, and return the report's number for `wait_acknowledged`.

        `command_id` names the command that led to this state; by default the newest one.
        """
        number = next(self._numbers)
        command_id = self._command.command_id if command_id is None else command_id
        self._last_reported = (observed, command_id)
        report = Report(
            observed=observed,
            number=number,
            command_id=command_id,
            step=self._steps.checked(step),
            message=message[:MAX_MESSAGE_CHARS],
            released=released,
        )
        if self._link is not None:
            self._link.send(report)
        return number

    def wait_for_first_command(self) -> None:
        """Wait, at most 10 s, until the server has sent a command or cannot be reached."""
        if self._link is not None:
            self._link.wait_for_first_command()

    def update_step(self, step: int | None) -> None:
        """Set the step that the next heartbeat carries."""
        if self._link is not None:
            self._link.update_step(self._steps.checked(step))

    def wait_acknowledged(self, number: int, timeout_s: float) -> bool:
        """Wait until the server has stored report `number`; False if `timeout_s` passes first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._num_acknowledged >= number, timeout_s)

    def wait_for_change(self, known: Command, timeout_s: float) -> Command:
        """Return the command that replaces `known`, or `known` after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._command != known, timeout_s)
            return self._command

    def fail(self, message: str) -> None:
        """Report that the loop has ended with an error, so that the server ends the run; then close."""
        self._inbox.close()
        self.report(Observed.FAILED, message=message)
        self.close()

    def close(self) -> None:
        """Send the last report, and close the connection."""
        self._inbox.close()
        if self._console is not None:
            self._console.stop()
        if self._link is not None:
            self._finalizer.detach()
            self._link.close()

    def _on_command(self, command: Command) -> None:
        """Runs in the link's thread."""
        with self._changed:
            if command.heard is not None:
                self._num_acknowledged = max(self._num_acknowledged, command.heard)
            self._command = Command(
                desired=command.desired, release=command.release, command_id=command.command_id
            )
            self._changed.notify_all()

    def _agree(self, command: Command) -> int:
        code = _CODES[command.desired]
        return code if self._share is None else self._share(code)

    def _acknowledge(self, observed: Observed, command: Command, step: int | None) -> None:
        """Report once per command and state; afterwards only the heartbeat's step changes."""
        if self._last_reported == (observed, command.command_id):
            self.update_step(step)
        else:
            self.report(observed, command_id=command.command_id, step=step)


def _active_run_ids() -> set[str]:
    run = mlflow.active_run()
    return set() if run is None else {str(run.info.run_id)}


def _active_run_id() -> str:
    """Empty if no run is active."""
    run = mlflow.active_run()
    return "" if run is None else str(run.info.run_id)


def _weakly(method: Callable[[Command], None]) -> Callable[[Command], None]:
    """`method`, without a reference to its object."""
    reference = weakref.WeakMethod(method)

    def call(command: Command) -> None:
        if (found := reference()) is not None:
            found(command)

    return call


def _detach(link: ControlLink, numbers: Iterator[int], console: ConsoleCapture | None) -> None:
    """Tell the server that the loop listens no more, and close the link."""
    if console is not None:
        console.stop()
    link.send(Report(observed=Observed.DETACHED, number=next(numbers)))
    # RuntimeError: the last reference was that of the link's own thread, which cannot join itself.
    with suppress(RuntimeError):
        link.close()


def _end_as_killed() -> None:
    """Otherwise `with mlflow.start_run()` would end the run as FINISHED."""
    try:
        mlflow.end_run(MlflowStatus.KILLED)
    except MlflowException as error:
        # A run that was deleted, for one, cannot be ended.
        logger.warning("The stopped run could not be ended as KILLED (%s)", error.error_code)
