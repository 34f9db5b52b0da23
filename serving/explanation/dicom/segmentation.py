"""Makes a DICOM Segmentation of a class map."""

import re
from collections.abc import Sequence

import highdicom
import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from serving.errors import Reason, ServingError
from serving.explanation.dicom.derivation import (
    MANUFACTURER,
    Algorithm,
    add_identifiers,
    library_errors_as_refusals,
    series_description,
    source_image,
    to_file,
)
from serving.explanation.dicom.source import Source
from serving.explanation.masks import Array, require_class_map

SERIES_NUMBER = 9002
PRIVATE_SCHEME = "99FOVEA"
_NO_VALUE = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
_ANATOMY = {"vessel": codes.SCT.BloodVessel, "disc": codes.SCT.OpticNerveHead}
_ABNORMAL = {"lesion": codes.SCT.Lesion}


def segmentation(
    class_map: Array,
    classes: Sequence[str],
    source: Source,
    algorithm: Algorithm,
    *,
    frame: int = 0,
) -> bytes:
    """A DICOM file with one segment for each class but the background, over `frame` of the source.

    `class_map` is uint8 [Rows, Columns] with positions in `classes`; 0 is the background. Raises
    ServingError REQUEST_INVALID if the sizes differ or the source cannot be used, ValueError if the
    map holds no positions in `classes`.
    """
    require_class_map(class_map, classes)
    if class_map.shape != (source.rows, source.columns):
        raise ServingError(
            Reason.REQUEST_INVALID,
            f"Expected masks of {source.rows} x {source.columns} pixels, as the DICOM file says, "
            f"but the image has {class_map.shape[0]} x {class_map.shape[1]}.",
        )
    with library_errors_as_refusals():
        made = Segmentation(
            source_images=[_stand_in(source)],
            pixel_array=class_map[np.newaxis],
            segmentation_type="BINARY",
            segment_descriptions=_descriptions(classes, algorithm),
            series_instance_uid=highdicom.UID(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=algorithm.name[:64],
            software_versions=algorithm.version[:64],
            device_serial_number=algorithm.run_id[:64] or "unknown",
            content_label="SEGMENTATION",
            content_description="Masks of a machine learning model",
            series_description=series_description("Masks"),
            content_qualification="RESEARCH",
        )
        if source.pixel_spacing_mm is None:
            made.SharedFunctionalGroupsSequence[0].pop("PixelMeasuresSequence", None)
        _refer_to_frame(made, source, frame)
        add_identifiers(made, source)
        return to_file(made)


def _stand_in(source: Source) -> Dataset:
    """The source as one frame without identifiers: the library would quote them in warnings."""
    image = Dataset()
    image.StudyInstanceUID = source.study_uid
    image.SeriesInstanceUID = source.series_uid
    image.SOPClassUID = source.sop_class_uid
    image.SOPInstanceUID = source.sop_instance_uid
    image.Modality = source.modality
    image.Rows = source.rows
    image.Columns = source.columns
    measures = Dataset()
    if source.pixel_spacing_mm is not None:
        image.PixelSpacing = list(source.pixel_spacing_mm)
        measures.PixelSpacing = list(source.pixel_spacing_mm)
    # Kinds of images that may have many frames are expected to have these.
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    image.NumberOfFrames = 1
    image.SharedFunctionalGroupsSequence = [shared]
    for keyword in _NO_VALUE:
        setattr(image, keyword, None)
    if source.frame_of_reference_uid:
        image.FrameOfReferenceUID = source.frame_of_reference_uid
    if source.is_lossy:
        image.LossyImageCompression = "01"
    return image


def _refer_to_frame(made: Dataset, source: Source, frame: int) -> None:
    """Name the frame of a multi-frame source wherever the library refers to the whole source."""
    if source.num_frames == 1:
        return
    made.SourceImageSequence = [source_image(source, frame)]
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence", ()):
            for item in derivation.SourceImageSequence:
                item.ReferencedFrameNumber = frame + 1


def _descriptions(classes: Sequence[str], algorithm: Algorithm) -> list[SegmentDescription]:
    identification = AlgorithmIdentificationSequence(
        name=algorithm.name[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=algorithm.version[:64],
    )
    return [
        _description(number, name, identification)
        for number, name in enumerate(classes)
        if number > 0
    ]


def _description(
    number: int, name: str, identification: AlgorithmIdentificationSequence
) -> SegmentDescription:
    category, kind = _concepts_of(name)
    return SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type="AUTOMATIC",
        algorithm_identification=identification,
    )


def _concepts_of(class_name: str) -> tuple[Code, Code]:
    """Category and type of a class: of SNOMED CT if its name says vessel, disc or lesion, else ours."""
    lower = class_name.lower()
    for word, code in _ANATOMY.items():
        if word in lower:
            return codes.SCT.AnatomicalStructure, code
    for word, code in _ABNORMAL.items():
        if word in lower:
            return codes.SCT.MorphologicallyAbnormalStructure, code
    value = re.sub(r"[^A-Z0-9]+", "_", class_name.upper())[:16] or "CLASS"
    return (
        Code("MODEL_CLASS", PRIVATE_SCHEME, "Class of the segmentation model"),
        Code(value, PRIVATE_SCHEME, class_name[:64]),
    )
