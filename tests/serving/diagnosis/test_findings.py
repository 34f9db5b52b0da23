import io

import numpy as np
import pytest
from PIL import Image

from serving.diagnosis.findings import Place, list_findings, located_heat_map, severity_of
from serving.diagnosis.risk import PositiveCondition
from serving.images.image import Laterality, Modality
from serving.v1 import diagnosis_pb2 as pb
from tests.serving.diagnosis.requests import RULES

RIGHT_FUNDUS = Place(modality=Modality.FUNDUS, laterality=Laterality.RIGHT)


def positive(class_name: str, probability: float = 0.8) -> PositiveCondition:
    row = RULES.condition_of_class(class_name)
    return PositiveCondition(row=row, probability=probability, rule=None)


def mask(name: str, boxes: list[tuple[int, int, int, int]]) -> pb.Mask:
    """White boxes (left, top, right, bottom) in an image of 100 x 100 pixels."""
    pixels = np.zeros((100, 100), np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return pb.Mask(class_name=name, png=file.getvalue(), area=float((pixels > 0).mean()))


def findings(
    class_name: str,
    *,
    heat_map: pb.HeatMap | None = None,
    masks: tuple[pb.Mask, ...] = (),
    place: Place = RIGHT_FUNDUS,
) -> list[pb.Finding]:
    return list_findings(
        class_name=class_name,
        positives=[positive(class_name)],
        heat_map=heat_map,
        masks=masks,
        place=place,
    )


HEAT_MAP = pb.HeatMap(
    class_name="Fundus_DME",
    peaks=[
        pb.PeakRegion(x=0.8, y=0.1, width=0.1, height=0.1, strength=0.9),
        pb.PeakRegion(x=0.1, y=0.8, width=0.1, height=0.1, strength=0.6),
    ],
)


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("Fundus_DR_Mild", "mild"),
        ("DR-moderate", "moderate"),
        ("Severe NPDR", "severe"),
        ("Fundus_DR_Proliferative", ""),
        ("Mildred", ""),
        ("mild_or_moderate", ""),
        ("", ""),
    ],
)
def test_severity_is_what_the_class_says(name: str, severity: str) -> None:
    assert severity_of(name) == severity


def test_a_class_without_a_heat_map_has_no_location() -> None:
    (finding,) = findings("Fundus_DR_Severe")
    assert finding.source == "class"
    assert finding.pathology == "severe non-proliferative diabetic retinopathy"
    assert finding.severity == "severe"
    assert finding.location == ""
    assert finding.confidence == 0.8


def test_a_normal_class_is_no_finding_even_with_a_heat_map() -> None:
    assert findings("Fundus_Normal", heat_map=HEAT_MAP) == []


def test_peaks_of_the_heat_map_are_findings_with_their_place() -> None:
    of_class, first, second = findings("Fundus_DME", heat_map=HEAT_MAP)
    assert of_class.location == first.location == "superior nasal quadrant"
    assert second.location == "inferior temporal quadrant"
    assert first.source == "heat_map"
    assert first.confidence == pytest.approx(0.9)


def test_without_laterality_the_side_of_the_image_is_named() -> None:
    place = Place(modality=Modality.FUNDUS, laterality=None)
    _, first, _ = findings("Fundus_DME", heat_map=HEAT_MAP, place=place)
    assert first.location == "superior part, right side of the image"


def test_an_absent_heat_map_adds_nothing() -> None:
    absent = pb.HeatMap(class_name="Fundus_DME", absent_reason="the map is flat")
    assert len(findings("Fundus_DME", heat_map=absent)) == 1


def test_a_lesion_of_the_segmentation_is_a_finding_and_anatomy_is_not() -> None:
    masks = (
        mask("Vessel", [(0, 0, 100, 40)]),
        mask("Optic_disc", [(70, 45, 80, 55)]),
        mask("Optic_cup", [(73, 48, 77, 52)]),
        mask("Inner_retina", [(0, 60, 100, 70)]),
        mask("Red_lesion", [(10, 10, 20, 20), (90, 90, 92, 92)]),
        mask("Fluid", [(45, 45, 50, 55)]),
        mask("Bright_lesion", []),
    )
    found = findings("Fundus_Normal", masks=masks)
    assert [item.pathology for item in found] == ["Red lesion", "Fluid"]
    # The largest lesion gives the place, relative to the disc.
    assert [item.location for item in found] == ["superior temporal quadrant", "macula"]
    assert {item.source for item in found} == {"segmentation"}
    assert {item.confidence for item in found} == {0.0}


def test_a_mask_that_is_no_picture_is_no_finding() -> None:
    broken = pb.Mask(class_name="Red_lesion", png=b"no picture", area=0.1)
    assert findings("Fundus_Normal", masks=(broken,)) == []


def test_locations_of_peaks_are_written_without_changing_the_given_map() -> None:
    located = located_heat_map(HEAT_MAP, (), RIGHT_FUNDUS)
    assert [peak.location for peak in located.peaks] == [
        "superior nasal quadrant",
        "inferior temporal quadrant",
    ]
    assert HEAT_MAP.peaks[0].location == ""
