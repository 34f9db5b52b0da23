"""Each degradation does to a photograph what its reason says."""

import numpy as np
import pytest
from skimage import data

from training.recipes.quality.classes import Reason
from training.recipes.quality.degradation import degrade

SIDE = 128


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    image = data.retina()
    step = len(image) // SIDE
    blocks = image[: step * SIDE, : step * SIDE].reshape(SIDE, step, SIDE, step, 3)
    return blocks.mean(axis=(1, 3)).astype(np.uint8)


def degraded(image: np.ndarray, reason: Reason, seed: int) -> np.ndarray:
    return degrade(image, reason, np.random.default_rng(seed))


@pytest.mark.parametrize("reason", Reason)
def test_a_copy_depends_on_the_seed_alone(photograph: np.ndarray, reason: Reason) -> None:
    before = photograph.copy()
    first, again, other = (degraded(photograph, reason, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first.shape, first.dtype) == (photograph.shape, np.uint8)
    np.testing.assert_array_equal(photograph, before)
    assert np.abs(first.astype(int) - photograph).mean() > 1


@pytest.mark.parametrize("seed", range(5))
def test_the_copies_differ_as_their_reasons_say(photograph: np.ndarray, seed: int) -> None:
    def edges(image: np.ndarray) -> float:
        grey = image[16:-16, 16:-16].mean(axis=2)
        return float(np.abs(np.diff(grey, axis=0)).mean())

    copies = {reason: degraded(photograph, reason, seed) for reason in Reason}
    assert edges(copies[Reason.BLUR]) < 0.75 * edges(photograph)
    assert copies[Reason.UNDEREXPOSED].mean() < 0.4 * photograph.mean()
    assert copies[Reason.OVEREXPOSED].mean() > 1.4 * photograph.mean()
    was_visible = photograph.mean(axis=2) > 20
    is_dark = copies[Reason.FIELD].mean(axis=2) < 10
    assert 0.1 < is_dark[was_visible].mean() < 0.7


@pytest.mark.parametrize("brightness", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_an_overexposed_copy_has_lost_detail_however_dark_the_image_is(
    photograph: np.ndarray, brightness: float, seed: int
) -> None:
    image = (photograph * brightness).astype(np.uint8)
    is_lit = image.max(axis=2) > 10
    copy = degraded(image, Reason.OVEREXPOSED, seed)
    assert (copy.max(axis=2)[is_lit] == 255).mean() >= 0.29
    assert copy[image.max(axis=2) == 0].max(initial=0) == 0


def test_an_image_without_light_has_an_overexposed_copy() -> None:
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    np.testing.assert_array_equal(degraded(black, Reason.OVEREXPOSED, 0), black)
