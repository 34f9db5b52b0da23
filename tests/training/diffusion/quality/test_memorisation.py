"""Copies of training images are found, fresh and held-out ones are not, at the rates that are promised."""

import numpy as np
import pytest

from tests.training.diffusion.quality.drawn_images import (
    COPIES,
    compared,
    drawn,
    noisy,
    random_encoder,
)
from training.diffusion.quality.alignment import aligned_distances, thumbnails
from training.diffusion.quality.calibration import false_flags, fit_thresholds
from training.diffusion.quality.closeness import Closeness, ComparedImages, Nearest, compared_images
from training.diffusion.quality.exchange import whole_model_test
from training.diffusion.quality.features import Encoder, Picture
from training.diffusion.quality.memorisation import check_memorisation, shared_patients
from training.diffusion.quality.neighbours import nearest
from training.diffusion.quality.pairs_picture import pairs_picture
from training.diffusion.quality.samples import Sample, sample_of
from training.diffusion.quality.schema import FlaggedPair, Verdict
from training.errors import DataError

NUM_TRAIN, NUM_HELD_OUT = 60, 45


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return random_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def train_pictures() -> list[Picture]:
    return drawn(NUM_TRAIN, seed=1)


@pytest.fixture(scope="module")
def train(encoder: Encoder, train_pictures: list[Picture]) -> ComparedImages:
    return compared(encoder, train_pictures)


@pytest.fixture(scope="module")
def held_out(encoder: Encoder) -> ComparedImages:
    return compared(encoder, drawn(NUM_HELD_OUT, seed=2))


