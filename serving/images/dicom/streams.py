"""Reads the headers of compressed streams: of JPEG, JPEG-LS and JPEG 2000."""

import struct
from collections.abc import Iterator

_JPEG_START, _JPEG_2000_START, _JP2_START = (
    b"\xff\xd8",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cjP  ",
)
_NO_FRAME_MARKERS = (0xC4, 0xC8, 0xCC)
"""Tables and a reserved marker, within the range of the markers that begin a frame."""
_JPEG_LS_FRAME = 0xF7
_START_OF_SCAN = 0xDA


def is_jpeg(stream: bytes) -> bool:
    """Whether it is JPEG or JPEG-LS."""
    return stream.startswith(_JPEG_START)


def is_jpeg_2000(stream: bytes) -> bool:
    return stream.startswith((_JPEG_2000_START, _JP2_START))


def frame_marker(stream: bytes) -> int | None:
    """The second byte of the marker that says which JPEG process a stream uses, such as 0xC0."""
    return next((marker for marker, _ in _frame_headers(stream)), None)


def stream_size(stream: bytes) -> tuple[int, int] | None:
    """Height and width that the stream declares; None if that cannot be read."""
    try:
        if stream.startswith(_JPEG_2000_START):
            right, bottom, left, top = struct.unpack_from(">4I", stream, 8)
            return bottom - top, right - left
        for _, position in _frame_headers(stream):
            height, width = struct.unpack_from(">2H", stream, position + 5)
            return height, width
    except struct.error:
        return None
    return None


def _frame_headers(stream: bytes) -> Iterator[tuple[int, int]]:
    """The markers of frames before the first scan, and their positions."""
    position = len(_JPEG_START) if is_jpeg(stream) else len(stream)
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == _START_OF_SCAN:
            return
        is_frame = 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_MARKERS
        if is_frame or marker == _JPEG_LS_FRAME:
            yield marker, position
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
