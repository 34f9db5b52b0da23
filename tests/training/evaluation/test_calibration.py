import math

import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import multiclass_calibration_error

from training.evaluation.calibration import (
    expected_calibration_error,
    fit_temperature,
    measure_calibration,
    reliability_bins,
)


def calibrated_logits(num_samples: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose softmax is the distribution that the targets are drawn from."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(num_samples, 5, generator=generator, dtype=torch.float64)
    targets = torch.multinomial(logits.softmax(1), 1, generator=generator).squeeze(1)
    return logits, targets


def test_a_calibrated_model_needs_no_temperature() -> None:
    assert fit_temperature(*calibrated_logits()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("sharpening", [0.3, 2.5, 8.0])
def test_the_temperature_undoes_a_sharpening(sharpening: float) -> None:
    logits, targets = calibrated_logits()
    temperature = fit_temperature(logits * sharpening, targets)
    assert temperature / sharpening == pytest.approx(fit_temperature(logits, targets), rel=1e-3)


@pytest.mark.parametrize("sharpening", [0.3, 1.7, 20.0])
def test_the_temperature_is_the_minimum_that_a_search_finds(sharpening: float) -> None:
    logits, targets = calibrated_logits(300)
    logits = logits * sharpening
    found = minimize_scalar(
        lambda log_t: cross_entropy(logits / math.exp(log_t), targets).item(),
        bounds=(math.log(0.1), math.log(100)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert fit_temperature(logits, targets) == pytest.approx(math.exp(found.x), rel=1e-4)


def test_float32_logits_are_fitted_too() -> None:
    logits, targets = calibrated_logits()
    single = fit_temperature(logits.float() * 3, targets)
    assert single == pytest.approx(fit_temperature(logits * 3, targets), rel=1e-4)


def test_samples_without_an_error_determine_no_temperature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    targets = torch.arange(20) % 4
    assert fit_temperature(5 * torch.eye(4)[targets], targets) == 1.0
    assert "on these 20 no value is better than 1.0" in caplog.text


def test_no_samples_determine_no_temperature(caplog: pytest.LogCaptureFixture) -> None:
    assert fit_temperature(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)) == 1.0
    assert caplog.records[0].levelname == "WARNING"


def test_a_masked_class_does_not_disturb_the_fit() -> None:
    logits, targets = calibrated_logits()
    masked = torch.cat([logits * 2, torch.full((len(targets), 1), -math.inf)], dim=1)
    assert fit_temperature(masked, targets) == pytest.approx(
        fit_temperature(logits * 2, targets), rel=1e-4
    )


def test_bins_average_their_samples() -> None:
    probabilities = torch.tensor([[0.95, 0.05], [0.91, 0.09], [0.45, 0.55], [0.25, 0.75]])
    targets = torch.tensor([0, 1, 1, 1])
    bins = reliability_bins(probabilities, targets, num_bins=5)
    assert [item.num_samples for item in bins] == [1, 1, 2]
    assert [item.accuracy for item in bins] == [1.0, 1.0, 0.5]
    assert [item.mean_confidence for item in bins] == pytest.approx([0.55, 0.75, 0.93])
    # Gaps of 0.45, 0.25 and, for two images, 0.43.
    assert expected_calibration_error(probabilities, targets, num_bins=5) == pytest.approx(0.39)


def test_bins_of_low_confidence_stay_separate() -> None:
    unsure = torch.full((1, 20), 0.05)
    less_unsure = torch.tensor([[0.1] + [0.9 / 19] * 19])
    bins = reliability_bins(torch.cat([unsure, less_unsure]), torch.tensor([1, 0]))
    assert [item.accuracy for item in bins] == [0.0, 1.0]


@pytest.mark.parametrize("num_bins", [1, 10, 15])
def test_the_calibration_error_equals_that_of_torchmetrics(num_bins: int) -> None:
    logits, targets = calibrated_logits(700)
    probabilities = (3 * logits).softmax(1)
    expected = multiclass_calibration_error(probabilities, targets, 5, n_bins=num_bins, norm="l1")
    error = expected_calibration_error(probabilities, targets, num_bins)
    assert error == pytest.approx(expected.item(), abs=1e-6)
    assert sum(item.num_samples for item in reliability_bins(probabilities, targets)) == 700


def test_a_fitted_temperature_improves_the_calibration_of_another_split() -> None:
    logits, targets = calibrated_logits()
    temperature = fit_temperature(4 * logits[:2000], targets[:2000])
    calibration = measure_calibration(4 * logits[2000:], targets[2000:], temperature=temperature)
    assert calibration.ece_before > 0.1
    assert calibration.ece_after < 0.05
    num_samples = (sum(item.num_samples for item in calibration.bins_before), 2000)
    assert num_samples == (sum(item.num_samples for item in calibration.bins_after), 2000)


def test_a_temperature_of_one_changes_nothing() -> None:
    calibration = measure_calibration(*calibrated_logits(100), temperature=1.0)
    assert calibration.bins_before == calibration.bins_after
    assert calibration.ece_before == calibration.ece_after
