"""Concludes the transfer syntax of a DICOM file that does not name it."""

from pydicom.encaps import generate_fragments, parse_basic_offsets
from pydicom.filebase import DicomBytesIO
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSNearLossless,
    RLELossless,
)

from serving.images.dicom.reading import DicomFile
from serving.images.dicom.streams import frame_marker, is_jpeg, is_jpeg_2000

_SYNTAX_OF_FRAME_MARKER = {
    0xC0: JPEGBaseline8Bit,
    0xC1: JPEGExtended12Bit,
    0xC3: JPEGLosslessSV1,
    0xF7: JPEGLSNearLossless,
}


def guessed_syntax(file: DicomFile, keyword: str) -> UID:
    """By the encoding of the data set; of encapsulated pixels, by the first bytes of the first stream."""
    if file.dataset[keyword].is_undefined_length:
        return _syntax_of_stream(_first_fragment(file.dataset[keyword].value))
    if not file.is_little_endian:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if file.is_implicit else ExplicitVRLittleEndian


def is_encapsulated(syntax: UID) -> bool:
    # pydicom raises an error for what is no transfer syntax.
    return syntax.is_transfer_syntax and syntax.is_encapsulated


def _first_fragment(encapsulated: bytes) -> bytes:
    buffer = DicomBytesIO(encapsulated)
    parse_basic_offsets(buffer)
    return next(generate_fragments(buffer), b"")


def _syntax_of_stream(stream: bytes) -> UID:
    if is_jpeg_2000(stream):
        return JPEG2000Lossless
    if not is_jpeg(stream):
        return RLELossless
    return _SYNTAX_OF_FRAME_MARKER.get(frame_marker(stream) or 0, JPEGBaseline8Bit)
