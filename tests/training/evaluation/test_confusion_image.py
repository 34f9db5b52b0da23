import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from training.evaluation.confusion_image import _labels, confusion_matrix_image
from training.taxonomies.taxonomy import caasi_v6_1


def full_matrix(num_classes: int) -> list[list[int]]:
    generator = np.random.default_rng(0)
    counts = generator.integers(1, 40, size=(num_classes, num_classes))
    return (counts + np.diag([900] * num_classes)).tolist()


@pytest.mark.parametrize("num_classes", [2, 7, 28])
def test_draws_rgb_pixels_with_room_for_every_class(num_classes: int) -> None:
    classes = caasi_v6_1().classes[:num_classes]
    image = confusion_matrix_image(full_matrix(num_classes), classes, title="epoch 1")
    height, width, channels = image.shape
    assert image.dtype == np.uint8
    assert channels == 3
    assert image.flags.c_contiguous
    assert 30 * num_classes < min(height, width)
    assert max(height, width) < 2000
    assert image.min() < 60
    assert image.max() == 255


def test_28_classes_take_less_than_a_second() -> None:
    matrix, classes = full_matrix(28), caasi_v6_1().classes
    confusion_matrix_image(matrix, classes, title="the first call loads the fonts")
    times_s = []
    for _ in range(3):
        start = time.process_time()
        confusion_matrix_image(matrix, classes, title="epoch 2")
        times_s.append(time.process_time() - start)
    assert min(times_s) < 1


def test_a_row_without_positives_differs_from_a_row_of_misses() -> None:
    # Both rows have nothing on the diagonal; only one had images.
    image = confusion_matrix_image([[5, 0], [0, 0]], ["a", "b"], title="")
    other = confusion_matrix_image([[5, 0], [5, 0]], ["a", "b"], title="")
    num_grey, num_grey_in_other = ((each == 0xE4).all(axis=2).sum() for each in (image, other))
    assert num_grey > 1000
    assert num_grey_in_other < 10


def test_every_count_above_zero_is_written() -> None:
    def num_ink_pixels(matrix: list[list[int]]) -> int:
        image = confusion_matrix_image(matrix, ["a", "b"], title="")
        return int((image == [0x14, 0x20, 0x2B]).all(axis=2).sum())

    assert num_ink_pixels([[0, 0], [0, 0]]) == 0
    assert num_ink_pixels([[7, 0], [0, 0]]) == 0, "a count on a dark cell is light"
    one_row, two_rows = num_ink_pixels([[8, 8], [0, 0]]), num_ink_pixels([[8, 8], [8, 8]])
    assert two_rows == 2 * one_row > 0


def test_names_are_not_drawn_as_formulas() -> None:
    names = [r"$\frac{$", "a_{$b$}", "x" * 300, "<b>&amp;</b>"]
    image = confusion_matrix_image(full_matrix(4), names, title=r"$\undefined$")
    assert max(image.shape) < 1500


def test_pyplot_and_its_global_state_are_not_used() -> None:
    program = (
        "import sys; from training.evaluation.confusion_image import confusion_matrix_image as draw;"
        "draw([[1, 0], [0, 1]], ['a', 'b'], title='t'); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_names_that_the_font_cannot_draw_become_numbers_without_a_warning() -> None:
    hindi = "\u092e\u094b\u0924\u093f"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        confusion_matrix_image([[1, 0], [0, 1]], [hindi, "Normal"], title=f"test_on_{hindi}")
    assert _labels([hindi, "R\u00e9tine"]) == ["class 0", "R\u00e9tine"]
