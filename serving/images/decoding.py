"""Decodes one file in this process: finds out what it is, and passes it to the reader of its kind."""

from serving.images.dicom.image import open_dicom
from serving.images.image import DecodedFile
from serving.images.kinds import FileKind, file_kind_of
from serving.images.limits import DecodeLimits
from serving.images.oct.heidelberg import open_e2e, open_vol
from serving.images.oct.topcon import open_topcon
from serving.images.oct.zeiss import open_zeiss
from serving.images.opened_file import OpenedFile
from serving.images.pictures import open_picture
from serving.images.refusal import errors_as_refusals

_READERS = {
    FileKind.DICOM: open_dicom,
    FileKind.PICTURE: open_picture,
    FileKind.HEIDELBERG_VOL: open_vol,
    FileKind.HEIDELBERG_E2E: open_e2e,
    FileKind.TOPCON: open_topcon,
    FileKind.ZEISS: open_zeiss,
}


def open_file(content: bytes, suffix: str, limits: DecodeLimits) -> OpenedFile:
    """Read the file up to its pixels; `suffix` is the lower-case ending of its name, or empty.

    Raises Refusal.
    """
    kind = file_kind_of(content, suffix)
    with errors_as_refusals(kind):
        return _READERS[kind](content, limits)


def decode_file(content: bytes, *, suffix: str = "", limits: DecodeLimits) -> DecodedFile:
    """Decode the file without a process of its own, as tests and benchmarks do. Raises Refusal."""
    opened = open_file(content, suffix, limits)
    with errors_as_refusals(opened.format):
        frames = tuple(opened.frames)
    return DecodedFile(
        frames=frames,
        format=opened.format,
        laterality=opened.laterality,
        modality=opened.modality,
        pixel_spacing_mm=opened.pixel_spacing_mm,
        notes=tuple(dict.fromkeys(opened.notes)),
    )
