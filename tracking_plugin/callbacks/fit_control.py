"""The RunControl of one fit, shared by the callbacks of all frameworks."""

from mlflow.utils.autologging_utils import autologging_is_disabled

from tracking_plugin.control import RunControl, Share


class FitControl:
    """Uses the given RunControl, which the caller ends, or opens and ends its own for each training."""

    def __init__(self, control: RunControl | None) -> None:
        self._from_caller = control
        self._own: RunControl | None = None
        self.has_stopped = False

    def begin(
        self,
        run_id: str | None = None,
        *,
        tracking_uri: str | None = None,
        is_main: bool = True,
        share: Share | None = None,
    ) -> None:
        """Call on all ranks; the arguments are those of RunControl."""
        self.end()
        self.has_stopped = False
        if self._from_caller is None:
            self._own = RunControl(
                run_id, tracking_uri=tracking_uri, is_main=is_main, share=share
            ).__enter__()

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
        own, self._own = self._own, None
        if own is not None:
            own.__exit__(None if error is None else type(error), error, None)
