"""Reads the header of a DICOM file: all attributes but the pixels, for objects that must carry them.

A Segmentation or Secondary Capture belongs to the patient and study of its source. Nothing else with
identifiers leaves a decode process, and its caller must not keep the header longer than the request.
"""

import io

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian

from serving.images.dicom.reading import read_dicom
from serving.images.kinds import FileKind, file_kind_of
from serving.images.limits import DecodeLimits
from serving.images.refusal import errors_as_refusals, too_large, unsupported

_DROPPED_GROUPS = (0x0000, 0x0002, 0x5400, 0x7FE0)
_OVERLAY_GROUPS = range(0x6000, 0x6100)
_DROPPED_KEYWORDS = ("IconImageSequence", "EncapsulatedDocument")
_MAX_VALUE_BYTES = 64 * 1024
_PREAMBLE_BYTES = 128


def read_header(content: bytes, limits: DecodeLimits | None = None) -> bytes:
    """A DICOM file in Explicit VR Little Endian with the standard attributes of the given one.

    Pixels, icons, overlays, waveforms, private attributes and what cannot be read are left out. Read the
    result with `pydicom.dcmread(io.BytesIO(header))`. Raises Refusal if the content is no DICOM file.
    """
    limits = limits or DecodeLimits()
    if file_kind_of(content, "") is not FileKind.DICOM:
        raise unsupported("Only a DICOM file has a header for DICOM objects.")
    with errors_as_refusals(FileKind.DICOM):
        header = _file_of(_kept_attributes(read_dicom(content, None, limits).dataset))
    if len(header) > limits.header_bytes:
        raise too_large(
            f"The header of the DICOM file has more than {limits.header_bytes:,} bytes. "
            "Ask for the answer without DICOM objects."
        )
    return header


def _kept_attributes(dataset: Dataset) -> Dataset:
    kept = Dataset()
    for tag in sorted(dataset.keys()):
        if tag.is_private or tag.group in _DROPPED_GROUPS or tag.group in _OVERLAY_GROUPS:
            continue
        element = _writable_element(dataset, tag)
        if element is not None:
            kept.add(element)
    return kept


def _writable_element(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    """The element; None if it is an image, or if it cannot be written, as then no header could be."""
    try:
        element = dataset[tag]
        is_large = isinstance(element.value, bytes) and len(element.value) > _MAX_VALUE_BYTES
        if element.keyword in _DROPPED_KEYWORDS or is_large:
            return None
        alone = Dataset()
        alone.add(element)
        _file_of(alone)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001, pydicom raises errors of any type for damaged values
        return None
    return element


def _file_of(dataset: Dataset) -> bytes:
    """The content of a DICOM file with the data set, without its private attributes."""
    dataset.remove_private_tags()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.preamble = bytes(_PREAMBLE_BYTES)
    buffer = io.BytesIO()
    dcmwrite(
        buffer, dataset, implicit_vr=False, little_endian=True, force_encoding=True, overwrite=True
    )
    return buffer.getvalue()
