"""Reads the allowed attributes of a DICOM file, with or without its header, and inflates it within a limit."""

import io
import zlib
from dataclasses import dataclass

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from serving.images.limits import DecodeLimits
from serving.images.refusal import too_large, unreadable

_PREAMBLE_BYTES, _MARK = 128, b"DICM"


@dataclass(frozen=True, kw_only=True)
class DicomFile:
    dataset: Dataset
    transfer_syntax: UID | None
    """None if the file does not say."""
    is_implicit: bool
    is_little_endian: bool


def read_dicom(content: bytes, keywords: tuple[str, ...] | None, limits: DecodeLimits) -> DicomFile:
    """The attributes named by `keywords` only; all of them if it is None.

    Raises Refusal if the inflated file exceeds its limit; any other error of a damaged file is pydicom's.
    """
    tags = None if keywords is None else [Tag(keyword) for keyword in keywords]
    syntax, start = _transfer_syntax(content)
    if syntax == DeflatedExplicitVRLittleEndian:
        inflated = io.BytesIO(_inflate(memoryview(content)[start:], limits.inflated_bytes))
        dataset = read_dataset(
            inflated, False, True, specific_tags=None if tags is None else [*tags]
        )
        return DicomFile(
            dataset=dataset, transfer_syntax=syntax, is_implicit=False, is_little_endian=True
        )
    file = dcmread(io.BytesIO(content), force=True, specific_tags=tags)
    is_implicit, is_little_endian = file.original_encoding
    return DicomFile(
        dataset=file,
        transfer_syntax=syntax,
        is_implicit=bool(is_implicit),
        is_little_endian=is_little_endian is not False,
    )


def _transfer_syntax(content: bytes) -> tuple[UID | None, int]:
    """The transfer syntax in group 2 of the file, if any, and the position of the data set after it."""
    file = io.BytesIO(content)
    if content[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == _MARK:
        file.seek(_PREAMBLE_BYTES + 4)
    meta = read_dataset(file, False, True, stop_when=lambda tag, _, __: tag >> 16 != 2)
    value = meta.get("TransferSyntaxUID")
    return (UID(value) if isinstance(value, str) and value else None), file.tell()


def _inflate(deflated: memoryview, max_bytes: int) -> bytes:
    try:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, max_bytes + 1)
    except zlib.error:
        raise unreadable("The deflated DICOM file is damaged. Export it again.") from None
    if len(inflated) > max_bytes:
        raise too_large(
            f"The deflated DICOM file has more than {max_bytes:,} bytes when it is inflated. "
            "Send a smaller one."
        )
    return inflated
