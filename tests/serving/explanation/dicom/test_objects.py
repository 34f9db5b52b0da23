import logging
import warnings
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from serving.errors import Reason, ServingError
from serving.explanation.dicom.objects import SegmentedImage, dicom_objects
from serving.explanation.dicom.source import read_source
from tests.serving.explanation.dicom.sources import (
    ACCESSION,
    ALGORITHM,
    FUNDUS,
    NAME,
    OCT,
    PATIENT_ID,
    header,
    oct_header,
    read,
)

CLASSES = ("background", "vessels", "disc", "hard exudates", "lesions")
OVERLAY = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


def segmented(rows: int = 40, columns: int = 60) -> SegmentedImage:
    class_map = np.zeros((rows, columns), np.uint8)
    class_map[2:4] = 1
    class_map[5:9, 3:7] = 3
    return SegmentedImage(
        image=np.full((rows, columns, 3), 90, np.uint8), class_map=class_map, classes=CLASSES
    )


def of_fundus(**changes: object) -> Dataset:
    (made,) = dicom_objects(header(**changes), ALGORITHM, heat_map=OVERLAY)
    assert made.kind == "secondary_capture"
    return read(made.content)


def of_oct(frame: int = 0, **changes: object) -> Dataset:
    (made,) = dicom_objects(oct_header(**changes), ALGORITHM, segmented=segmented(), frame=frame)
    assert made.kind == "segmentation"
    return read(made.content)


def test_the_overlay_of_a_fundus_becomes_a_secondary_capture_with_the_same_pixels() -> None:
    made = of_fundus()
    assert made.SOPClassUID.name == "Secondary Capture Image Storage"
    assert made.PhotometricInterpretation == "RGB"
    assert (made.pixel_array == OVERLAY).all()
    assert made.Laterality == "L"


@pytest.mark.parametrize("made", [of_fundus, of_oct])
def test_an_object_is_filed_with_the_patient_and_study_of_its_source(made: object) -> None:
    study, series = "1.2.3.4", "1.2.3.5"
    dataset = made(StudyInstanceUID=study, SeriesInstanceUID=series)  # type: ignore[operator]
    assert (dataset.PatientName, dataset.PatientID) == (NAME, PATIENT_ID)
    assert (dataset.AccessionNumber, dataset.StudyID) == (ACCESSION, "S1")
    assert (dataset.PatientBirthDate, dataset.PatientSex) == ("19500102", "F")
    assert (dataset.StudyDate, dataset.StudyTime) == ("20260101", "101112")
    assert dataset.StudyInstanceUID == study
    assert dataset.SeriesInstanceUID != series
    assert "PatientComments" not in dataset


@pytest.mark.parametrize("made", [of_fundus, of_oct])
def test_an_object_says_what_it_may_be_used_for_and_which_model_made_it(made: object) -> None:
    dataset = made()  # type: ignore[operator]
    assert dataset.SeriesDescription.endswith("research and decision support only")
    assert len(dataset.SeriesDescription) <= 64
    assert dataset.ContentQualification == "RESEARCH"
    assert (dataset.ManufacturerModelName, dataset.SoftwareVersions) == ("retina", "7")


@pytest.mark.parametrize(("made", "sop_class"), [(of_fundus, FUNDUS), (of_oct, OCT)])
def test_an_object_refers_to_its_source(made: object, sop_class: str) -> None:
    dataset = made(SOPInstanceUID="1.2.3.6")  # type: ignore[operator]
    (item,) = dataset.SourceImageSequence
    assert (item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID) == ("1.2.3.6", sop_class)
    assert dataset.SOPInstanceUID != "1.2.3.6"
    assert UID(dataset.SOPInstanceUID).is_valid


def test_masks_of_a_grey_image_become_a_segmentation_with_one_segment_each() -> None:
    (made,) = dicom_objects(oct_header(), ALGORITHM, segmented=segmented())
    parsed = highdicom.seg.Segmentation.from_dataset(read(made.content))
    labels = [parsed.get_segment_description(number).segment_label for number in range(1, 5)]
    assert labels == list(CLASSES[1:])
    (frame,) = parsed.get_pixels_by_source_frame(
        parsed.SourceImageSequence[0].ReferencedSOPInstanceUID,
        [1],
        ignore_spatial_locations=True,
        combine_segments=True,
        assert_missing_frames_are_empty=True,
    )
    assert (frame == segmented().class_map).all()


def test_known_structures_have_codes_of_snomed_and_others_our_own() -> None:
    segments = of_oct().SegmentSequence
    schemes = [s.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator for s in segments]
    assert schemes == ["SCT", "SCT", "99FOVEA", "SCT"]


def test_the_masks_of_one_frame_refer_to_that_frame() -> None:
    dataset = of_oct(frame=3)
    assert dataset.SourceImageSequence[0].ReferencedFrameNumber == 4
    for group in dataset.PerFrameFunctionalGroupsSequence:
        (derivation,) = group.DerivationImageSequence
        assert derivation.SourceImageSequence[0].ReferencedFrameNumber == 4


