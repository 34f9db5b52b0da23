"""Control of a Lightning Trainer: Trainer(callbacks=[FoveaCallback()])."""

from functools import partial
from typing import Any

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ModuleNotFoundError:
    from pytorch_lightning import (  # type: ignore[assignment]
        Callback,
        LightningModule,
        Trainer,
    )

from tracking_plugin.callbacks.fit_control import FitControl
from tracking_plugin.control import RunControl


class FoveaCallback(Callback):
    """Pauses and stops at the end of a batch, on all ranks at the same one.

    Without `control` it controls the run of the Trainer's MLFlowLogger, else the active MLflow
    run. A run that was stopped ends as KILLED with `fit`; `has_stopped` says so afterwards.
    """

    def __init__(self, control: RunControl | None = None) -> None:
        self._control = FitControl(control)

    @property
    def has_stopped(self) -> bool:
        return self._control.has_stopped

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        loggers = _mlflow_loggers(trainer)
        for logger in loggers:
            # Of a stop before: what begins again may end otherwise.
            vars(logger).pop("finalize", None)
        if not loggers:
            self._control.refuse_autologging("pytorch")
        is_main = trainer.is_global_zero
        named = loggers[0] if loggers and is_main else None
        self._control.begin(
            None if named is None else named.run_id,
            tracking_uri=None if named is None else named.experiment.tracking_uri,
            is_main=is_main,
            share=partial(_greatest, trainer) if trainer.world_size > 1 else None,
        )

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        if self._control.should_stop(_last_step(trainer)):
            _stop(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self._control.end(exception)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._control.end()


def _last_step(trainer: Trainer) -> int | None:
    """As Lightning names it in what it logs, where the first step is 0; None before any."""
    return trainer.global_step - 1 if trainer.global_step > 0 else None


def _stop(trainer: Trainer) -> None:
    trainer.should_stop = True
    # Whoever stops a run does not mean once it has trained for as long as it was to at least.
    trainer.fit_loop.min_epochs = None
    trainer.fit_loop.epoch_loop.min_steps = None
    for logger in _mlflow_loggers(trainer):
        _end_as_killed(logger)


def _mlflow_loggers(trainer: Trainer) -> list[Any]:
    """By name, since `lightning` and `pytorch_lightning` each have a class of their own."""
    return [
        logger
        for logger in trainer.loggers
        if any(base.__name__ == "MLFlowLogger" for base in type(logger).__mro__)
    ]


def _end_as_killed(logger: Any) -> None:
    """Lightning finalizes its loggers last, with "success" after a stop too; a test may do it again."""
    finalize = type(logger).finalize
    logger.finalize = lambda status: finalize(logger, "KILLED" if status == "success" else status)


def _greatest(trainer: Trainer, code: int) -> int:
    """The greatest of the ranks' codes, which are 0, 1 or 2; nobody has it before all have come."""
    any_rank = partial(trainer.strategy.reduce_boolean_decision, all=False)
    return int(any_rank(code >= 1)) + int(any_rank(code >= 2))
