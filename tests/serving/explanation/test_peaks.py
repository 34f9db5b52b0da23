import numpy as np
import pytest

from serving.explanation.peaks import Array, peak_regions


def blobs(*places: tuple[int, int, float]) -> Array:
    """A map [60, 100] with a 10 x 10 square of the given strength at each (row, column)."""
    values = np.zeros((60, 100), np.float32)
    for row, column, strength in places:
        values[row : row + 10, column : column + 10] = strength
    return values


def test_the_strongest_region_comes_first_with_its_place_in_fractions() -> None:
    first, second = peak_regions(blobs((10, 20, 0.7), (40, 80, 1.0)))
    assert (first.area.left, first.area.top) == (0.8, pytest.approx(40 / 60))
    assert (first.area.right, first.area.bottom) == (0.9, pytest.approx(50 / 60))
    assert (first.strength, second.strength) == (1.0, pytest.approx(0.7))
    assert (second.area.left, second.area.top) == (0.2, pytest.approx(10 / 60))


def test_of_equally_strong_regions_the_larger_comes_first() -> None:
    values = blobs((0, 0, 1.0), (40, 80, 1.0))
    values[40:60, 70:90] = 1.0
    assert peak_regions(values)[0].area.left == 0.7


def test_what_is_below_half_of_the_maximum_is_no_region() -> None:
    assert len(peak_regions(blobs((10, 20, 0.49), (40, 80, 1.0)))) == 1


def test_there_are_at_most_three_regions() -> None:
    places = [(0, 20 * index, 1 - index / 20) for index in range(5)]
    regions = peak_regions(blobs(*places))
    assert [round(region.area.left, 2) for region in regions] == [0.0, 0.2, 0.4]


def test_what_the_network_did_not_see_is_in_no_region() -> None:
    values = blobs((10, 20, 1.0))
    values[:, 60:] = np.nan
    (region,) = peak_regions(values)
    assert (region.area.left, region.area.right) == (0.2, 0.3)


def test_an_empty_map_has_no_region() -> None:
    assert peak_regions(blobs()) == []
