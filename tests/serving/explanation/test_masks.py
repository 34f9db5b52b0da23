import io

import numpy as np
import pytest
from PIL import Image

from serving.explanation.masks import Array, draw_masks, masks_of

CLASSES = ("background", "vessels", "disc", "lesions")


def class_map() -> Array:
    values = np.zeros((20, 30), np.uint8)
    values[2:4] = 1
    values[10:15, 10:16] = 2
    return values


def test_each_class_but_the_background_has_a_mask_with_its_share_of_the_area() -> None:
    masks = masks_of(class_map(), CLASSES)
    assert [mask.class_name for mask in masks] == ["vessels", "disc", "lesions"]
    assert [mask.area for mask in masks] == pytest.approx([60 / 600, 30 / 600, 0])


def test_a_mask_is_a_picture_of_black_and_white_in_the_size_of_the_image() -> None:
    decoded = np.asarray(Image.open(io.BytesIO(masks_of(class_map(), CLASSES)[1].png)))
    assert ((decoded == 255) == (class_map() == 2)).all()
    assert set(np.unique(decoded)) == {0, 255}


def test_drawn_masks_leave_the_background_as_it_is() -> None:
    image = np.full((20, 30, 3), 100, np.uint8)
    drawn = draw_masks(image, class_map(), CLASSES)
    assert ((drawn != image).any(axis=2) == (class_map() > 0)).all()
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == 3


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.full((4, 4), 9, np.uint8), "holds 9"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.zeros((4, 4, 1), np.uint8), "4, 4, 1"),
    ],
)
def test_a_map_of_other_values_is_refused(values: Array, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        masks_of(values, CLASSES)


def test_a_map_of_another_size_than_the_image_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="20, 30"):
        draw_masks(np.zeros((5, 5, 3), np.uint8), class_map(), CLASSES)
