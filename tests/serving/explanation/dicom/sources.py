"""Headers of DICOM images of the eye, with identifiers that must stay where they belong."""

import io
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from serving.explanation.dicom.derivation import Algorithm

FUNDUS = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
OCT = "1.2.840.10008.5.1.4.1.1.77.1.5.4"
NAME, PATIENT_ID, ACCESSION = "Secret^Patient", "SECRET-4711", "SECRET-ACC"
ALGORITHM = Algorithm(name="retina", version="7", run_id="0123456789abcdef" * 2)


def header(sop_class: str = FUNDUS, **changes: Any) -> bytes:
    """A file without pixels: a colour fundus photograph of 40 x 60 pixels unless changed."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    values: dict[str, Any] = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": NAME,
        "PatientID": PATIENT_ID,
        "PatientBirthDate": "19500102",
        "PatientSex": "F",
        "PatientComments": "SECRET-COMMENT",
        "StudyDate": "20260101",
        "StudyTime": "101112",
        "StudyID": "S1",
        "AccessionNumber": ACCESSION,
        "ReferringPhysicianName": "Secret^Doctor",
        "Modality": "OP",
        "ImageLaterality": "L",
        "Rows": 40,
        "Columns": 60,
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        **changes,
    }
    dataset.file_meta.MediaStorageSOPInstanceUID = values["SOPInstanceUID"] or generate_uid()
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def oct_header(**changes: Any) -> bytes:
    """A volume of five grey frames."""
    grey = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    return header(OCT, **{"Modality": "OPT", "NumberOfFrames": 5, **grey, **changes})


def read(content: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(content))
