"""The validation of a diffusion model: always the same noise, and the base model as the line to beat."""

import numpy as np
import pytest

from api.runs.metric_catalog import METRIC_CATALOG
from training.diffusion.quality.validation import (
    QUANTILES,
    ValidationTable,
    validation_table,
)
from training.errors import TrainingError


def table_of(num_samples: int) -> ValidationTable:
    """The adapter is better by 0.1 where there is little noise, and worse where there is much."""
    base = 1 + 0.1 * np.random.default_rng(0).normal(size=(9, num_samples))
    changes = np.where(np.array(QUANTILES) > 0.5, 0.1, -0.1)[:, None]
    trained = base + changes + 0.01 * np.arange(num_samples) / num_samples
    return validation_table(trained, base, np.arange(num_samples))


def test_each_quantile_is_compared_with_the_base_model_on_the_same_noise() -> None:
    table = table_of(12)
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
    metrics = table_of(4).metrics()
    assert len(metrics) == 3 + 2 * len(QUANTILES)
    assert {"val/loss", "val/base_loss", "val/loss_q1", "val/loss_q9", "val/base_loss_q5"} <= set(
        metrics
    )
    entries = [METRIC_CATALOG.by_name[name] for name in metrics]
    assert all(entry.label.en != entry.label.fr for entry in entries)


def test_few_samples_have_no_interval_and_losses_that_are_no_numbers_are_refused() -> None:
    assert table_of(2).overall.interval is None
    assert table_of(2).overall.is_better is None
    broken = np.zeros((9, 5))
    broken[2, 1] = np.nan
    with pytest.raises(TrainingError, match="1 of 5 validation samples are NaN or infinite"):
        validation_table(broken, np.zeros((9, 5)), np.arange(5))
