"""Controls XGBoost's training: xgboost.train(..., callbacks=[FoveaCallback()])."""

from typing import Any

from xgboost.callback import TrainingCallback

from tracking_plugin.callbacks.fit_control import FitControl
from tracking_plugin.control import RunControl


class FoveaCallback(TrainingCallback):
    """Pauses and stops between two boosting rounds; the round is the step.

    Without `control` it controls the active MLflow run. A stopped run ends as KILLED when the
    training ends; `has_stopped` is True afterwards. `mlflow.xgboost.autolog()` logs to its run
    after the training, so with it, pass a RunControl.
    `console` is as for RunControl, and only without `control`.
    """

    def __init__(self, control: RunControl | None = None, *, console: bool = False) -> None:
        super().__init__()
        self._control = FitControl(control, console=console)

    @property
    def has_stopped(self) -> bool:
        return self._control.has_stopped

    def before_training(self, model: Any) -> Any:
        self._control.refuse_autologging("xgboost")
        self._control.begin(package="xgboost")
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        # Not in after_iteration: once a callback returns True there, XGBoost skips the callbacks
        # after it, so that MLflow's, for one, would not log the round.
        return self._control.should_stop(epoch - 1 if epoch > 0 else None)

    def after_training(self, model: Any) -> Any:
        self._control.end()
        return model
