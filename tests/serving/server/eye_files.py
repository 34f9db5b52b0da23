"""Files of eyes as requests bring them: pictures, and DICOM with a patient's identifiers."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    OphthalmicPhotography8BitImageStorage,
    OphthalmicTomographyImageStorage,
    generate_uid,
)

from serving.images.image import Pixels
from tests.serving.server.fakes import PATIENT


def png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def fundus_dicom(pixels: Pixels, laterality: str = "R") -> bytes:
    """A colour photograph of 8 bits."""
    dataset = _dataset(OphthalmicPhotography8BitImageStorage, "OP", laterality)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration = 0
    return _file(dataset, pixels)


def oct_dicom(frames: Sequence[Pixels], laterality: str = "L") -> bytes:
    """A volume; the frames are stored in grey."""
    dataset = _dataset(OphthalmicTomographyImageStorage, "OPT", laterality)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.NumberOfFrames = len(frames)
    return _file(dataset, np.stack([frame[..., 0] for frame in frames]))


def _dataset(sop_class: str, modality: str, laterality: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientName, dataset.PatientID = PATIENT, PATIENT
    dataset.Modality, dataset.ImageLaterality = modality, laterality
    return dataset


def _file(dataset: Dataset, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    dataset.Rows, dataset.Columns = (
        pixels.shape[1:3] if dataset.SamplesPerPixel == 1 else pixels.shape[:2]
    )
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
