import pytest

from serving.explanation.area import WHOLE, seen_area


def test_a_stretched_image_is_seen_as_a_whole() -> None:
    assert seen_area(300, 500, framing="stretch", decode_size=256, image_size=224) == WHOLE


def test_of_a_wide_image_the_central_square_is_seen() -> None:
    area = seen_area(256, 512, framing="crop", decode_size=256, image_size=224)
    assert (area.top, area.bottom) == (16 / 256, 240 / 256)
    assert (area.left, area.right) == (144 / 512, 368 / 512)


def test_of_a_high_image_the_central_square_is_seen() -> None:
    area = seen_area(1024, 256, framing="crop", decode_size=128, image_size=128)
    assert (area.left, area.right) == (0, 1)
    assert (area.top, area.bottom) == (192 / 512, 320 / 512)


def test_what_is_seen_is_square_in_pixels() -> None:
    area = seen_area(1934, 2576, framing="crop", decode_size=256, image_size=224)
    width, height = (area.right - area.left) * 2576, (area.bottom - area.top) * 1934
    assert width == pytest.approx(height, rel=0.01)


def test_a_size_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        seen_area(0, 10, framing="crop", decode_size=256, image_size=224)
