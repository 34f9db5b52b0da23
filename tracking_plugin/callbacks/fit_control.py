"""What every callback needs: a RunControl for as long as a training lasts."""

from mlflow.utils.autologging_utils import autologging_is_disabled

from tracking_plugin.control import RunControl, Share


class FitControl:
    """The RunControl that is given, which its giver ends; or one of its own for each training."""

    def __init__(self, given: RunControl | None) -> None:
        self._given = given
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
        """All ranks; see RunControl."""
        self.end()
        self.has_stopped = False
        if self._given is None:
            self._own = RunControl(
                run_id, tracking_uri=tracking_uri, is_main=is_main, share=share
            ).__enter__()

    def refuse_autologging(self, flavor: str) -> None:
        """ValueError where MLflow would go on logging to a run that a stop has ended."""
        if self._given is None and not autologging_is_disabled(flavor):
            raise ValueError(
                f"mlflow.{flavor}.autolog() logs to its run once more when the training has "
                "returned, so FoveaCallback() cannot end that run: put `with mlflow.start_run(), "
                "RunControl() as control:` around the training, and give it FoveaCallback(control)"
            )

    def should_stop(self, step: int | None) -> bool:
        """See RunControl."""
        control = self._given or self._own
        assert control is not None, "a training begins before it takes steps"
        self.has_stopped = control.should_stop(step)
        return self.has_stopped

    def end(self, error: BaseException | None = None) -> None:
        """As leaving the `with` of a RunControl does, with `error` if the training failed."""
        own, self._own = self._own, None
        if own is not None:
            own.__exit__(None if error is None else type(error), error, None)
