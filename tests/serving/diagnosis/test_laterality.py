import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.diagnosis.laterality import LateralitySource, find_laterality, laterality_of_name
from serving.images.image import Laterality

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("0212_OI_f_1.jpg", LEFT),
        ("0403_OD_f_1.jpg", RIGHT),
        ("od_3.png", RIGHT),
        ("OS.dcm", LEFT),
        ("scan-R.dcm", RIGHT),
        ("img_l_2.png", LEFT),
        ("R1.png", RIGHT),
        ("12_left.jpeg", LEFT),
        ("RIGHT.png", RIGHT),
        ("leftEye.png", LEFT),
        ("patient7RightEye2.png", RIGHT),
        ("C:\\scans\\eye_os.png", LEFT),
        ("/data/left/12_od.png", RIGHT),
        ("no_ending_od", RIGHT),
    ],
)
def test_the_side_is_read_from_common_names(name: str, side: Laterality) -> None:
    assert laterality_of_name(name) is side


@pytest.mark.parametrize(
    "name",
    [
        "model.png",
        "food_1.png",
        "periods.png",
        "sole_1.png",
        "relay.png",
        "lens.png",
        "copyright.png",
        "bright_1.png",
        "leftover.png",
        "losod.png",
        "1ODx.png",
        "le_chat.png",
        "re_take.png",
        "left_right.png",
        "od_os.png",
        "od/12.png",
        "image.od",
        "\u00e9od.png",
        "",
        ".",
        ".png",
    ],
)
def test_other_names_say_no_side(name: str) -> None:
    assert laterality_of_name(name) is None


@given(st.text())
def test_any_name_is_read(name: str) -> None:
    assert laterality_of_name(name) in (None, RIGHT, LEFT)


@given(st.text(alphabet="abcdefghijkmnpqtuvwxyz", min_size=1), st.sampled_from(["od", "os"]))
def test_letters_around_it_make_an_abbreviation_part_of_a_word(text: str, side: str) -> None:
    assert laterality_of_name(f"{text}{side}{text}.png") is None


@pytest.mark.parametrize("part", ["A", "Aa", "od_", "A_", "_", "."])
def test_a_huge_name_takes_no_time(part: str) -> None:
    begin = time.process_time()
    laterality_of_name(part * 1_000_000)
    assert time.process_time() - begin < 0.2


def test_the_request_wins_over_the_tag_and_the_tag_over_the_name() -> None:
    assert find_laterality(request=LEFT, tag=RIGHT, file_name="od.png") == (
        LEFT,
        LateralitySource.REQUEST,
    )
    assert find_laterality(request=None, tag=RIGHT, file_name="os.png") == (
        RIGHT,
        LateralitySource.TAG,
    )
    assert find_laterality(request=None, tag=None, file_name="os.png") == (
        LEFT,
        LateralitySource.FILE_NAME,
    )
    assert find_laterality(request=None, tag=None, file_name="x.png") == (
        None,
        LateralitySource.UNKNOWN,
    )
