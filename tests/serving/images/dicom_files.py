"""Makes DICOM files, well-formed and damaged ones."""

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

OPHTHALMIC_TOMOGRAPHY = "1.2.840.10008.5.1.4.1.1.77.1.5.4"
OPHTHALMIC_PHOTOGRAPHY = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

Array = np.ndarray[Any, np.dtype[Any]]


def grey_dataset(frames: Array, **attributes: Any) -> Dataset:
    """A MONOCHROME2 image of [H, W] or [frames, H, W] integers; attributes by keyword, None for absent."""
    stack = frames if frames.ndim == 3 else frames[None]
    bits = stack.dtype.itemsize * 8
    dataset = _dataset(stack.shape[1], stack.shape[2], samples=1, bits=bits)
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelRepresentation = int(stack.dtype.kind == "i")
    if frames.ndim == 3:
        dataset.NumberOfFrames = len(stack)
    dataset.PixelData = _even(stack.tobytes())
    return _with(dataset, attributes)


def colour_dataset(frame: Array, **attributes: Any) -> Dataset:
    """An RGB image of [H, W, 3] unsigned integers."""
    dataset = _dataset(frame.shape[0], frame.shape[1], samples=3, bits=frame.dtype.itemsize * 8)
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.PixelRepresentation = 0
    dataset.PixelData = _even(frame.tobytes())
    return _with(dataset, attributes)


def with_streams(dataset: Dataset, streams: Sequence[bytes], **options: Any) -> Dataset:
    """The data set with compressed pixel data, a stream for each frame."""
    dataset.PixelData = encapsulate(list(streams), **options)
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    return dataset


def compressed(dataset: Dataset, syntax: str) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(syntax)
    return dataset


def dicom_file(dataset: Dataset, syntax: str | None = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a file; without a transfer syntax if it is None."""
    buffer = io.BytesIO()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax or ExplicitVRLittleEndian)
    dataset.file_meta = meta
    dataset.preamble = bytes(128)
    dcmwrite(buffer, dataset, enforce_file_format=False)
    content = buffer.getvalue()
    return content if syntax else content[:132] + content[132 + _meta_length(content) :]


def element(tag: int, vr: str, value: bytes) -> bytes:
    """An element in Explicit VR Little Endian."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in ("OB", "OW", "SQ", "UN"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def raw_file(*elements: bytes) -> bytes:
    """A file of these elements, in Explicit VR Little Endian."""
    syntax = element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0")
    return bytes(128) + b"DICM" + syntax + b"".join(elements)


def _meta_length(content: bytes) -> int:
    position = 132
    while content[position : position + 2] == b"\x02\x00":
        vr = content[position + 4 : position + 6]
        if vr in (b"OB", b"UN"):
            (length,) = struct.unpack_from("<I", content, position + 8)
            position += 12 + length
        else:
            (length,) = struct.unpack_from("<H", content, position + 6)
            position += 8 + length
    return position - 132


def _dataset(height: int, width: int, *, samples: int, bits: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = SECONDARY_CAPTURE
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "OT"
    dataset.Rows, dataset.Columns = height, width
    dataset.SamplesPerPixel = samples
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    return dataset


def _with(dataset: Dataset, attributes: dict[str, Any]) -> Dataset:
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def _even(content: bytes) -> bytes:
    return content + b"\0" * (len(content) % 2)
