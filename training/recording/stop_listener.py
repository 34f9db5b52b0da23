"""Interrupts a computation that has no steps, such as an evaluation, when its run is told to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed

POLL_INTERVAL_S = 1.0


class StopListener:
    """Raises SIGTERM in the main thread once the server wants the run to stop."""

    def __init__(self, control: RunControl) -> None:
        self.has_stopped = False
        self._control = control
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="stop-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Return once no interruption can come any more."""
        self._is_closed.set()
        self._thread.join()

    def _listen(self) -> None:
        command = self._control.command
        while not self._is_closed.is_set():
            if command.desired is Desired.STOPPED:
                self.has_stopped = True
                self._control.report(Observed.STOPPING)
                _interrupt_main_thread()
                return
            command = self._control.wait_for_change(command, POLL_INTERVAL_S)


def _interrupt_main_thread() -> None:
    """Send a real signal, which also ends a system call that blocks."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)


@contextmanager
def stop_listener(run_id: str, tracking_uri: str) -> Iterator[StopListener]:
    """Listen on the control link of the run while the block computes."""
    with closing(RunControl(run_id, tracking_uri=tracking_uri)) as control:
        control.report(Observed.TRAINING)
        with closing(StopListener(control)) as listener:
            yield listener
