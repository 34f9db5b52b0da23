"""Reads from the header of a DICOM file what an object derived from it must carry."""

import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pydicom
from pydicom import Dataset
from pydicom.uid import UID

from serving.errors import Reason, ServingError
from serving.images.dicom.facts import pixel_spacing_mm

IDENTIFIERS = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""The attributes that are copied from the source, and no others: viewers file the object by them."""

_NO_DICOM = (
    "DICOM objects can be made for DICOM input only, and this file is none. "
    "Send a DICOM file, or leave include_dicom out."
)

_warning_filters_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Source:
    """The instance that an object is derived from."""

    identifiers: Dataset
    """The elements of IDENTIFIERS that the source has."""
    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame_of_reference_uid: str
    """Empty if the source has none."""
    rows: int
    columns: int
    num_frames: int
    is_colour: bool
    modality: str
    patient_orientation: tuple[str, ...]
    laterality: str
    """R or L; empty if the source does not say."""
    pixel_spacing_mm: tuple[float, float] | None
    """Between rows and between columns; None if the source does not say."""
    is_lossy: bool


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep warnings and logs of the libraries back: they quote the values that they are about."""
    for name in ("pydicom", "highdicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # The filters are those of the whole process: a thread that restores them would let the warnings
    # of another one through.
    with _warning_filters_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_source(header: bytes) -> Source:
    """Read the header of a DICOM file, as `serving.images` keeps it while a request is answered.

    Raises ServingError REQUEST_INVALID if there is none, or if it lacks what identifies the
    instance. Neither the error nor a warning quotes the header.
    """
    if not header:
        raise ServingError(Reason.REQUEST_INVALID, _NO_DICOM)
    try:
        with quiet_libraries():
            return _source(pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True, force=True))
    except Exception:  # noqa: BLE001, pydicom raises errors of any type for damaged files
        raise ServingError(
            Reason.REQUEST_INVALID,
            "No DICOM object can be made: the header of the file lacks or garbles what identifies "
            "its study, series and instance, or the size of the image. Leave include_dicom out.",
        ) from None


def _source(dataset: Dataset) -> Source:
    identifiers = Dataset()
    for keyword in IDENTIFIERS:
        if keyword in dataset:
            identifiers.add(dataset[keyword])
    laterality = str(dataset.get("ImageLaterality") or dataset.get("Laterality") or "")
    return Source(
        identifiers=identifiers,
        study_uid=_uid(dataset, "StudyInstanceUID"),
        series_uid=_uid(dataset, "SeriesInstanceUID"),
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID") or ""),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        num_frames=int(dataset.get("NumberOfFrames") or 1),
        is_colour=_is_colour(dataset),
        modality=str(dataset.get("Modality") or "OT"),
        patient_orientation=tuple(map(str, dataset.get("PatientOrientation") or ())),
        laterality=laterality if laterality in ("R", "L") else "",
        pixel_spacing_mm=pixel_spacing_mm(dataset),
        is_lossy=dataset.get("LossyImageCompression") == "01",
    )


def _uid(dataset: Dataset, keyword: str) -> str:
    uid = UID(str(dataset[keyword].value))
    if not uid.is_valid:
        raise ValueError(f"{keyword} is no UID.")
    return str(uid)


def _is_colour(dataset: Dataset) -> bool:
    is_palette = dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    return is_palette or int(dataset.get("SamplesPerPixel") or 1) > 1
