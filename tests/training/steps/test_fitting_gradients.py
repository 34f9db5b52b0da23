"""Micro-batches are halved until they fit, on all ranks at once, and the step stays the same."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.ranks import run_ranks
from tests.training.steps.able_toys import SplitToy
from tests.training.toy import ToyRecipe
from tests.training.toy_training import Trained, train
from training.process import Process
from training.steps.fitting_gradients import MemoryExhaustedError

SETTINGS: dict[str, Any] = {"epochs": 2, "clip_norm": 0.5, "deterministic": True}


def toy_with(most_samples: int, short_ranks: tuple[int, ...] = (0, 1)) -> type[SplitToy]:
    class LimitedToy(SplitToy):
        pass

    LimitedToy.most_samples = most_samples
    LimitedToy.short_ranks = short_ranks
    return LimitedToy


def train_limited(root: Path, most_samples: int, **more: Any) -> Trained:
    return train(root, recipe_class=toy_with(most_samples), **SETTINGS | more)


def assert_close(weights: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("most_samples", "size"), [(100, 8), (7, 4), (4, 4), (3, 2), (1, 1)])
def test_the_step_stays_the_same(
    tmp_path: Path, most_samples: int, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    plain = train(tmp_path / "plain", **SETTINGS)
    limited = train_limited(tmp_path / "limited", most_samples)
    assert_close(limited.weights, plain.weights)
    losses = [value for _, value in limited.tracker.points["train/loss"]]
    assert losses == pytest.approx([v for _, v in plain.tracker.points["train/loss"]], rel=1e-5)
    assert {value for _, value in limited.tracker.points["train/micro_batch_size"]} == {size}
    tags = {} if size == 8 else {"fovea.micro_batch_size": str(size)}
    assert limited.tracker.tags == tags
    assert len(caplog.records) == {8: 0, 4: 1, 2: 2, 1: 3}[size]


def test_unequal_halves_and_accumulation_add_up(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"batch_size": 5, "gradient_accumulation": 3}
    plain = train(tmp_path / "plain", **SETTINGS, **settings)
    limited = train_limited(tmp_path / "limited", 2, **settings)
    assert_close(limited.weights, plain.weights)


def test_a_step_that_fails_late_is_repeated_with_the_same_random_numbers(tmp_path: Path) -> None:
    """A run that learns of its limit in step 4 is one that knew it, from a checkpoint, before it."""

    class LateToy(toy_with(100)):  # type: ignore[misc]
        def batches(self, first_step: int) -> Any:
            for step, batch in enumerate(super().batches(first_step), start=first_step):
                type(self).most_samples = 3 if step >= 3 else 100
                yield batch

    settings = {**SETTINGS, "dropout": 0.3, "checkpoint_every_steps": 3}
    whole = train(tmp_path / "whole", recipe_class=LateToy, **settings)
    train(tmp_path / "killed", recipe_class=LateToy, **settings, stop_after=5)
    resumed = train(tmp_path / "killed", recipe_class=LateToy, **settings)
    for name, tensor in whole.weights.items():
        assert torch.equal(resumed.weights[name], tensor), name


def test_the_size_outlives_a_kill(tmp_path: Path) -> None:
    settings = {"dropout": 0.3, "checkpoint_every_steps": 4}
    undisturbed = train_limited(tmp_path / "undisturbed", 3, **settings)
    train_limited(tmp_path / "killed", 3, **settings, stop_after=6)
    resumed = train_limited(tmp_path / "killed", 100, **settings)
    for name, tensor in undisturbed.weights.items():
        assert torch.equal(resumed.weights[name], tensor), name
    assert {value for _, value in resumed.tracker.points["train/micro_batch_size"]} == {2}


def test_a_single_sample_that_does_not_fit_ends_the_run_with_what_to_change(tmp_path: Path) -> None:
    with pytest.raises(
        MemoryExhaustedError,
        match="One sample at a time does not fit into the memory of cpu: lower the number of feat",
    ):
        train_limited(tmp_path, 0)


def test_another_error_is_not_taken_for_a_lack_of_memory(tmp_path: Path) -> None:
    class BrokenToy(SplitToy):
        def training_step(self, *_: Any) -> Any:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        train(tmp_path, recipe_class=BrokenToy, **SETTINGS)


def _train_on_rank(process: Process, argument: tuple[Path, int]) -> Any:
    root, most_samples = argument
    toy = toy_with(most_samples, short_ranks=(1,))
    settings = SETTINGS | {"batch_size": 4, "gradient_accumulation": 2}
    try:
        trained = train(root, process, recipe_class=toy, **settings)
    except MemoryExhaustedError as error:
        return str(error)
    return trained.weights, trained.tracker.tags, trained.tracker.points


def test_all_ranks_halve_when_one_of_them_has_no_memory_left(tmp_path: Path) -> None:
    ranks = run_ranks(_train_on_rank, (tmp_path / "run", 1), world_size=2, folder=tmp_path)
    alone = train(tmp_path / "alone", **SETTINGS | {"batch_size": 16})
    for weights, _, _ in ranks:
        assert_close(weights, alone.weights)
        for name, tensor in ranks[0][0].items():
            assert torch.equal(weights[name], tensor), name
    assert ranks[0][1] == {"fovea.micro_batch_size": "1"}
    assert {value for _, value in ranks[0][2]["train/micro_batch_size"]} == {1}


def test_all_ranks_end_when_one_cannot_compute_a_single_sample(tmp_path: Path) -> None:
    first, second = run_ranks(_train_on_rank, (tmp_path / "run", 0), world_size=2, folder=tmp_path)
    assert first == second
    assert "One sample at a time does not fit" in first


def test_a_parameter_that_no_rank_uses_stays_as_it_is(tmp_path: Path) -> None:
    class UnusedToy(SplitToy):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.model.register_parameter("unused", torch.nn.Parameter(torch.ones(2)))

    trained = train(tmp_path, recipe_class=UnusedToy, **SETTINGS)
    assert torch.equal(trained.weights["unused"], torch.ones(2)), "not even its weight decays"
    plain = train(tmp_path / "plain", recipe_class=ToyRecipe, **SETTINGS)
    assert_close({n: t for n, t in trained.weights.items() if n != "unused"}, plain.weights)
