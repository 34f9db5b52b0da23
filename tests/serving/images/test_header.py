"""The header of a DICOM file, for objects that must carry its identifiers."""

import io
import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from serving.images.header import read_header
from serving.images.limits import DecodeLimits
from serving.images.refusal import Refusal, RefusalReason
from tests.serving.images.dicom_files import dicom_file, element, grey_dataset, raw_file

pytestmark = pytest.mark.filterwarnings("ignore")


def image() -> Dataset:
    dataset = grey_dataset(np.zeros((2, 3), np.uint8), PatientName="Doe^Jane", PatientID="77")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.5"
    return dataset


def header_of(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(read_header(content)))


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
)
def test_the_header_has_what_identifies_the_study_and_describes_the_image(syntax: str) -> None:
    dataset = image()
    header = header_of(dicom_file(dataset, syntax))
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "SOPInstanceUID", "Rows"):
        assert header[keyword].value == dataset[keyword].value
    assert header.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_a_big_endian_header_is_read() -> None:
    assert header_of(dicom_file(image(), ExplicitVRBigEndian)).Columns == 3


def test_pixels_icons_overlays_and_private_attributes_are_left_out() -> None:
    dataset = image()
    icon = grey_dataset(np.zeros((2, 2), np.uint8))
    dataset.IconImageSequence = [icon]
    dataset.add_new(0x60000010, "US", 2)
    dataset.private_block(0x0009, "Maker", create=True).add_new(1, "LO", "private value")
    dataset.RequestAttributesSequence = [Dataset()]
    inner = dataset.RequestAttributesSequence[0]
    inner.private_block(0x0009, "Maker", create=True).add_new(1, "LO", "private value")
    content = dicom_file(dataset)
    header = header_of(content)
    assert "PixelData" not in header
    assert "IconImageSequence" not in header
    assert 0x60000010 not in header
    assert b"private value" not in read_header(content)
    assert "RequestAttributesSequence" in header


def test_an_attribute_that_cannot_be_read_is_left_out() -> None:
    content = raw_file(
        element(0x00100010, "PN", b"Doe^Jane"),
        element(0x00280008, "IS", b"no number "),
        element(0x00280010, "US", b"\x01"),
        element(0x00280011, "US", struct.pack("<H", 3)),
    )
    header = header_of(content)
    assert header.PatientName == "Doe^Jane"
    assert header.Columns == 3
    assert "Rows" not in header


def test_a_header_above_its_limit_is_refused() -> None:
    dataset = image()
    dataset.ImageComments = "x" * 5000
    with pytest.raises(Refusal) as caught:
        read_header(dicom_file(dataset), DecodeLimits(header_bytes=4096))
    assert caught.value.reason is RefusalReason.TOO_LARGE


def test_what_is_no_dicom_file_has_no_header() -> None:
    with pytest.raises(Refusal) as caught:
        read_header(b"\x89PNG\r\n\x1a\n")
    assert caught.value.reason is RefusalReason.UNSUPPORTED


@pytest.mark.parametrize("name", ["MR_small.dcm", "examples_ybr_color.dcm", "JPEG2000.dcm"])
def test_headers_of_real_files_are_small_and_complete(name: str) -> None:
    path = Path(str(get_testdata_file(name, download=False)))
    original = pydicom.dcmread(path, stop_before_pixels=True)
    header = read_header(path.read_bytes())
    assert len(header) < 20_000
    found = pydicom.dcmread(io.BytesIO(header))
    assert found.SOPInstanceUID == original.SOPInstanceUID
    assert found.Rows == original.Rows
