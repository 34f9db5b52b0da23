"""The validation of a diffusion model: always the same noise, and the base model as the line to beat."""

from collections.abc import Sequence

import numpy as np
import pytest

from api.runs.metric_catalog import METRIC_CATALOG
from training.diffusion.quality.validation import (
    QUANTILES,
    Validation,
    timestep_at,
    validation_noise,
    validation_table,
)
from training.errors import DataError, TrainingError


def loss(indices: Sequence[int], quantile: float, use_adapter: bool) -> np.ndarray:
    """The adapter is better by 0.1 where there is little noise, and worse where there is much."""
    noise = [validation_noise(0, index, quantile, [64])[0] for index in indices]
    change = (0.1 if quantile > 0.5 else -0.1) if use_adapter else 0.0
    return 1 + 0.1 * np.array(noise) + change + 0.01 * use_adapter * np.arange(len(noise))


def test_each_quantile_is_compared_with_the_base_model_on_the_same_noise() -> None:
    table = Validation(loss, 12, batch_size=5).evaluate()
    assert [row.quantile for row in table.quantiles] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    )
    assert [row.is_better for row in table.quantiles] == [True] * 5 + [False] * 4
    first = table.quantiles[0]
    assert first.difference == pytest.approx(first.loss - first.base_loss)
    assert table.overall.is_better is not False
    assert table.overall.loss == pytest.approx(np.mean([row.loss for row in table.quantiles]))
    # The losses vary by 0.1; the differences of the pairs by 0.01 only.
    assert first.interval is not None
    assert first.interval[1] - first.interval[0] < 0.03


def test_an_evaluation_is_repeated_exactly_and_asks_for_the_base_once() -> None:
    asked = []

    def counted(indices: Sequence[int], quantile: float, use_adapter: bool) -> np.ndarray:
        asked.append(use_adapter)
        return loss(indices, quantile, use_adapter)

    validation = Validation(counted, 4, batch_size=4)
    assert validation.evaluate() == validation.evaluate()
    assert (asked.count(False), asked.count(True)) == (9, 18)
    validation.evaluate(base_changes=True)
    assert asked.count(False) == 18


def test_the_noise_of_a_sample_depends_on_nothing_but_its_keys() -> None:
    once = validation_noise(0, 3, 0.5, [2, 4])
    np.random.default_rng(0).normal(size=9)
    np.testing.assert_array_equal(once, validation_noise(0, 3, 0.5, [2, 4]))
    others = [
        validation_noise(1, 3, 0.5, [2, 4]),
        validation_noise(0, 4, 0.5, [2, 4]),
        validation_noise(0, 3, 0.4, [2, 4]),
    ]
    assert not any(np.allclose(once, other) for other in others)
    large = validation_noise(0, 0, 0.5, [10_000])
    assert large.dtype == np.float32
    assert abs(large.mean()) < 0.05
    assert abs(large.std() - 1) < 0.05


def test_the_samples_of_a_patient_are_no_independent_evidence() -> None:
    random = np.random.default_rng(0)
    patients = np.arange(40) // 4
    covered, covered_without = 0, 0
    for _ in range(200):
        differences = random.normal(0, 1, 10).repeat(4) + random.normal(0, 0.3, 40)
        base = np.zeros((9, 40))
        losses = np.tile(differences, (9, 1))
        by_patient = validation_table(losses, base, patients).overall.interval
        by_sample = validation_table(losses, base, np.arange(40)).overall.interval
        assert by_patient is not None
        assert by_sample is not None
        covered += by_patient[0] <= 0 <= by_patient[1]
        covered_without += by_sample[0] <= 0 <= by_sample[1]
    assert covered / 200 > 0.9
    assert covered_without / 200 < 0.8


def test_the_metrics_are_in_the_catalogue_in_both_languages() -> None:
    metrics = Validation(loss, 4, batch_size=4).evaluate().metrics()
    assert len(metrics) == 3 + 2 * len(QUANTILES)
    assert {"val/loss", "val/base_loss", "val/loss_q1", "val/loss_q9", "val/base_loss_q5"} <= set(
        metrics
    )
    entries = [METRIC_CATALOG.by_name[name] for name in metrics]
    assert all(entry.label.en != entry.label.fr for entry in entries)


def test_few_samples_have_no_interval_and_losses_that_are_no_numbers_are_refused() -> None:
    assert Validation(loss, 2, batch_size=4).evaluate().overall.interval is None
    assert Validation(loss, 2, batch_size=4).evaluate().overall.is_better is None
    with pytest.raises(DataError, match="keep some images out of the training"):
        Validation(loss, 0, batch_size=4)
    with pytest.raises(DataError, match="the patient of each of 3 validation samples, but 2 came"):
        Validation(loss, 3, batch_size=4, patients=np.arange(2))
    broken = np.zeros((9, 5))
    broken[2, 1] = np.nan
    with pytest.raises(TrainingError, match="1 of 5 validation samples are NaN or infinite"):
        validation_table(broken, np.zeros((9, 5)), np.arange(5))


def test_quantiles_are_timesteps_of_the_schedule() -> None:
    assert [timestep_at(quantile, 1000) for quantile in (0.1, 0.5, 0.9)] == [100, 500, 900]
    assert timestep_at(1.0, 1000) == 999