def test_an_image_of_one_frame_is_referred_to_without_a_frame() -> None:
    assert "ReferencedFrameNumber" not in of_oct(NumberOfFrames=None).SourceImageSequence[0]
    assert "ReferencedFrameNumber" not in of_fundus().SourceImageSequence[0]


def test_the_size_of_a_pixel_is_stated_where_the_source_states_it() -> None:
    stated = of_oct(PixelSpacing=[0.004, 0.011]).SharedFunctionalGroupsSequence[0]
    assert list(stated.PixelMeasuresSequence[0].PixelSpacing) == [0.004, 0.011]
    assert "PixelMeasuresSequence" not in of_oct().SharedFunctionalGroupsSequence[0]


def test_the_size_of_a_pixel_may_be_stated_for_each_frame() -> None:
    measures, group = Dataset(), Dataset()
    measures.PixelSpacing = [0.004, 0.011]
    group.PixelMeasuresSequence = [measures]
    stated = of_oct(PerFrameFunctionalGroupsSequence=[group]).SharedFunctionalGroupsSequence[0]
    assert list(stated.PixelMeasuresSequence[0].PixelSpacing) == [0.004, 0.011]


def test_masks_without_pixels_still_make_a_segmentation() -> None:
    empty = segmented()
    empty.class_map[:] = 0
    (made,) = dicom_objects(oct_header(), ALGORITHM, segmented=empty)
    assert not read(made.content).pixel_array.any()


def test_masks_of_a_colour_image_become_a_picture_since_viewers_fail_on_a_segmentation() -> None:
    made = dicom_objects(header(), ALGORITHM, heat_map=OVERLAY, segmented=segmented())
    assert [one.kind for one in made] == ["secondary_capture", "secondary_capture"]
    masks = read(made[1].content)
    assert masks.SeriesDescription.startswith("Masks")
    changed = (masks.pixel_array != 90).any(axis=2)
    assert (changed == (segmented().class_map > 0)).all()


def test_a_palette_image_counts_as_colour() -> None:
    palette = header(SamplesPerPixel=1, PhotometricInterpretation="PALETTE COLOR")
    (made,) = dicom_objects(palette, ALGORITHM, segmented=segmented())
    assert made.kind == "secondary_capture"


def test_masks_of_another_size_than_the_file_says_are_refused() -> None:
    with pytest.raises(ServingError, match="40 x 60") as raised:
        dicom_objects(oct_header(), ALGORITHM, segmented=segmented(rows=20))
    assert raised.value.reason is Reason.REQUEST_INVALID


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(200), b"text"])
def test_what_is_no_dicom_is_refused_and_the_error_says_what_to_do(content: bytes) -> None:
    with pytest.raises(ServingError, match="include_dicom") as raised:
        dicom_objects(content, ALGORITHM, heat_map=OVERLAY)
    assert raised.value.reason is Reason.REQUEST_INVALID


@pytest.mark.parametrize(
    "missing", ["StudyInstanceUID", "SOPInstanceUID", "SeriesInstanceUID", "Rows"]
)
def test_a_file_that_cannot_be_referred_to_is_refused(missing: str) -> None:
    with pytest.raises(ServingError, match="lacks or garbles"):
        dicom_objects(header(**{missing: None}), ALGORITHM, heat_map=OVERLAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"PatientName": "SECRET without carets"},
        {"PatientName": "SECRET^Müller=SECRET^ミュラー"},
        {"PatientBirthDate": "SECRET-DAY"},
        {"PatientSex": "SECRET"},
        {"StudyTime": "SECRET-TIME"},
        {"SpecificCharacterSet": "SECRET", "PatientName": "SECRET^Name"},
        {"AccessionNumber": "SECRET" * 20},
    ],
)
@pytest.mark.filterwarnings("ignore:::pydicom")
def test_values_against_the_rules_reach_neither_logs_nor_warnings_nor_errors(
    changes: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        contents = [header(**changes), oct_header(**changes)]
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for content in contents:
            try:
                dicom_objects(content, ALGORITHM, heat_map=OVERLAY, segmented=segmented())
            except ServingError as error:
                assert "SECRET" not in error.message  # noqa: PT017
    assert not any("SECRET" in str(one.message) for one in warned)
    assert "SECRET" not in caplog.text


def test_every_file_of_pydicoms_set_gives_objects_or_a_named_refusal() -> None:
    files = (Path(pydicom.__file__).parent / "data" / "test_files").glob("*.dcm")
    outcomes = {path.name: outcome_of(path.read_bytes()) for path in files}
    assert outcomes["MR_small.dcm"] == "segmentation"
    assert outcomes["SC_rgb_jpeg.dcm"] == "secondary_capture"
    assert outcomes["rtplan.dcm"] == "refused"
    assert len([name for name, kind in outcomes.items() if kind != "refused"]) > 30


def outcome_of(content: bytes) -> str:
    try:
        source = read_source(content)
        image = segmented(min(source.rows, 512), min(source.columns, 512))
        return dicom_objects(content, ALGORITHM, heat_map=OVERLAY, segmented=image)[1].kind
    except ServingError as error:
        assert error.reason is Reason.REQUEST_INVALID  # noqa: PT017
        return "refused"
