"""What identifies a patient is in no result, message or log of the decoding, wherever a file has it."""

import io
import logging
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import JPEGBaseline8Bit

from serving.errors import ServingError
from serving.images.limits import DecodeLimits
from serving.images.pool import DecodePool
from tests.serving.images.dicom_files import (
    dicom_file,
    element,
    grey_dataset,
    raw_file,
    with_streams,
)
from tests.serving.images.oct.oct_files import PATIENT, e2e_file, topcon_file, vol_file

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore")]

PLANTED = "Zebrafink"
NUMBER = "99417733"
LEVELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
SCANS = np.zeros((2, 8, 10), np.uint8)


def everywhere(dataset: Dataset) -> Dataset:
    """The identifiers in attributes of each kind, also where codes and numbers belong."""
    dataset.PatientName, dataset.PatientID = f"{PLANTED}^Q", NUMBER
    dataset.PatientBirthDate, dataset.PatientComments = "19010203", PLANTED
    dataset.StudyInstanceUID = f"1.2.{NUMBER}.1"
    dataset.SOPInstanceUID = f"1.2.{NUMBER}.2"
    dataset.ReferringPhysicianName = dataset.InstitutionName = PLANTED
    dataset.Modality, dataset.ImageLaterality = PLANTED.upper(), PLANTED.upper()
    dataset.VOILUTFunction = dataset.BurnedInAnnotation = PLANTED.upper()
    dataset.private_block(0x0009, PLANTED, create=True).add_new(1, "LO", PLANTED)
    item = Dataset()
    item.PatientName = PLANTED
    dataset.SharedFunctionalGroupsSequence = [item]
    return dataset


def with_value(tag: int, vr: str, value: bytes) -> bytes:
    """A file whose attribute has an impossible value, which libraries quote in their errors."""
    elements = {
        0x00080016: element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.7\0"),
        0x00280002: element(0x00280002, "US", b"\1\0"),
        0x00280004: element(0x00280004, "CS", b"MONOCHROME2 "),
        0x00280010: element(0x00280010, "US", b"\x08\0"),
        0x00280011: element(0x00280011, "US", b"\x08\0"),
        0x00280100: element(0x00280100, "US", b"\x08\0"),
        0x00280101: element(0x00280101, "US", b"\x08\0"),
        0x00280103: element(0x00280103, "US", b"\0\0"),
        0x7FE00010: element(0x7FE00010, "OB", LEVELS.tobytes()),
        tag: element(tag, vr, value),
    }
    return raw_file(*(elements[number] for number in sorted(elements)))


def jpeg_with_comment() -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLANTED
    Image.fromarray(LEVELS).save(buffer, "JPEG", comment=PLANTED.encode(), exif=exif)
    return buffer.getvalue()


def png_with_text() -> bytes:
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415, only here

    buffer, info = io.BytesIO(), PngInfo()
    info.add_text("Patient", PLANTED)
    Image.fromarray(LEVELS).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


NAME = PLANTED.encode() + b" "
FILES = {
    "image": lambda: dicom_file(everywhere(grey_dataset(LEVELS))),
    "cut off": lambda: dicom_file(everywhere(grey_dataset(LEVELS, NumberOfFrames=9))),
    "no image": lambda: dicom_file(everywhere(grey_dataset(LEVELS, PixelData=None))),
    "photometric": lambda: with_value(0x00280004, "CS", NAME),
    "samples": lambda: with_value(0x00280002, "LO", NAME),
    "rows": lambda: with_value(0x00280010, "LO", NAME),
    "bits": lambda: with_value(0x00280100, "LO", NAME),
    "frames": lambda: with_value(0x00280008, "IS", NAME),
    "window": lambda: with_value(0x00281050, "DS", NAME),
    "slope": lambda: with_value(0x00281053, "DS", NAME),
    "spacing": lambda: with_value(0x00280030, "DS", NAME),
    "class": lambda: with_value(0x00080016, "UI", NAME),
    "character set": lambda: with_value(0x00080005, "CS", NAME),
    "text for pixels": lambda: with_value(0x7FE00010, "OB", NAME * 3),
    "damaged stream": lambda: dicom_file(
        with_streams(everywhere(grey_dataset(LEVELS)), [NAME * 9]), JPEGBaseline8Bit
    ),
    "text": f"Patient {PLANTED} {NUMBER}".encode,
    "JSON": f'{{"patient": "{PLANTED}"}}'.encode,
    "JPEG": jpeg_with_comment,
    "damaged JPEG": lambda: jpeg_with_comment()[:200],
    "PNG": png_with_text,
    "damaged PNG": lambda: png_with_text()[:-30],
    "VOL": lambda: vol_file(SCANS, eye="OS").replace(PATIENT, PLANTED.encode().ljust(12)),
    "E2E": lambda: e2e_file([(SCANS, "L")]).replace(PATIENT, PLANTED.encode().ljust(12)),
    "FDS": lambda: topcon_file(levels=SCANS.astype(np.uint16)).replace(
        PATIENT, PLANTED.encode().ljust(12)
    ),
}


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncIterator[DecodePool]:
    pool = DecodePool(num_processes=1, limits=DecodeLimits(timeout_s=20))
    await pool.start()
    yield pool
    await pool.close()


async def said_about(pool: DecodePool, content: bytes) -> str:
    """Everything that the decoding says about the file, in words."""
    try:
        found = await pool.decode(content, file_name=f"{PLANTED}_{NUMBER}.dcm")
    except ServingError as error:
        return f"{error!r} {error.message} {error.__cause__!r}"
    facts: dict[str, Any] = {**vars(found), "frames": len(found.frames)}
    return repr(facts)


@pytest.mark.parametrize("name", FILES)
async def test_no_identifier_is_passed_on(
    name: str,
    pool: DecodePool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content = FILES[name]()
    assert PLANTED.encode() in content
    caplog.set_level(logging.DEBUG)
    said = await said_about(pool, content)
    output = "".join(capfd.readouterr())
    for identifier in (PLANTED, NUMBER, "19010203", PATIENT.decode()):
        assert identifier.lower() not in said.lower()
        assert identifier not in caplog.text
        assert identifier not in output
