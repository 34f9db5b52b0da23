"""Controls a Lightning Trainer: Trainer(callbacks=[FoveaCallback()])."""

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
from tracking_plugin.mlflow_status import MlflowStatus


class FoveaCallback(Callback):
    """Pauses and stops at the end of a batch, the same one on all ranks.

    Without `control` it controls the run of the Trainer's MLFlowLogger, or else the active MLflow
    run. A stopped run ends as KILLED when `fit` ends; `has_stopped` is True afterwards.
    `console` is as for RunControl, and only without `control`.
    """

    def __init__(self, control: RunControl | None = None, *, console: bool = False) -> None:
        self._control = FitControl(control, console=console)

    @property
    def has_stopped(self) -> bool:
        return self._control.has_stopped

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        loggers = _mlflow_loggers(trainer)
        for logger in loggers:
            # Undo _end_as_killed of an earlier stop: this fit may end as FINISHED.
            vars(logger).pop("finalize", None)
        if not loggers:
            self._control.refuse_autologging("pytorch")
        is_main = trainer.is_global_zero
        main_logger = loggers[0] if loggers and is_main else None
        self._control.begin(
            None if main_logger is None else main_logger.run_id,
            package=_package(trainer),
            tracking_uri=None if main_logger is None else main_logger.experiment.tracking_uri,
            is_main=is_main,
            share=partial(_share, trainer) if trainer.world_size > 1 else None,
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
    """The step as Lightning logs it, counted from 0; None before the first."""
    return trainer.global_step - 1 if trainer.global_step > 0 else None


def _package(trainer: Trainer) -> str:
    """The package of the Trainer, of which the given one may be a subclass."""
    packages = [base.__module__.partition(".")[0] for base in type(trainer).__mro__]
    return next((it for it in packages if it in ("lightning", "pytorch_lightning")), "lightning")


def _stop(trainer: Trainer) -> None:
    trainer.should_stop = True
    # A stop overrides the minimum number of epochs and steps.
    trainer.fit_loop.min_epochs = None
    trainer.fit_loop.epoch_loop.min_steps = None
    for logger in _mlflow_loggers(trainer):
        _end_as_killed(logger)


def _mlflow_loggers(trainer: Trainer) -> list[Any]:
    """Found by class name, because `lightning` and `pytorch_lightning` each define the class."""
    return [
        logger
        for logger in trainer.loggers
        if any(base.__name__ == "MLFlowLogger" for base in type(logger).__mro__)
    ]


def _end_as_killed(logger: Any) -> None:
    """Make the logger end the run as KILLED: Lightning finalizes it with "success" after a stop too."""
    finalize = type(logger).finalize
    logger.finalize = lambda status: finalize(
        logger, MlflowStatus.KILLED if status == "success" else status
    )


def _share(trainer: Trainer, code: int) -> int:
    """The maximum of all ranks' codes, which are 0, 1 or 2; a collective."""
    any_rank = partial(trainer.strategy.reduce_boolean_decision, all=False)
    return int(any_rank(code >= 1)) + int(any_rank(code >= 2))
