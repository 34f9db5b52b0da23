"""Makes a Secondary Capture of a picture that was drawn over a DICOM image."""

import highdicom
from highdicom.sc import SCImage
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

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
from serving.images.image import Pixels

SERIES_NUMBER = 9001
_PLACEHOLDER_ORIENTATION = ("L", "F")
_PURPOSE = codes.DCM.SourceImageForImageProcessingOperation


def secondary_capture(
    picture: Pixels, source: Source, algorithm: Algorithm, *, what: str, frame: int = 0
) -> bytes:
    """A DICOM file with `picture`, RGB uint8 [H, W, 3], that refers to `frame` of the source.

    `what` begins the description of its series, such as "Heat map". The pixels are not compressed,
    which every viewer reads. Raises ServingError REQUEST_INVALID if the source cannot be used.
    """
    with library_errors_as_refusals():
        capture = SCImage(
            pixel_array=picture,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            # Identifiers are added below: the library would quote them in warnings.
            study_instance_uid=source.study_uid,
            series_instance_uid=highdicom.UID(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            patient_orientation=_PLACEHOLDER_ORIENTATION,
            laterality=source.laterality or None,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            series_description=series_description(what),
            manufacturer_model_name=algorithm.name[:64],
            software_versions=algorithm.version[:64],
            device_serial_number=algorithm.run_id[:64] or None,
            content_qualification="RESEARCH",
        )
        capture.PatientOrientation = list(source.patient_orientation)
        capture.SourceImageSequence = [source_image(source, frame, purpose=_PURPOSE)]
        capture.DerivationDescription = f"{what} of a machine learning model over the source image"
        if source.is_lossy:
            capture.LossyImageCompression = "01"
        add_identifiers(capture, source)
        return to_file(capture)
