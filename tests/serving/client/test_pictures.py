"""Pictures of an answer are written under names that no class can choose."""

from pathlib import Path

from serving.client.pictures import save_pictures
from serving.client.text import diagnosis_text
from serving.v1 import diagnosis_pb2 as messages


def diagnosis() -> messages.Diagnosis:
    answer = messages.Diagnosis()
    image = answer.images.add()
    image.heat_map.class_name = "Fundus_RAO"
    image.heat_map.map_png = image.heat_map.overlay_png = b"map"
    image.heat_map.peaks.add().location = "upper nasal quadrant"
    mask = image.masks.add()
    mask.class_name, mask.png, mask.area = "../../vessels", b"mask", 0.125
    return answer


def test_heat_maps_and_masks_are_written_into_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    written = save_pictures(diagnosis(), ["a/b_od.png"], folder, first_number=3)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "3-b_od-heat-map.png": b"map",
        "3-b_od-mask-.._.._vessels.png": b"mask",
    }
    assert set(written) == set(folder.iterdir())


def test_the_text_says_what_pictures_there_are() -> None:
    text = diagnosis_text(diagnosis(), ["b_od.png"])
    assert "heat map of Fundus_RAO, strongest at: upper nasal quadrant" in text
    assert "mask of ../../vessels: 12.5% of the image" in text


def test_the_text_says_why_there_is_no_heat_map() -> None:
    answer = diagnosis()
    answer.images[0].heat_map.absent_reason = "the map is flat"
    assert "no heat map: the map is flat" in diagnosis_text(answer, ["b_od.png"])