def test_copies_are_flagged_with_the_image_that_they_are_of(
    encoder: Encoder,
    train_pictures: list[Picture],
    train: ComparedImages,
    held_out: ComparedImages,
) -> None:
    random = np.random.default_rng(0)
    pictures = [change(picture, random) for change in COPIES for picture in train_pictures[:10]]
    found = check_memorisation(compared(encoder, pictures), train, held_out, encoder.identity)
    assert found.verdict is Verdict.MEMORISED
    assert found.flagged is not None
    assert found.flagged.num_flagged >= 36, "of 40"
    assert all(pair.train == pair.generated % 10 for pair in found.pairs if pair.is_copy)
    of_change = [{p.generated // 10 for p in found.pairs if p.is_copy}, set(range(len(COPIES)))]
    assert of_change[0] == of_change[1], "each kind of change is recognised as a copy"
    assert found.num_copies >= 34
    assert "are copies of training images" in found.reason
    assert found.encoder == encoder.identity


def test_fresh_pictures_are_not_called_memorised(
    encoder: Encoder, train: ComparedImages, held_out: ComparedImages
) -> None:
    fresh = compared(encoder, drawn(60, seed=3))
    found = check_memorisation(fresh, train, held_out, encoder.identity)
    assert found.verdict is Verdict.NOT_SHOWN
    assert found.num_copies == 0
    assert found.flagged is not None
    assert found.flagged.expected_share == pytest.approx(2 / 46)
    assert found.flagged.interval[0] <= found.flagged.expected_interval[1]
    assert found.flagged.held_out_share <= 3 / NUM_HELD_OUT
    assert found.whole_model is not None
    assert found.whole_model.p_value > 0.01
    assert "could be flagged" in found.reason


def test_a_model_that_was_overfitted_to_eight_pictures_is_flagged_and_another_one_passes(
    encoder: Encoder, train_pictures: list[Picture], held_out: ComparedImages
) -> None:
    eight = train_pictures[:8]
    random = np.random.default_rng(1)
    of_eight = compared(encoder, eight)
    overfitted = [noisy(eight[i % 8], random) for i in range(24)]
    found = check_memorisation(compared(encoder, overfitted), of_eight, held_out, encoder.identity)
    assert found.verdict is Verdict.MEMORISED
    assert found.num_copies == 24
    fresh = check_memorisation(
        compared(encoder, drawn(24, seed=4)), of_eight, held_out, encoder.identity
    )
    assert fresh.verdict is Verdict.NOT_SHOWN


def test_a_single_copy_among_many_fresh_pictures_is_enough(
    encoder: Encoder,
    train_pictures: list[Picture],
    train: ComparedImages,
    held_out: ComparedImages,
) -> None:
    pictures = [*drawn(30, seed=5), noisy(train_pictures[7], np.random.default_rng(0))]
    found = check_memorisation(compared(encoder, pictures), train, held_out, encoder.identity)
    assert found.verdict is Verdict.MEMORISED
    assert (found.pairs[0].generated, found.pairs[0].train) == (30, 7)
    assert found.reason.startswith("Memorised: 1 of 31 generated images are copies")


def test_too_few_images_are_unknown_and_never_not_shown(
    encoder: Encoder, train: ComparedImages, held_out: ComparedImages
) -> None:
    few = np.arange(NUM_HELD_OUT) < 38
    found = check_memorisation(held_out, train, held_out.only(few), encoder.identity)
    assert found.verdict is Verdict.UNKNOWN
    assert "at least 39 held-out patients" in found.reason
    assert "there are 38" in found.reason
    found = check_memorisation(
        held_out.only(np.arange(NUM_HELD_OUT) < 19), train, held_out, encoder.identity
    )
    assert found.verdict is Verdict.UNKNOWN
    assert "at least 20 generated images" in found.reason
    assert found.flagged is None
    assert found.pairs == ()


def test_many_images_of_few_patients_are_few(encoder: Encoder, train: ComparedImages) -> None:
    held_out = compared(encoder, drawn(44, seed=2), np.arange(44) // 2)
    found = check_memorisation(held_out, train, held_out, encoder.identity)
    assert found.verdict is Verdict.UNKNOWN
    assert (found.num_held_out, found.num_held_out_patients) == (44, 22)


def test_held_out_images_of_patients_of_train_are_left_out(
    encoder: Encoder, train: ComparedImages, held_out: ComparedImages
) -> None:
    shared = shared_patients(np.array(["a", "b"]), np.array([*"b" * 10, *"cde" * 11, "f", "g"]))
    assert shared is not None
    assert shared.sum() == 10
    found = check_memorisation(held_out, train, held_out, encoder.identity, shared_patients=shared)
    assert (found.num_left_out, found.num_held_out) == (10, 35)
    assert found.verdict is Verdict.UNKNOWN
    assert shared_patients(None, np.array(["a"])) is None


def _closeness(feature_ratio: np.ndarray, pixel_ratio: np.ndarray) -> Closeness:
    zeros, places = np.zeros(len(feature_ratio)), np.zeros(len(feature_ratio), np.int64)
    near = Nearest(
        feature_distance=zeros, by_features=places, pixel_distance=zeros, by_pixels=places
    )
    return Closeness(train=near, feature_ratio=feature_ratio, pixel_ratio=pixel_ratio)


@pytest.mark.parametrize(("num_patients", "expected"), [(39, 2 / 40), (250, 2 / 251), (499, 0.01)])
def test_images_without_memorisation_are_flagged_as_rarely_as_promised(
    num_patients: int, expected: float
) -> None:
    random = np.random.default_rng(0)
    patients = np.arange(num_patients * 2) // 2
    by_chance = false_flags(num_patients)
    assert by_chance.expected == pytest.approx(expected)
    rates = []
    for _ in range(300):
        calibration = random.lognormal(0, 0.3, (2, len(patients)))
        thresholds = fit_thresholds(_closeness(*calibration), patients)
        flags = thresholds.flags(_closeness(*random.lognormal(0, 0.3, (2, 2000))))
        rates.append(flags.mean())
    assert np.mean(rates) <= by_chance.expected
    # Each patient has two images, and its rate is that of the lower one.
    assert np.mean(rates) > by_chance.expected / 3
    assert np.quantile(rates, 0.975) <= by_chance.interval[1]


def _features(random: np.random.Generator, num_images: int) -> Sample:
    return sample_of(random.normal(size=(num_images, 4)), None, of="images")


def test_the_whole_model_test_is_rarely_significant_by_chance_and_finds_memorisation() -> None:
    random = np.random.default_rng(0)
    p_values, powers = [], []
    for seed in range(60):
        train, held_out = _features(random, 40), _features(random, 30)
        fresh = whole_model_test(_features(random, 50), train, held_out, seed=seed)
        copied = train.features[random.integers(0, 40, 50)] + random.normal(0, 0.1, (50, 4))
        memorised = whole_model_test(
            sample_of(copied, None, of="images"), train, held_out, seed=seed
        )
        assert fresh is not None
        assert memorised is not None
        p_values.append(fresh.p_value)
        powers.append(memorised.p_value < 0.01)
    assert 0.35 < np.mean(p_values) < 0.65
    assert np.mean(np.array(p_values) < 0.05) <= 0.15
    assert np.mean(powers) > 0.9
    assert memorised is not None
    assert memorised.num_patients == 30
    assert whole_model_test(fresh_set := _features(random, 9), fresh_set, held_out, seed=0)
    assert whole_model_test(fresh_set, _features(random, 4), held_out, seed=0) is None


def test_neighbours_are_the_nearest_and_never_of_the_same_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training.diffusion.quality import neighbours  # noqa: PLC0415

    monkeypatch.setattr(neighbours, "BLOCK", 5)
    random = np.random.default_rng(0)
    queries, references = random.normal(size=(13, 3)), random.normal(size=(17, 3))
    exact = np.linalg.norm(queries[:, None] - references, axis=2)
    distances, places = nearest(queries, references, number=4)
    np.testing.assert_array_equal(places, exact.argsort(axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(exact, axis=1)[:, :4])
    own = np.arange(17) // 2
    _, places = nearest(references, references, owners=(own, own))
    assert (own[places[:, 0]] != own).all()


def test_a_flat_picture_is_compared_without_an_error() -> None:
    flat = np.full((1, 32, 32, 3), 7, np.uint8)
    other = thumbnails(drawn(1, seed=0))
    assert np.isfinite(aligned_distances(flat, other)).all()
    assert aligned_distances(other, other)[0] == pytest.approx(0, abs=1e-2)
    assert aligned_distances(flat[:0], other[:0]).shape == (0,)


def test_features_of_other_images_than_the_thumbnails_are_refused() -> None:
    with pytest.raises(DataError, match="a thumbnail of each of the 3 train images"):
        compared_images(
            np.zeros((3, 2)), np.zeros((2, 32, 32, 3), np.uint8), None, of="train images"
        )


def _pair(generated: int, train: int) -> FlaggedPair:
    return FlaggedPair(
        generated=generated,
        train=train,
        feature_distance=0.1,
        feature_ratio=0.1,
        pixel_distance=0.1,
        is_copy=True,
    )


def test_flagged_pairs_are_drawn_side_by_side() -> None:
    generated = [np.full((9, 9, 3), 10, np.uint8), np.full((5, 7, 3), 30, np.uint8)]
    train = [np.full((9, 9, 3), 200, np.uint8)]
    sheet = pairs_picture(generated, train, [_pair(1, 0), _pair(0, 0)], side_px=20)
    assert sheet.shape == (20 + 2 * 8, 2 * (2 * 20 + 8) + 8, 3)
    assert sheet[18, 18].tolist() == [30] * 3
    assert sheet[18, 38].tolist() == [200] * 3
    assert sheet[18, 66].tolist() == [10] * 3
    many = pairs_picture(generated, train, [_pair(0, 0)] * 40, side_px=20)
    assert many.shape[0] == 4 * 28 + 8, "16 pairs in four rows"
    with pytest.raises(DataError, match="draw no picture"):
        pairs_picture(generated, train, [])
    with pytest.raises(DataError, match="names the image 3, but there are 1"):
        pairs_picture(generated, train, [_pair(0, 3)])
