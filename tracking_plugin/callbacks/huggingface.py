"""Controls a Hugging Face Trainer: Trainer(..., callbacks=[FoveaCallback()])."""

import mlflow
from accelerate.utils import gather_object
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tracking_plugin.callbacks.fit_control import FitControl
from tracking_plugin.control import RunControl

SUMMARY = "train_runtime"
"""A metric that only the Trainer's last log contains."""


class FoveaCallback(TrainerCallback):
    """Pauses and stops at the end of an optimizer step, the same one on all ranks.

    Without `control` it controls the active MLflow run, which `report_to="mlflow"` opens. A
    stopped run ends as KILLED when `train` ends; `has_stopped` is True afterwards.
    `console` is as for RunControl, and only without `control`.
    """

    def __init__(self, control: RunControl | None = None, *, console: bool = False) -> None:
        self._control = FitControl(control, console=console)

    @property
    def has_stopped(self) -> bool:
        return self._control.has_stopped

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        self._control.begin(
            package="transformers",
            is_main=state.is_world_process_zero,
            share=_share if args.world_size > 1 else None,
        )

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        if self._control.should_stop(state.global_step):
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: object,
    ) -> None:
        # End the run before on_train_end: MLflow's own callback, which runs before this one, would
        # end it there as FINISHED.
        if self.has_stopped and logs is not None and SUMMARY in logs:
            self._end()

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        self._end()

    def _end(self) -> None:
        # MLflow's callback logs asynchronously.
        mlflow.flush_async_logging()
        self._control.end()


def _share(code: int) -> int:
    """The maximum of all ranks' codes; a collective."""
    return int(max(gather_object([code])))
