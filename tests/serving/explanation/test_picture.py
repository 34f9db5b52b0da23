import io

import numpy as np
import pytest
from PIL import Image

from serving.explanation.area import WHOLE, Area
from serving.explanation.picture import map_over_image, map_png, overlay, png, shown_image

GREY = np.full((40, 60, 3), 120, np.uint8)


@pytest.mark.parametrize(
    ("shape", "shown"),
    [((2048, 1024), (1024, 512)), ((900, 3000), (307, 1024)), ((40, 60), (40, 60))],
)
def test_a_large_image_is_shown_smaller_and_a_small_one_as_it_is(
    shape: tuple[int, int], shown: tuple[int, int]
) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    assert shown_image(image).shape == (*shown, 3)


def test_the_maximum_of_a_map_stays_at_its_place_in_the_image() -> None:
    values = np.zeros((7, 7), np.float32)
    values[1, 5] = 1
    spread = map_over_image(values, WHOLE, 70, 140)
    row, column = np.unravel_index(np.nanargmax(spread), spread.shape)
    assert 10 <= row < 20
    assert 100 <= column < 120


def test_outside_of_what_was_seen_a_map_is_unknown() -> None:
    values = np.ones((2, 2), np.float32)
    seen = Area(left=0.25, top=0.0, right=0.75, bottom=1.0)
    spread = map_over_image(values, seen, 40, 60)
    assert np.isnan(spread[:, :15]).all()
    assert np.isnan(spread[:, 45:]).all()
    assert (spread[:, 15:45] == 1).all()


def test_the_picture_of_a_map_is_transparent_where_it_is_unknown() -> None:
    strength = np.full((4, 6), 0.5, np.float32)
    strength[:, :2] = np.nan
    decoded = np.asarray(Image.open(io.BytesIO(map_png(strength))))
    assert (decoded[:, :2, 1] == 0).all()
    assert (decoded[:, 2:, 1] == 255).all()
    assert (decoded[:, 2:, 0] == 128).all()


def test_the_overlay_leaves_the_image_as_it_is_where_nothing_was_found() -> None:
    strength = np.zeros((40, 60), np.float32)
    strength[:10] = np.nan
    strength[30:] = 1
    drawn = overlay(GREY, strength)
    assert (drawn[:30] == GREY[:30]).all()
    assert (drawn[30:] != GREY[30:]).any(axis=2).all()


def test_the_hotter_a_place_the_brighter_its_colour() -> None:
    black = np.zeros((1, 101, 3), np.uint8)
    strength = np.linspace(0, 1, 101, dtype=np.float32)[None]
    luminance = overlay(black, strength)[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) >= -1).all()


def test_a_png_holds_the_pixels() -> None:
    assert (np.asarray(Image.open(io.BytesIO(png(GREY)))) == GREY).all()
