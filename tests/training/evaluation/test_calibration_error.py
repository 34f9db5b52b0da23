"""How sure a calibration error is, on drawn predictions whose calibration is known."""

import pytest
import torch
from torch import Tensor

from training.evaluation.calibration import expected_calibration_error
from training.evaluation.calibration_error import (
    calibration_errors,
    debiased_error,
    error_by_chance,
)

NUM_CLASSES = 5


def drawn(num_samples: int, *, seed: int = 0, sharpening: float = 1.0) -> tuple[Tensor, Tensor]:
    """Logits and targets that are drawn from their softmax, so that a temperature of `sharpening` is right."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(num_samples, NUM_CLASSES, generator=generator, dtype=torch.float64)
    targets = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    return sharpening * logits, targets


def test_few_samples_alone_make_an_error_which_the_debiased_one_has_not() -> None:
    plain, debiased = [], []
    for seed in range(30):
        logits, targets = drawn(200, seed=seed)
        plain.append(expected_calibration_error(logits.softmax(1), targets))
        debiased.append(debiased_error(logits.softmax(1), targets))

    assert sum(plain) / len(plain) > 0.05
    assert sorted(debiased)[len(debiased) // 2] < 0.03


def test_the_debiased_error_of_many_samples_is_the_true_one() -> None:
    generator = torch.Generator().manual_seed(0)
    confidence = 0.6 + 0.3 * torch.rand(40_000, generator=generator, dtype=torch.float64)
    probabilities = torch.stack([confidence, 1 - confidence], dim=1)
    is_right = torch.rand(40_000, generator=generator, dtype=torch.float64) < confidence - 0.1

    error = debiased_error(probabilities, 1 - is_right.long())

    assert error == pytest.approx(0.1, abs=0.01)


def test_a_calibrated_model_shows_an_error_within_what_chance_makes() -> None:
    inside = 0
    for seed in range(40):
        logits, targets = drawn(150, seed=seed)
        low, high = error_by_chance(logits.softmax(1), seed=seed, num_draws=300)
        inside += low <= expected_calibration_error(logits.softmax(1), targets) <= high

    assert inside >= 34


def test_a_temperature_that_is_right_makes_a_change_that_is_sure() -> None:
    logits, targets = drawn(400, sharpening=3.0)
    before, after = logits.softmax(1), (logits / 3.0).softmax(1)

    found = calibration_errors(before, after, targets)

    assert found is not None
    assert found.before[0] < expected_calibration_error(before, targets) < found.before[1]
    assert found.change[1] < 0
    assert found.debiased_after < found.debiased_before / 2
    assert found.before[0] > found.by_chance[1]


def test_a_temperature_of_one_changes_nothing() -> None:
    probabilities, targets = drawn(100)[0].softmax(1), drawn(100)[1]
    found = calibration_errors(probabilities, probabilities, targets)
    assert found is not None
    assert max(map(abs, found.change)) == 0
    assert found.before == found.after


def test_samples_of_one_patient_are_drawn_together() -> None:
    logits, targets = (each.repeat_interleave(10, dim=0) for each in drawn(40))
    probabilities = logits.softmax(1)
    alone = calibration_errors(probabilities, probabilities, targets)
    patients = torch.arange(40).repeat_interleave(10)
    together = calibration_errors(probabilities, probabilities, targets, groups=patients)
    assert alone is not None
    assert together is not None
    assert together.before[1] - together.before[0] > 1.5 * (alone.before[1] - alone.before[0])
    assert (
        calibration_errors(probabilities, probabilities, targets, groups=torch.zeros(400)) is None
    )
