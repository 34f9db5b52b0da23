"""KID, CMMD and FID: as torchmetrics has them, unbiased, with intervals that cover, and floors."""

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from training.diffusion.quality import kernels
from training.diffusion.quality.discrepancy import discrepancy
from training.diffusion.quality.distances import distances
from training.diffusion.quality.frechet import frechet_distance
from training.diffusion.quality.kernels import cubic_polynomial, gaussian
from training.diffusion.quality.samples import Array, Sample, sample_of
from training.diffusion.quality.schema import Distance, EncoderIdentity
from training.errors import DataError

ENCODER = EncoderIdentity(name="drawn", digest="0" * 64, dimension=8)


def normal(
    seed: int, num_images: int, dimension: int = 8, mean: float = 0.0, deviation: float = 1.0
) -> Array:
    return np.random.default_rng(seed).normal(mean, deviation, (num_images, dimension))


def sample(features: Array, patients: np.ndarray | None = None) -> Sample:
    return sample_of(features, patients, of="images")


def by_name(found: tuple[Distance, ...]) -> dict[str, Distance]:
    return {distance.name: distance for distance in found}


def test_kid_and_fid_are_those_of_torchmetrics() -> None:
    real, generated = normal(0, 70), normal(1, 50, mean=0.3)
    first, second = torch.from_numpy(real), torch.from_numpy(generated)
    # Its KID draws subsets; one of all images, of equal numbers, is the whole estimate.
    expected = float(poly_mmd(first[:50], second))

    found = discrepancy(sample(real[:50]), sample(generated), cubic_polynomial)
    assert found.value == pytest.approx(expected, rel=1e-9)

    moments = [value for x in (first, second) for value in (x.mean(dim=0), x.T.cov())]
    assert frechet_distance(sample(real), sample(generated)).value == pytest.approx(
        float(_compute_fid(*moments)), rel=1e-9
    )


def test_cmmd_is_that_of_its_authors_but_for_the_pairs_of_an_image_with_itself() -> None:
    real, generated = normal(0, 40, mean=1.0), normal(1, 30, mean=1.2)
    x, y = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (real, generated))

    def kernel(a: Array, b: Array) -> Array:
        values: Array = np.exp(-((a[:, None] - b) ** 2).sum(axis=2) / 200)
        return values

    def others(a: Array) -> float:
        return float((kernel(a, a).sum() - len(a)) / (len(a) * (len(a) - 1)))

    expected = 1000 * (others(x) + others(y) - 2 * float(kernel(x, y).mean()))
    found = by_name(distances(real, generated, ENCODER))["cmmd"].value
    assert found.value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kernel", [cubic_polynomial, gaussian])
