"""Of a file's name, the service gets only what says which eye it is, and its kind."""

import pytest

from api.diagnosis.file_names import harmless_name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Okonkwo_Adaeze_OD_2024.dcm", "od.dcm"),
        ("12_left.jpeg", "left.jpeg"),
        ("leftEye.png", "left.png"),
        ("0212_OI_f_1.JPG", "oi.jpg"),
        ("left/Smith.png", "image.png"),
        ("C:\\patients\\right\\Smith R.tif", "r.tif"),
        ("od_os.png", "od_os.png"),
        ("Smith.E2E", "image.e2e"),
        ("Smith.Jones", "image"),
        ("Smith", "image"),
        ("", "image"),
        (".png", "image.png"),
        ("Leftwich.png", "image.png"),
        ("l" * 5000 + ".png", "image.png"),
        ("od\n\u202e.dcm", "od.dcm"),
    ],
)
def test_only_the_side_and_the_ending_are_kept(name: str, kept: str) -> None:
    assert harmless_name(name) == kept


def test_a_name_of_many_sides_stays_short() -> None:
    assert harmless_name("od_" * 1000 + ".png") == "od_od_od_od.png"
