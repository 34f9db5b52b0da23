"""Control of Lightning: it pauses and stops after a batch, and ends the logger's run."""

import threading
from typing import Any

import mlflow
import pytest
import pytorch_lightning
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import MLFlowLogger
from mlflow.tracking import MlflowClient
from torch.utils.data import DataLoader

from tests.tracking_plugin.callbacks.conftest import Controlled
from tests.tracking_plugin.control_server import ControlServer
from tests.waiting import until
from tracking_plugin.callbacks.lightning import FoveaCallback
from tracking_plugin.control_messages import Command, Desired, Observed

NUM_BATCHES = 6


class ToySteps:
    """Calls `at_third` in its third batch."""

    def __init__(self, at_third: Any = None) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.at_third = at_third

    def training_step(self, batch: torch.Tensor, batch_idx: int) -> torch.Tensor:
        if batch_idx == 2 and self.at_third is not None:
            self.at_third()
        loss: torch.Tensor = self.layer(batch).mean()
        self.log("loss", loss)
        return loss

    def test_step(self, batch: torch.Tensor, batch_idx: int) -> None:
        self.log("test_loss", self.layer(batch).mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Toy(ToySteps, LightningModule):
    pass


class OtherToy(ToySteps, pytorch_lightning.LightningModule):
    """For the Trainer of `pytorch_lightning`."""


def batches() -> DataLoader[torch.Tensor]:
    return DataLoader([torch.ones(1)] * NUM_BATCHES)  # type: ignore[arg-type]


def quiet(**options: Any) -> dict[str, Any]:
    return {
        "accelerator": "cpu",
        "max_epochs": 1,
        "log_every_n_steps": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
        "enable_progress_bar": False,
        **options,
    }


def trainer_of(*callbacks: Callback, **options: Any) -> Trainer:
    return Trainer(callbacks=list(callbacks), **quiet(**options))


def logger_of(controlled: Controlled, store: MlflowClient) -> MLFlowLogger:
    return MLFlowLogger(run_id=controlled.run_id, tracking_uri=store.tracking_uri)


def test_a_stop_takes_effect_after_the_current_batch(controlled: Controlled) -> None:
    fovea = FoveaCallback(controlled.control)
    trainer = trainer_of(fovea)

    trainer.fit(Toy(lambda: controlled.set_desired(Desired.STOPPED)), batches())

    assert trainer.global_step == 3
    assert fovea.has_stopped
    # Lightning calls its first step 0.
    assert controlled.server.wait_for_report(Observed.STOPPING).step == 2


def test_a_stop_overrides_the_minimum_epochs_and_steps(controlled: Controlled) -> None:
    trainer = trainer_of(
        FoveaCallback(controlled.control), min_epochs=2, min_steps=10, max_epochs=4
    )

    trainer.fit(Toy(lambda: controlled.set_desired(Desired.STOPPED)), batches())

    assert trainer.global_step == 3


def test_a_pause_takes_effect_after_the_current_batch(controlled: Controlled) -> None:
    trainer = trainer_of(FoveaCallback(controlled.control))
    model = Toy(lambda: controlled.set_desired(Desired.PAUSED))
    training = threading.Thread(target=trainer.fit, args=(model, batches()))
    training.start()

    assert controlled.server.wait_for_report(Observed.PAUSED).step == 2
    assert trainer.global_step == 3
    controlled.set_desired(Desired.RUNNING)
    training.join()

    assert trainer.global_step == NUM_BATCHES


def test_a_stopped_run_stays_killed_through_a_test_and_can_be_trained_again(
    controlled: Controlled, store: MlflowClient
) -> None:
    logger = logger_of(controlled, store)
    trainer = trainer_of(FoveaCallback(controlled.control), logger=logger)
    trainer.fit(Toy(lambda: controlled.set_desired(Desired.STOPPED)), batches())
    assert store.get_run(controlled.run_id).info.status == "KILLED"

    trainer.test(trainer.lightning_module, batches())
    assert store.get_run(controlled.run_id).info.status == "KILLED"

    controlled.set_desired(Desired.RUNNING)
    trainer_of(FoveaCallback(controlled.control), logger=logger).fit(Toy(), batches())
    assert store.get_run(controlled.run_id).info.status == "FINISHED"


def test_the_trainer_of_pytorch_lightning_is_controlled_too(
    controlled: Controlled, store: MlflowClient
) -> None:
    logger = pytorch_lightning.loggers.MLFlowLogger(
        run_id=controlled.run_id, tracking_uri=store.tracking_uri
    )
    trainer = pytorch_lightning.Trainer(
        callbacks=[FoveaCallback(controlled.control)], **quiet(logger=logger)
    )

    trainer.fit(OtherToy(lambda: controlled.set_desired(Desired.STOPPED)), batches())

    assert trainer.global_step == 3
    assert store.get_run(controlled.run_id).info.status == "KILLED"


def test_the_loggers_run_is_controlled(controlled: Controlled, store: MlflowClient) -> None:
    run_ids: list[str] = []

    class Recording(FoveaCallback):
        def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            run_ids.append(self._control._own.run_id)

    trainer_of(Recording(), logger=logger_of(controlled, store)).fit(Toy(), batches())

    assert run_ids == [controlled.run_id]


def test_a_training_that_fails_ends_its_run_as_failed(
    controlled: Controlled, store: MlflowClient
) -> None:
    fovea = FoveaCallback()

    def fail() -> None:
        raise RuntimeError("no more data")

    with pytest.raises(RuntimeError, match="no more data"):
        trainer_of(fovea, logger=logger_of(controlled, store)).fit(Toy(fail), batches())

    assert fovea._control._own is None
    assert store.get_run(controlled.run_id).info.status == "FAILED"


def test_without_a_run_the_training_continues(store: MlflowClient) -> None:
    trainer = trainer_of(FoveaCallback())
    trainer.fit(Toy(), batches())
    assert trainer.global_step == NUM_BATCHES


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_training_that_raises_reports_that_it_has_failed(
    linked_server: ControlServer, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    # Lightning turns an interruption into an exit.
    with mlflow.start_run(), pytest.raises((error, SystemExit)):
        trainer_of(FoveaCallback()).fit(Toy(fail), batches())
    linked_server.wait_for_report(Observed.FAILED)
    until(lambda: not linked_server.is_connected, "the end of the link")


def test_what_is_printed_is_sent_if_the_callback_is_to(linked_server: ControlServer) -> None:
    linked_server.command = Command(desired=Desired.RUNNING, takes_console=True)
    with mlflow.start_run():
        trainer_of(FoveaCallback(console=True)).fit(Toy(lambda: print("third batch")), batches())
    assert "third batch" in linked_server.console
