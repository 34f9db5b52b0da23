import numpy as np
import pytest

from serving.explanation.flatness import Array, flat_reason


def peaked(height: float = 1.0, background: float = 0.1) -> Array:
    values = np.full((14, 14), background, np.float32)
    values[4:6, 4:6] = background + height
    return values


def test_a_peak_is_no_flat_map() -> None:
    assert flat_reason(peaked(), reference=0.5) == ""


def test_nothing_that_speaks_for_the_class_is_flat() -> None:
    assert "nothing in the image" in flat_reason(np.zeros((7, 7), np.float32), reference=1.0)


@pytest.mark.parametrize("scale", [1e-4, 1e-9])
def test_a_peak_of_rounding_errors_is_flat_although_its_contrast_is_full(scale: float) -> None:
    noise = np.random.default_rng(0).normal(0, scale, (7, 7)).astype(np.float32)
    assert "less than 0.01" in flat_reason(np.maximum(noise, 0), reference=0.0)


def test_a_map_that_is_nearly_constant_is_flat() -> None:
    assert "nearly alike" in flat_reason(peaked(height=0.05, background=1.0), reference=0.01)


def test_a_peak_far_below_those_of_shuffled_weights_is_flat() -> None:
    assert "by chance" in flat_reason(peaked(height=1.0), reference=6.0)
    assert flat_reason(peaked(height=1.0), reference=4.0) == ""


def test_values_that_are_no_numbers_give_no_map() -> None:
    values = peaked()
    values[0, 0] = np.nan
    assert "not finite" in flat_reason(values, reference=0.0)
