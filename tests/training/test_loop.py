"""The loop: the same gradients on any number of ranks, evaluation, selection, exact resume."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.ranks import lone_process, run_ranks
from tests.training.toy_training import train
from training.checkpoints.checkpoint import read_checkpoint
from training.errors import CheckpointError, ConfigError
from training.process import Process


def _train_on_rank(process: Process, argument: tuple[Path, dict[str, Any]]) -> Any:
    root, settings = argument
    trained = train(root, process, **settings)
    return trained.weights, trained.tracker.points


def test_two_ranks_train_like_one_with_twice_the_batch(tmp_path: Path) -> None:
    settings = {"epochs": 3, "clip_norm": 0.5}
    ranks = run_ranks(
        _train_on_rank,
        (tmp_path / "two", {**settings, "batch_size": 4}),
        world_size=2,
        folder=tmp_path,
    )
    alone = train(tmp_path / "one", **settings, batch_size=8)
    for weights, _ in ranks:
        for name, tensor in alone.weights.items():
            torch.testing.assert_close(weights[name], tensor, rtol=1e-5, atol=1e-6)
    losses = [value for _, value in ranks[0][1]["train/loss"]]
    expected = [value for _, value in alone.tracker.points["train/loss"]]
    assert losses == pytest.approx(expected, rel=1e-5)
    assert not ranks[1][1], "only rank 0 records"


def test_accumulated_micro_batches_train_like_one_large_batch(tmp_path: Path) -> None:
    parts = train(tmp_path / "parts", epochs=2, batch_size=4, gradient_accumulation=3)
    whole = train(tmp_path / "whole", epochs=2, batch_size=12)
    for name, tensor in whole.weights.items():
        torch.testing.assert_close(parts.weights[name], tensor, rtol=1e-5, atol=1e-6)


def test_accumulation_over_two_ranks_synchronises_gradients(tmp_path: Path) -> None:
    settings = {"epochs": 2, "batch_size": 4, "gradient_accumulation": 2}
    ranks = run_ranks(_train_on_rank, (tmp_path / "two", settings), world_size=2, folder=tmp_path)
    alone = train(tmp_path / "one", epochs=2, batch_size=16)
    for name, tensor in alone.weights.items():
        torch.testing.assert_close(ranks[0][0][name], tensor, rtol=1e-5, atol=1e-6)
        assert torch.equal(ranks[0][0][name], ranks[1][0][name])


@pytest.mark.parametrize("stop_after", [3, 6, 13])
def test_a_resumed_training_is_bit_for_bit_the_undisturbed_one(
    tmp_path: Path, stop_after: int
) -> None:
    settings: dict[str, Any] = {
        "epochs": 3,
        "dropout": 0.3,
        "ema_decay": 0.9,
        "checkpoint_every_steps": 4,
        "deterministic": True,
    }
    undisturbed = train(tmp_path / "undisturbed", **settings)
    killed = train(tmp_path / "killed", **settings, stop_after=stop_after)
    resumed = train(tmp_path / "killed", **settings)
    for name, tensor in undisturbed.weights.items():
        assert torch.equal(resumed.weights[name], tensor), name
    curve = dict(killed.tracker.points.get("train/loss", []))
    curve.update(resumed.tracker.points["train/loss"])
    assert sorted(curve.items()) == undisturbed.tracker.points["train/loss"]
    assert resumed.outcome == undisturbed.outcome


def test_three_ranks_resume_bit_for_bit(tmp_path: Path) -> None:
    settings = {"epochs": 3, "batch_size": 4, "dropout": 0.3, "deterministic": True}
    runs = {
        name: run_ranks(
            _train_on_rank,
            (tmp_path / folder, {**settings, "stop_after": stop_after}),
            world_size=3,
            folder=tmp_path,
        )
        for name, folder, stop_after in (
            ("undisturbed", "undisturbed", 0),
            ("killed", "killed", 6),
            ("resumed", "killed", 0),
        )
    }
    for (weights, _), (expected, _) in zip(runs["resumed"], runs["undisturbed"], strict=True):
        for name, tensor in expected.items():
            assert torch.equal(weights[name], tensor), name
    curve = dict(runs["killed"][0][1]["train/loss"]) | dict(runs["resumed"][0][1]["train/loss"])
    assert sorted(curve.items()) == runs["undisturbed"][0][1]["train/loss"]


@pytest.mark.parametrize(("begun_with", "continued_with"), [(1, 2), (2, 1)])
def test_a_run_continues_on_another_number_of_ranks_as_it_began(
    tmp_path: Path, begun_with: int, continued_with: int
) -> None:
    def on(world_size: int, name: str, **more: Any) -> list[Any]:
        settings = {"epochs": 3, "checkpoint_every_steps": 4, "batch_size": 8 // world_size, **more}
        argument = (tmp_path / name, settings)
        if world_size == 1:
            return [_train_on_rank(lone_process(), argument)]
        return run_ranks(_train_on_rank, argument, world_size=world_size, folder=tmp_path)

    undisturbed = train(tmp_path / "undisturbed", epochs=3, batch_size=8)
    ((_, first), *_) = on(begun_with, "run", stop_after=7)
    ((weights, second), *_) = on(continued_with, "run")
    for name, tensor in undisturbed.weights.items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-4, atol=1e-5)
    curve = dict(first["train/loss"][:6]) | dict(second["train/loss"])
    expected = dict(undisturbed.tracker.points["train/loss"])
    assert curve == pytest.approx(expected, rel=1e-4)
    assert [step for step, _ in second["train/loss"]] == list(range(7, 19))
    assert [step for step, _ in second["val/loss"]] == [12, 18]


def test_a_checkpoint_of_another_number_of_steps_per_epoch_is_refused(tmp_path: Path) -> None:
    train(tmp_path, epochs=2, batch_size=8, stop_after=7)
    with pytest.raises(CheckpointError, match="6 steps per epoch, but this one has 12"):
        train(tmp_path, epochs=2, batch_size=4)


def test_every_step_is_recorded_once_with_its_epoch_and_learning_rate(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=2)
    steps = list(range(1, 13))
    for name in (
        "train/loss",
        "train/accuracy",
        "train/samples_per_second",
        "train/data_wait_fraction",
    ):
        assert [step for step, _ in trained.tracker.points[name]] == steps
    assert [value for _, value in trained.tracker.points["epoch"]] == [1.0] * 6 + [2.0] * 6
    rates = [value for _, value in trained.tracker.points["train/learning_rate"]]
    assert rates == [0.01 / (1 + step / 100) for step in range(12)]


def test_fewer_steps_are_recorded_on_request(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=2, log_every_steps=5)
    assert [step for step, _ in trained.tracker.points["train/loss"]] == [5, 10]


def test_an_epoch_ends_with_evaluation_document_and_image(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=2, evaluate_every_steps=4)
    assert [step for step, _ in trained.tracker.points["val/loss"]] == [4, 6, 8, 12]
    assert list(trained.tracker.documents) == [
        "epochs/0001/evaluation.json",
        "epochs/0002/evaluation.json",
    ]
    assert trained.tracker.images[-1] == ("confusion_matrix", 12)
    assert trained.tracker.num_expedited == 4


def test_the_best_checkpoint_outlives_the_newest_ones(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=5, scores=[0.1, 0.9, 0.3, 0.2, 0.4], keep_last=1)
    assert trained.outcome.best_epoch == 2
    assert trained.store.best() == "step_0000000012"
    assert sorted(path.name for path in tmp_path.glob("step_*")) == [
        "step_0000000012",
        "step_0000000030",
    ]


def test_early_stopping_ends_the_training_after_its_patience(tmp_path: Path) -> None:
    trained = train(
        tmp_path, epochs=9, scores=[0.5, 0.4, 0.6, 0.1, 0.1, 0.1], early_stopping_patience=2
    )
    assert trained.outcome.stopped_early
    assert trained.outcome.steps == 5 * 6


def test_averaged_weights_are_evaluated_and_saved(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=2, ema_decay=0.5)
    latest = trained.store.latest()
    assert latest is not None
    tensors = read_checkpoint(trained.store.path(latest)).tensors
    assert set(tensors) == {"model", "ema"}
    assert not torch.equal(tensors["model"]["0.weight"], tensors["ema"]["0.weight"])


@pytest.mark.soak
def test_a_compiled_model_trains_to_the_same_weights(tmp_path: Path) -> None:
    compiled = train(tmp_path / "compiled", epochs=1, compile=True)
    plain = train(tmp_path / "plain", epochs=1)
    for name, tensor in plain.weights.items():
        torch.testing.assert_close(compiled.weights[name], tensor, rtol=1e-4, atol=1e-5)


def test_bf16_autocast_trains(tmp_path: Path) -> None:
    trained = train(tmp_path, epochs=3, precision="bf16")
    losses = [value for _, value in trained.tracker.points["val/loss"]]
    assert losses[-1] < losses[0]


def test_fp16_on_a_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        train(tmp_path, epochs=1, precision="fp16")
