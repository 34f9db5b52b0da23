"""The built-in rules apply to the losses of every program, not only to Fovea's names."""

import math

import numpy as np
import pytest

from api.alerts.builtin import rules_of_run
from api.alerts.replay import replay
from api.alerts.rule_file import RuleFile
from api.runs.series import once_per_step


def fired(name: str, values: list[float]) -> set[str]:
    """The built-in rules that fire on a metric with these values."""
    steps = list(range(1, len(values) + 1))
    history = {name: once_per_step(steps, [0] * len(steps), values)}
    replays = replay(rules_of_run(RuleFile()), history)
    return {each.rule.name for each in replays if any(each.changes)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "name",
    [
        *("train/loss", "val/loss", "train_loss", "loss", "eval_loss", "val_loss", "loss/train"),
        *("train_loss_epoch", "eval/loss", "validation-logloss", "valid_0-binary_logloss"),
        *("training_log_loss", "train/box_loss", "Loss/Train", "trainLoss", "d_loss", "test_loss"),
    ],
)
def test_a_loss_that_is_not_finite_fires_by_any_name(name: str, value: float) -> None:
    assert fired(name, [0.5, value]) == {"loss_not_finite"}


@pytest.mark.parametrize("name", ["loss_scale", "val_accuracy", "lr", "grad_norm", "system/loss"])
def test_other_metrics_may_be_infinite(name: str) -> None:
    assert fired(name, [0.5, math.inf]) == set()


@pytest.mark.parametrize(
    ("name", "is_followed"),
    [("train/loss", True), ("train_loss", True), ("loss", True), ("val_loss", False)],
)
def test_a_spike_of_the_training_loss_fires_by_any_name(name: str, is_followed: bool) -> None:
    noise = np.random.default_rng(0).normal(1.0, 0.01, 60).tolist()
    assert ("loss_spike" in fired(name, [*noise, 50.0])) is is_followed


@pytest.mark.parametrize(
    ("name", "is_followed"),
    [("val/loss", True), ("eval_loss", True), ("train_loss", False), ("val/box_loss", False)],
)
def test_a_plateau_of_the_validation_loss_fires_by_any_name(name: str, is_followed: bool) -> None:
    assert ("loss_plateau" in fired(name, [1.0] * 15)) is is_followed