def test_blocks_do_not_change_a_distance(
    kernel: kernels.Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = np.arange(61) // 3
    first, second = sample(normal(0, 61), patients), sample(normal(1, 45))
    whole = discrepancy(first, second, kernel)
    monkeypatch.setattr(kernels, "BLOCK", 7)
    parts = discrepancy(first, second, kernel)
    assert parts.value == pytest.approx(whole.value)
    assert parts.interval == pytest.approx(whole.interval)


def test_the_jackknife_is_that_of_estimates_without_each_patient() -> None:
    patients = np.arange(24) // 2
    features, generated = normal(0, 24), normal(1, 15, mean=0.5)
    found = discrepancy(sample(features, patients), sample(generated), cubic_polynomial)
    deviations = []
    for units, of_real in ((patients, True), (np.arange(15), False)):
        without = []
        for unit in np.unique(units):
            kept = units != unit
            pair = (
                (sample(features[kept], patients[kept]), sample(generated))
                if of_real
                else (sample(features, patients), sample(generated[kept]))
            )
            without.append(discrepancy(*pair, cubic_polynomial).value)
        values = np.array(without, dtype=float)
        deviations.append((len(values) - 1) * values.var())
    assert found.interval is not None
    assert found.value is not None
    low, high = found.interval
    assert (low + high) / 2 == pytest.approx(found.value)
    half = (high - low) / 2
    assert 2.0 < half / np.sqrt(sum(deviations)) < 2.3, "a quantile of Student's t"


def population_kid(first: float, second: float, dimension: int) -> float:
    """Of independent normal features of variance 1, by the cumulants of a product of two of them."""

    def mean(a: float, b: float) -> float:
        moments = a * b, (a * a + 1) * (b * b + 1), (a**3 + 3 * a) * (b**3 + 3 * b)
        variance = (moments[1] - moments[0] ** 2) / dimension
        third = (moments[2] - 3 * moments[1] * moments[0] + 2 * moments[0] ** 3) / dimension**2
        centre = moments[0] + 1
        return centre**3 + 3 * centre * variance + third

    return mean(first, first) + mean(second, second) - 2 * mean(first, second)


def clustered(random: np.random.Generator, num_patients: int, each: int, dimension: int) -> Sample:
    """Images of one patient share most of what they show; the variance is 1 in all."""
    of_patient = random.normal(0, np.sqrt(0.8), (num_patients, dimension)).repeat(each, axis=0)
    own = random.normal(0, np.sqrt(0.2), (num_patients * each, dimension))
    return sample(of_patient + own, np.arange(num_patients).repeat(each))


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_the_estimate_is_unbiased_and_its_interval_covers(mean: float) -> None:
    random = np.random.default_rng(5)
    dimension = 16
    truth = population_kid(0.0, mean, dimension)
    values, covered, ignoring_patients = [], 0, []
    num_trials = 200
    for _ in range(num_trials):
        real = clustered(random, 30, 3, dimension)
        generated = sample(random.normal(mean, 1, (60, dimension)))
        found = discrepancy(real, generated, cubic_polynomial)
        assert found.value is not None
        assert found.interval is not None
        values.append(found.value)
        covered += found.interval[0] <= truth <= found.interval[1]
        alone = discrepancy(sample(real.features), generated, cubic_polynomial)
        assert alone.value is not None
        ignoring_patients.append(alone.value)
    error = np.std(values) / np.sqrt(num_trials)
    assert abs(np.mean(values) - truth) < 3 * error
    assert covered / num_trials >= 0.92
    assert np.mean(ignoring_patients) - truth > 3 * error, "the patients matter in this simulation"


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_the_interval_of_fid_covers_its_expectation_at_this_number_of_images(mean: float) -> None:
    random = np.random.default_rng(2)
    found = [
        frechet_distance(clustered(random, 40, 2, 8), sample(random.normal(mean, 1, (80, 8))))
        for _ in range(150)
    ]
    centre = np.mean([each.value for each in found if each.value is not None])
    intervals = [each.interval for each in found if each.interval is not None]
    covered = sum(low <= centre <= high for low, high in intervals)
    assert covered / len(found) >= 0.92
    if mean:
        assert covered / len(found) < 0.995, "and is not too wide where the sets differ"


def test_fid_without_a_patient_is_close_to_its_first_order() -> None:
    from training.diffusion.quality import frechet  # noqa: PLC0415

    features, generated = normal(0, 300, 4), normal(1, 300, 4, mean=0.7)
    patients = np.arange(300) // 3
    first, second = sample(features, patients), sample(generated)
    own, other = frechet._moments(first), frechet._moments(second)
    between = frechet._Between(own, other)
    towards = 2 * (own.mean - other.mean)
    linear = frechet._without_each(first, own, between.distance, towards, between.forth)
    exact = [
        frechet_distance(sample(features[patients != patient]), second).value
        for patient in range(100)
    ]
    deviations = np.array(exact, dtype=float) - between.distance
    assert np.corrcoef(linear - between.distance, deviations)[0, 1] > 0.99
    assert np.std(linear) == pytest.approx(np.std(deviations), rel=0.05)


def test_the_order_of_images_changes_nothing() -> None:
    patients = np.arange(90) // 3
    real, generated = normal(0, 90), normal(1, 40)
    order = np.random.default_rng(0).permutation(90)
    once = distances(real, generated, ENCODER, patients=patients)
    again = distances(
        real[order], generated[::-1], ENCODER, patients=np.array([f"p{i}" for i in patients])[order]
    )
    for one, other in zip(once, again, strict=True):
        assert one.value.value == pytest.approx(other.value.value)
        assert one.value.interval == pytest.approx(other.value.interval)
        assert one.floor.value == pytest.approx(other.floor.value)


def test_a_worse_generator_is_above_the_floor_and_a_perfect_one_is_not() -> None:
    real = normal(0, 200)
    perfect = by_name(distances(real, normal(1, 200), ENCODER))
    worse = by_name(distances(real, normal(1, 200, mean=1.0), ENCODER))
    for name in ("kid", "cmmd"):
        assert perfect[name].is_above_floor is False
        assert worse[name].is_above_floor is True
        assert worse[name].floor == perfect[name].floor
    assert worse["fid"].is_biased
    assert worse["fid"].is_above_floor is None
    assert "biased" in worse["fid"].notes[0]
    assert worse["fid"].encoder == ENCODER


def test_fid_is_unknown_with_fewer_images_than_features() -> None:
    found = by_name(distances(normal(0, 17), normal(1, 8), ENCODER))["fid"]
    assert found.value.value is None
    assert found.value.reason == (
        "Unknown: 8 features need at least 9 images of each set, and there are 17 and 8."
    )
    halves = by_name(distances(normal(0, 17), normal(1, 20), ENCODER))["fid"]
    assert halves.value.value is not None
    assert halves.floor.value is None
    assert "9 and 8" in halves.floor.reason


def test_few_patients_give_a_value_without_an_interval() -> None:
    found = by_name(distances(normal(0, 60), normal(1, 60), ENCODER, patients=np.arange(60) // 10))
    assert found["kid"].value.value is not None
    assert found["kid"].value.interval is None
    assert "there are 6 and 60" in found["kid"].value.reason
    assert found["kid"].is_above_floor is None
    one = by_name(distances(normal(0, 60), normal(1, 60), ENCODER, patients=np.zeros(60)))
    assert one["kid"].value.value is None
    assert "one patient" in one["kid"].floor.reason


def test_the_halves_of_the_floor_share_no_patient() -> None:
    from training.diffusion.quality.samples import halves  # noqa: PLC0415

    random = np.random.default_rng(3)
    patients = random.integers(0, 20, 100)
    features = patients[:, None] + random.normal(0, 0.01, (100, 1))
    first, second = halves(sample(features, patients), seed=0)
    assert not set(first.features.round().ravel()) & set(second.features.round().ravel())
    assert abs(first.num_images - second.num_images) <= max(np.bincount(patients))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    broken = normal(0, 20)
    broken[3, 2] = value
    with pytest.raises(DataError, match="1 of 20 generated images have NaN or infinity"):
        distances(normal(1, 20), broken, ENCODER)


def test_features_of_two_encoders_are_refused() -> None:
    with pytest.raises(DataError, match="one set has 8 for an image and the other 4"):
        distances(normal(1, 20), normal(1, 20, 4), ENCODER)
    with pytest.raises(DataError, match="one patient for each of 20 real images"):
        distances(normal(1, 20), normal(1, 20), ENCODER, patients=np.arange(3))
    with pytest.raises(DataError, match="Expected generated images, but there are none"):
        distances(normal(1, 20), normal(1, 0), ENCODER)
