"""Sanity checks of the maps: Adebayo et al. 2018 (randomisation), Zhang et al. 2016 (pointing game)."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from pytorch_grad_cam import RandomCAM
from scipy.stats import spearmanr
from torch import nn

from serving.explanation.flatness import flat_reason
from serving.explanation.grad_cam import UnscaledCam, grad_cam
from tests.serving.explanation.lesions import (
    HAS_LESION,
    RADIUS,
    SIDE,
    Array,
    LesionImages,
    SmallNetwork,
    draw,
    trained_network,
)

NUM_IMAGES = 40


class UnscaledRandomCam(UnscaledCam, RandomCAM):  # type: ignore[misc]
    """Random weights of the channels, unscaled."""


@pytest.fixture(scope="module")
def network() -> SmallNetwork:
    return trained_network()


@pytest.fixture(scope="module")
def test_images() -> LesionImages:
    drawn = draw(2 * NUM_IMAGES, 7)
    chosen = drawn.targets == HAS_LESION
    return LesionImages(drawn.images[chosen], drawn.targets[chosen], drawn.centres[chosen])


def test_the_network_of_these_tests_has_learned_what_a_lesion_is(network: SmallNetwork) -> None:
    held_out = draw(200, 8)
    with torch.no_grad():
        accuracy = (network(held_out.images).argmax(1) == held_out.targets).float().mean()
    assert accuracy > 0.95


def hits_by(map_of: Callable[[torch.Tensor], Array], drawn: LesionImages) -> float:
    """Fraction of images in which the map's maximum lies on the lesion."""
    hits = []
    for image, centre in zip(drawn.images, drawn.centres, strict=True):
        values = map_of(image[None])
        cell = SIDE / values.shape[0]
        place = (np.array(np.unravel_index(values.argmax(), values.shape)) + 0.5) * cell
        hits.append(np.linalg.norm(place - centre) <= RADIUS + cell)
    return float(np.mean(hits))


def test_the_peak_lies_on_a_planted_lesion_more_often_than_that_of_random_weights(
    network: SmallNetwork, test_images: LesionImages
) -> None:
    # The library draws from the global generator.
    np.random.seed(0)
    found = hits_by(lambda image: grad_cam(network, image, HAS_LESION).values, test_images)
    by_chance = hits_by(
        lambda image: grad_cam(network, image, HAS_LESION, UnscaledRandomCam).values, test_images
    )
    assert found >= 0.95
    assert by_chance <= found - 0.25


def test_a_lesion_gives_a_map_and_its_absence_gives_none(
    network: SmallNetwork, test_images: LesionImages
) -> None:
    healthy = draw(2 * NUM_IMAGES, 9)
    without = healthy.images[healthy.targets != HAS_LESION]
    present = [grad_cam(network, image[None], HAS_LESION) for image in test_images.images]
    absent = [grad_cam(network, image[None], HAS_LESION) for image in without]
    assert np.mean([flat_reason(m.values, m.reference) == "" for m in present]) >= 0.95
    strongest = max(float(m.values.max()) for m in absent)
    assert strongest < np.median([float(m.values.max()) for m in present])


def test_randomising_the_weights_from_the_last_layer_on_changes_the_map(
    network: SmallNetwork, test_images: LesionImages
) -> None:
    images = test_images.images[:20]
    original = [grad_cam(network, image[None], HAS_LESION).values for image in images]
    similarity = []
    changed = copy.deepcopy(network)
    weighted = [m for m in changed.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        # In the order of registration the classifier comes last.
        for layer in reversed(weighted):
            layer.reset_parameters()
            maps = [grad_cam(changed, image[None], HAS_LESION).values for image in images]
            similarity.append(
                np.mean([rank_correlation(*p) for p in zip(original, maps, strict=True)])
            )
    unchanged = [grad_cam(network, image[None], HAS_LESION).values for image in images]
    assert all(rank_correlation(*pair) > 0.999 for pair in zip(original, unchanged, strict=True))
    assert similarity[-1] < 0.5
    assert max(similarity) < 0.9


def rank_correlation(first: Array, second: Array) -> float:
    """Spearman's; 0 for a constant map, which says nothing about the other."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first.ravel(), second.ravel()).statistic)
