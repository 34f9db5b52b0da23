"""The feature statistics against scikit-learn, and the limit of the distance on new samples."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage

from training.evidence.features import (
    fit_features,
    fit_limit,
    ledoit_wolf,
    mahalanobis_distances,
    reason_against,
)


def gaussians(
    counts: tuple[int, ...], dimension: int, *, seed: int = 0, draw: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Samples of correlated Gaussians; equal seeds give equal distributions."""
    fixed, random = np.random.default_rng(seed), np.random.default_rng([seed, draw])
    centres = 4 * fixed.normal(size=(len(counts), dimension))
    mixing = fixed.normal(size=(dimension, dimension)) / np.sqrt(dimension)
    targets = np.repeat(np.arange(len(counts)), counts)
    return centres[targets] + random.normal(size=(len(targets), dimension)) @ mixing, targets


@pytest.mark.parametrize(("num_samples", "dimension"), [(40, 8), (12, 30), (300, 5)])
def test_the_shrunk_covariance_is_that_of_scikit_learn(num_samples: int, dimension: int) -> None:
    residuals, _ = gaussians((num_samples,), dimension)
    residuals = residuals - residuals.mean(axis=0)
    covariance, shrinkage = ledoit_wolf(residuals)
    expected = LedoitWolf(assume_centered=True).fit(residuals)
    assert shrinkage == pytest.approx(ledoit_wolf_shrinkage(residuals, assume_centered=True))
    np.testing.assert_allclose(covariance, expected.covariance_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dimension", [5, 60])
def test_distances_are_those_of_scikit_learn(dimension: int) -> None:
    features, targets = gaussians((20, 15, 25), dimension)
    fitted = fit_features(features, targets)
    means = np.stack([features[targets == index].mean(axis=0) for index in range(3)])
    reference = LedoitWolf(assume_centered=True).fit(features - means[targets])
    # scikit-learn's variance is that around known means.
    scale = len(features) / (len(features) - 3)
    expected = np.sqrt(
        np.min([reference.mahalanobis(features - mean) / scale for mean in means], axis=0)
    )
    found = mahalanobis_distances(features, fitted.means, fitted.precision)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    np.testing.assert_allclose(fitted.means, means)


def test_new_samples_lie_within_the_limit_and_others_do_not() -> None:
    features, targets = gaussians((150, 150), 20)
    fitted, limit = fit_features(features, targets), fit_limit(features, targets)
    assert limit.quantile == 0.99
    new, _ = gaussians((1000, 1000), 20, draw=2)
    within = mahalanobis_distances(new, fitted.means, fitted.precision) <= limit.threshold
    assert 0.97 <= within.mean() <= 1
    strange, _ = gaussians((200,), 20, seed=9)
    assert (mahalanobis_distances(strange, fitted.means, fitted.precision) > limit.threshold).all()


def test_few_samples_state_the_quantile_that_they_can_show() -> None:
    features, targets = gaussians((10, 9), 4)
    limit = fit_limit(features, targets)
    assert limit.quantile == pytest.approx(19 / 20)
    full = fit_features(features, targets)
    assert limit.threshold > mahalanobis_distances(features, full.means, full.precision).max()


def test_more_features_than_samples_have_a_precision() -> None:
    features, targets = gaussians((6, 6), 200)
    fitted = fit_features(features, targets)
    assert np.isfinite(fitted.precision).all()
    assert 0 < fitted.shrinkage <= 1
    assert np.isfinite(fit_limit(features, targets).threshold)


def test_features_that_never_vary_are_no_obstacle() -> None:
    features, targets = gaussians((100, 100), 4)
    features = np.hstack([features, np.zeros((200, 2))])
    fitted = fit_features(features, targets)
    strange = features[:1] + np.array([0, 0, 0, 0, 1.0, 0])
    (near,) = mahalanobis_distances(features[:1], fitted.means, fitted.precision)
    (far,) = mahalanobis_distances(strange, fitted.means, fitted.precision)
    assert far > near + 5


@pytest.mark.parametrize(
    ("features", "targets", "reason"),
    [
        (np.eye(4), np.zeros(4, int), "at least 10 validation samples are needed, and there are 4"),
        (np.eye(14), np.arange(14), "at least 28 validation samples are needed"),
        (np.full((20, 2), np.nan), np.zeros(20, int), "are not finite"),
        (np.ones((20, 2)), np.zeros(20, int), "have the same features"),
        (np.zeros((20, 5000)), np.zeros(20, int), "5000 features are more than 4096"),
    ],
)
def test_samples_that_allow_no_statistics_are_refused_with_the_reason(
    features: np.ndarray, targets: np.ndarray, reason: str
) -> None:
    assert reason in reason_against(features, targets)
