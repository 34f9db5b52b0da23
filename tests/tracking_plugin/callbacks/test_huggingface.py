"""Control of a Hugging Face Trainer: it pauses and stops after a step, and ends the right run."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
from mlflow.tracking import MlflowClient
from transformers import Trainer, TrainerCallback, TrainingArguments

from tests.tracking_plugin.callbacks.conftest import Controlled
from tests.tracking_plugin.control_server import ControlServer
from tests.waiting import until
from tracking_plugin.callbacks.huggingface import FoveaCallback
from tracking_plugin.control_messages import Command, Desired, Observed

NUM_STEPS = 6


class Toy(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, **_: Any) -> dict[str, torch.Tensor]:
        return {"loss": self.layer(x).mean()}


class AtStep(TrainerCallback):
    """Calls `function` before the third step."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:
        if state.global_step == 2:
            self._function()


def trainer_of(output_dir: Path, *callbacks: TrainerCallback, report_to: str = "none") -> Trainer:
    return Trainer(
        model=Toy(),
        args=TrainingArguments(
            output_dir=str(output_dir),
            max_steps=NUM_STEPS,
            per_device_train_batch_size=1,
            logging_steps=1,
            save_strategy="no",
            report_to=report_to,
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=[{"x": torch.ones(1)}] * NUM_STEPS,  # type: ignore[arg-type]
        callbacks=list(callbacks),
    )


def test_a_stop_takes_effect_after_the_current_step(controlled: Controlled, tmp_path: Path) -> None:
    fovea = FoveaCallback(controlled.control)
    trainer = trainer_of(tmp_path, fovea, AtStep(lambda: controlled.set_desired(Desired.STOPPED)))

    trainer.train()

    assert trainer.state.global_step == 3
    assert fovea.has_stopped
    assert controlled.server.wait_for_report(Observed.STOPPING).step == 3


def test_a_pause_takes_effect_after_the_current_step(
    controlled: Controlled, tmp_path: Path
) -> None:
    fovea = FoveaCallback(controlled.control)
    trainer = trainer_of(tmp_path, fovea, AtStep(lambda: controlled.set_desired(Desired.PAUSED)))
    training = threading.Thread(target=trainer.train)
    training.start()

    assert controlled.server.wait_for_report(Observed.PAUSED).step == 3
    assert trainer.state.global_step == 3
    controlled.set_desired(Desired.RUNNING)
    training.join()

    assert trainer.state.global_step == NUM_STEPS
    assert not fovea.has_stopped


def test_a_stopped_run_of_the_user_is_killed_after_the_trainers_last_log(
    controlled: Controlled, store: MlflowClient, tmp_path: Path
) -> None:
    stop = AtStep(lambda: controlled.set_desired(Desired.STOPPED))
    with mlflow.start_run(run_id=controlled.run_id), controlled.control:
        trainer_of(tmp_path, FoveaCallback(controlled.control), stop, report_to="mlflow").train()

    run = store.get_run(controlled.run_id)
    assert run.info.status == "KILLED"
    assert "train_runtime" in run.data.metrics


def test_a_run_that_is_not_stopped_is_finished(store: MlflowClient, tmp_path: Path) -> None:
    trainer_of(tmp_path, FoveaCallback(), report_to="mlflow").train()

    (run,) = store.search_runs([store.get_experiment_by_name("here").experiment_id])
    assert run.info.status == "FINISHED"


def test_without_a_run_the_training_continues(store: MlflowClient, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, FoveaCallback())
    trainer.train()
    assert trainer.state.global_step == NUM_STEPS


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_training_that_raises_reports_that_it_has_failed_while_the_program_goes_on(
    linked_server: ControlServer, tmp_path: Path, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    with mlflow.start_run(), pytest.raises(error) as raised:
        trainer_of(tmp_path, FoveaCallback(), AtStep(fail)).train()
    linked_server.wait_for_report(Observed.FAILED)
    until(lambda: not linked_server.is_connected, "the end of the link")
    # A notebook keeps the error, and with it all frames of the training.
    assert raised.value.__traceback__ is not None


def test_a_training_may_be_repeated_in_the_run_that_a_failed_one_has_ended(
    linked_server: ControlServer, store: MlflowClient, tmp_path: Path
) -> None:
    with mlflow.start_run() as run:
        store.set_terminated(run.info.run_id, "FAILED")
        trainer_of(tmp_path, FoveaCallback()).train()
        assert store.get_run(run.info.run_id).info.status == "RUNNING"
    linked_server.wait_for_report(Observed.DETACHED)


def test_what_is_printed_is_sent_if_the_callback_is_to(
    linked_server: ControlServer, tmp_path: Path
) -> None:
    linked_server.command = Command(desired=Desired.RUNNING, takes_console=True)
    printing = AtStep(lambda: print("third step"))
    with mlflow.start_run():
        trainer_of(tmp_path, FoveaCallback(console=True), printing).train()
    assert "third step" in linked_server.console
