"""Finds out what a file is by its first bytes; only where a format has no mark, by its name's ending."""

from enum import StrEnum
from pathlib import PurePath

from serving.images.oct.zeiss import CUBES
from serving.images.refusal import Refusal, unsupported
from training.file_kind import HEAD_BYTES, file_kind


class FileKind(StrEnum):
    """The kinds of files that can be read; the values are words for messages."""

    DICOM = "DICOM file"
    PICTURE = "picture"
    HEIDELBERG_VOL = "Heidelberg VOL file"
    HEIDELBERG_E2E = "Heidelberg E2E file"
    TOPCON = "Topcon FDA or FDS file"
    ZEISS = "Zeiss IMG file"


KNOWN_SUFFIXES = frozenset({".dcm", ".e2e", ".fda", ".fds", ".img", ".oct", ".vol"})

_EXPECTED = "Send DICOM, PNG, JPEG, TIFF, WebP or BMP, or an OCT file (E2E, VOL, FDA, FDS, IMG)."
_DICOM_MARK, _DICOM_MARK_AT = b"DICM", 128
_MARKS: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x89PNG", FileKind.PICTURE),
    (b"\xff\xd8\xff", FileKind.PICTURE),
    (b"II*\x00", FileKind.PICTURE),
    (b"MM\x00*", FileKind.PICTURE),
    (b"II+\x00", FileKind.PICTURE),
    (b"MM\x00+", FileKind.PICTURE),
    (b"BM", FileKind.PICTURE),
    (b"GIF8", FileKind.PICTURE),
    *((b"P%d" % number + end, FileKind.PICTURE) for number in range(1, 7) for end in (b"\n", b" ")),
    (b"\x00\x00\x00\x0cjP  ", FileKind.PICTURE),
    (b"\xff\x4f\xff\x51", FileKind.PICTURE),
    (b"HSF-OCT-", FileKind.HEIDELBERG_VOL),
    (b"CMDb", FileKind.HEIDELBERG_E2E),
    (b"E2EMultipleVolumeFile", FileKind.HEIDELBERG_E2E),
    (b"FOCT", FileKind.TOPCON),
)
# The groups that a data set without preamble begins with, in both byte orders: of the file
# itself, and of identification.
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")


def file_kind_of(content: bytes, suffix: str) -> FileKind:
    """The kind of the file. Raises Refusal if it is of no kind that can be read."""
    head = content[:HEAD_BYTES]
    if head[_DICOM_MARK_AT : _DICOM_MARK_AT + 4] == _DICOM_MARK:
        return FileKind.DICOM
    marked = next((kind for mark, kind in _MARKS if head.startswith(mark)), None)
    if marked is not None:
        return marked
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.PICTURE
    if suffix == ".img" and len(content) in CUBES:
        return FileKind.ZEISS
    if head[:2] in _FIRST_GROUPS and len(head) >= 8:
        return FileKind.DICOM
    raise _refusal(head, suffix)


def suffix_of(file_name: str) -> str:
    """The lower-case ending of a name, such as `.img`: the only part of it that is passed on."""
    suffix = PurePath(file_name).suffix.lower()
    return suffix if suffix in KNOWN_SUFFIXES else ""


def _refusal(head: bytes, suffix: str) -> Refusal:
    if not head:
        return unsupported(f"The file is empty. {_EXPECTED}")
    kind = file_kind(head)
    if kind is not None:
        return unsupported(f"This is no image, but {kind.split(':')[0]}. {_EXPECTED}")
    if suffix == ".img":
        return unsupported(
            "A Zeiss IMG file has no header: only cubes of 512 x 128 and 200 x 200 scans with "
            f"1,024 levels of depth are known. {_EXPECTED}"
        )
    return unsupported(f"This is a file of no known kind. {_EXPECTED}")
