"""The picture of segmented samples: image, truth and prediction side by side, with a legend."""

import numpy as np

from training.data.mask_folder import IGNORED
from training.recipes.segmentation.pictures import Sample, segmentation_picture

CLASSES = ("Background", "Vessel", "Optic disc", "Fluid")


def sample(truth: int, prediction: int) -> Sample:
    def mask(level: int) -> np.ndarray:
        found = np.zeros((32, 32), np.uint8)
        found[8:24, 8:24] = level
        return found

    image = np.full((32, 32, 3), 100, np.uint8)
    return Sample(image=image, truth=mask(truth), prediction=mask(prediction))


def tiles(picture: np.ndarray) -> list[np.ndarray]:
    """The three tiles of the first sample, without the heading."""
    return [picture[18:178, 4 + 164 * column : 164 + 164 * column] for column in range(3)]


def test_masks_lie_over_the_image_in_the_colour_of_their_class() -> None:
    image, truth, prediction = tiles(segmentation_picture([sample(1, 2)], CLASSES))
    assert (image == 100).all()
    assert (truth[2:10, 2:10] == 100).all(), "the background is not painted over"
    assert not (truth[80, 80] == prediction[80, 80]).all()


def test_equal_masks_look_alike() -> None:
    _, truth, prediction = tiles(segmentation_picture([sample(1, 1)], CLASSES))
    assert np.array_equal(truth, prediction)


def test_the_legend_has_a_line_for_each_class_that_is_shown() -> None:
    heights = [
        segmentation_picture([sample(*levels)], CLASSES).shape[0]
        for levels in ((0, 0), (1, 1), (1, 2))
    ]
    assert heights[1] - heights[0] == heights[2] - heights[1] > 0


def test_pixels_that_nobody_has_labelled_are_grey_and_in_no_legend() -> None:
    ignored = segmentation_picture([sample(IGNORED, 0)], CLASSES)
    _, truth, _ = tiles(ignored)
    assert len(set(truth[80, 80].tolist())) == 1
    assert truth[80, 80, 0] > 100
    assert ignored.shape == segmentation_picture([sample(0, 0)], CLASSES).shape


def test_names_of_any_script_and_length_are_drawn() -> None:
    names = ("Background", "血管" * 40, "Optic disc", "Fluid")
    assert segmentation_picture([sample(1, 1)], names).ndim == 3
