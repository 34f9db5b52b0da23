"""Control of XGBoost: it pauses and stops between rounds, and ends the right run."""

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import mlflow
import numpy as np
import pytest
import xgboost
from mlflow.tracking import MlflowClient

from tests.tracking_plugin.callbacks.conftest import Controlled
from tests.tracking_plugin.control_server import ControlServer
from tests.waiting import until
from tracking_plugin.callbacks.xgboost import FoveaCallback
from tracking_plugin.control_messages import Command, Desired, Observed

NUM_ROUNDS = 8


class Recorder(xgboost.callback.TrainingCallback):
    """Runs after the callback under test, as MLflow's own does; calls `at[round]`."""

    def __init__(self, at: dict[int, Callable[[], object]] | None = None) -> None:
        self.rounds: list[int] = []
        self._at = at or {}

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self.rounds.append(epoch)
        self._at.get(epoch, lambda: None)()
        return False


def train(*callbacks: xgboost.callback.TrainingCallback) -> xgboost.Booster:
    inputs = np.random.default_rng(0).normal(size=(64, 2))
    data = xgboost.DMatrix(inputs, label=inputs.sum(axis=1))
    return xgboost.train({"nthread": 1}, data, NUM_ROUNDS, callbacks=list(callbacks))


def test_after_a_stop_later_callbacks_have_still_run_for_the_last_round(
    controlled: Controlled,
) -> None:
    recorder = Recorder({3: lambda: controlled.set_desired(Desired.STOPPED)})
    fovea = FoveaCallback(controlled.control)

    booster = train(fovea, recorder)

    assert recorder.rounds == [0, 1, 2, 3]
    assert booster.num_boosted_rounds() == 4
    assert fovea.has_stopped
    assert controlled.server.wait_for_report(Observed.STOPPING).step == 3


def test_a_pause_takes_effect_between_two_rounds(controlled: Controlled) -> None:
    recorder = Recorder({3: lambda: controlled.set_desired(Desired.PAUSED)})
    fovea = FoveaCallback(controlled.control)
    training = threading.Thread(target=train, args=(fovea, recorder))
    training.start()

    assert controlled.server.wait_for_report(Observed.PAUSED).step == 3
    assert recorder.rounds == [0, 1, 2, 3]
    controlled.set_desired(Desired.RUNNING)
    training.join()

    assert recorder.rounds == list(range(NUM_ROUNDS))
    assert not fovea.has_stopped


def test_a_run_that_is_stopped_before_its_first_round_trains_none(controlled: Controlled) -> None:
    controlled.set_desired(Desired.STOPPED)
    recorder = Recorder()

    train(FoveaCallback(controlled.control), recorder)

    assert recorder.rounds == []


def test_without_a_run_the_training_continues(store: MlflowClient) -> None:
    assert train(FoveaCallback()).num_boosted_rounds() == NUM_ROUNDS


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_training_that_raises_reports_that_it_has_failed_while_the_program_goes_on(
    linked_server: ControlServer, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    with mlflow.start_run(), pytest.raises(error):
        train(FoveaCallback(), Recorder({3: fail}))
    linked_server.wait_for_report(Observed.FAILED)
    until(lambda: not linked_server.is_connected, "the end of the link")


def test_the_callback_can_be_sent_to_another_process(store: MlflowClient) -> None:
    assert train(pickle.loads(pickle.dumps(FoveaCallback()))).num_boosted_rounds() == NUM_ROUNDS


def test_a_copy_of_the_callback_controls_the_active_run_too(store: MlflowClient) -> None:
    # scikit-learn copies the arguments of an estimator.
    with mlflow.start_run() as run:
        assert train(copy.deepcopy(FoveaCallback())).num_boosted_rounds() == NUM_ROUNDS

    assert store.get_run(run.info.run_id).info.status == "FINISHED"


@pytest.fixture
def autologging(store: MlflowClient) -> Any:
    mlflow.xgboost.autolog(log_models=False, silent=True)
    yield
    mlflow.xgboost.autolog(disable=True)


def test_with_autologging_the_error_asks_for_a_control(autologging: None) -> None:
    with pytest.raises(ValueError, match=r"FoveaCallback\(control\)"):
        train(FoveaCallback())


def test_with_autologging_the_surrounding_control_ends_the_run(
    autologging: None, controlled: Controlled, store: MlflowClient
) -> None:
    recorder = Recorder({3: lambda: controlled.set_desired(Desired.STOPPED)})
    with mlflow.start_run(run_id=controlled.run_id), controlled.control:
        train(FoveaCallback(controlled.control), recorder)

    (run,) = store.search_runs([store.get_experiment_by_name("here").experiment_id])
    assert run.info.status == "KILLED"


def test_what_is_printed_is_sent_if_the_callback_is_to(linked_server: ControlServer) -> None:
    linked_server.command = Command(desired=Desired.RUNNING, takes_console=True)
    callback = pickle.loads(pickle.dumps(copy.deepcopy(FoveaCallback(console=True))))
    with mlflow.start_run():
        train(callback, Recorder({3: lambda: print("third round")}))
    assert "third round" in linked_server.console


def test_the_console_is_that_of_a_given_control(controlled: Controlled) -> None:
    with pytest.raises(ValueError, match=r"RunControl\(console=True\)"):
        FoveaCallback(controlled.control, console=True)
