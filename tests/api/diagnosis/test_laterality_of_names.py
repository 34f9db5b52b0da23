"""The service finds the same side in the harmless name as in the original one."""

import pytest

from api.diagnosis.file_names import harmless_name
from serving.diagnosis.laterality import laterality_of_name


@pytest.mark.parametrize(
    "name",
    [
        *("0212_OI_f_1.jpg", "od_3.png", "12_left.jpeg", "leftEye.png", "RightEye.dcm"),
        *("Okonkwo_OD_2024.dcm", "L.png", "r-2.tif", "od_os.png", "Smith.png", "OsRight.png"),
        *("rightleft.png", "image_R_L.png", "OG1.bmp", "left/od.png", "Oslo.png", "od"),
    ],
)
def test_the_side_is_the_same(name: str) -> None:
    assert laterality_of_name(harmless_name(name)) == laterality_of_name(name)
