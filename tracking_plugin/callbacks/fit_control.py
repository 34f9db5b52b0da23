"""The RunControl of one fit, shared by the callbacks of all frameworks."""

import logging
import threading
from collections.abc import Callable
from functools import partial

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.autologging_utils import autologging_is_disabled

from tracking_plugin.control import RunControl, Share
from tracking_plugin.loop_watch import LoopWatch
from tracking_plugin.mlflow_status import MlflowStatus

logger = logging.getLogger(__name__)


class FitControl:
    """Uses the given RunControl, which the caller ends, or opens and ends its own for each training."""

    def __init__(self, control: RunControl | None, *, console: bool = False) -> None:
        """`console` is for the own RunControl; raises ValueError if one is given as well."""
        if control is not None and console:
            raise ValueError(
                "console=True is for a FoveaCallback without a RunControl: pass it to the "
                "RunControl instead, as in FoveaCallback(RunControl(console=True))"
            )
        self._from_caller = control
        self._console = console
        self._own: RunControl | None = None
        self._watch: LoopWatch | None = None
        self._lock = threading.Lock()
        self.has_stopped = False

    def begin(
        self,
        run_id: str | None = None,
        *,
        package: str,
        tracking_uri: str | None = None,
        is_main: bool = True,
        share: Share | None = None,
    ) -> None:
        """Call on all ranks, from the training loop of `package`; the others are as for RunControl."""
        self.end()
        self.has_stopped = False
        if self._from_caller is not None:
            return
        if is_main and run_id is None:
            _reopen_failed_run()
        own = RunControl(
            run_id,
            tracking_uri=tracking_uri,
            is_main=is_main,
            share=share,
            console=self._console,
        )
        self._own = own.__enter__()
        self._watch = LoopWatch(package, self._on_loop_raised)

    def refuse_autologging(self, flavor: str) -> None:
        """Raises ValueError if autologging would log to the run after a stop has ended it."""
        if self._from_caller is None and not autologging_is_disabled(flavor):
            raise ValueError(
                f"mlflow.{flavor}.autolog() logs to its run after the training has returned, so "
                "FoveaCallback() cannot end that run: put `with mlflow.start_run(), RunControl() "
                "as control:` around the training, and pass FoveaCallback(control)"
            )

    def should_stop(self, step: int | None) -> bool:
        """See RunControl."""
        control = self._from_caller or self._own
        assert control is not None, "begin() comes before should_stop()"
        self.has_stopped = control.should_stop(step)
        return self.has_stopped

    def end(self, error: BaseException | None = None) -> None:
        """End the own RunControl as its `with` would; `error` is the training's, if it failed."""
        own = self._taken()
        if own is not None and error is not None:
            own.fail(f"The training loop ended with {type(error).__name__}")
        elif own is not None:
            own.__exit__(None, None, None)

    def _on_loop_raised(self) -> None:
        """Runs in the watch's thread: the loop is gone, and has not called `end`."""
        own = self._taken()
        if own is not None:
            own.fail("The training loop ended before it was done")

    def _taken(self) -> RunControl | None:
        """The own RunControl, for the one caller that ends it."""
        with self._lock:
            own, self._own = self._own, None
            watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
        return own

    def __deepcopy__(self, memo: dict[int, object]) -> "FitControl":
        """A copy for another fit: scikit-learn copies the arguments of an estimator."""
        return FitControl(self._from_caller, console=self._console)

    def __reduce__(self) -> tuple[Callable[..., "FitControl"], tuple[RunControl | None]]:
        """For another process, a fit of its own."""
        return partial(FitControl, console=self._console), (self._from_caller,)


def _reopen_failed_run() -> None:
    """Let a training go on in the active run that an earlier, failed one has ended."""
    run = mlflow.active_run()
    if run is None:
        return
    client = MlflowClient()
    try:
        if client.get_run(run.info.run_id).info.status == MlflowStatus.FAILED:
            client.update_run(run.info.run_id, status=MlflowStatus.RUNNING)
    except MlflowException as error:
        logger.warning("The status of the run could not be read (%s)", error.error_code)
