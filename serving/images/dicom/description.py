"""Describes the pixels of a DICOM image, checked before any of them is decoded."""

from dataclasses import dataclass

from pydicom.uid import UID

from serving.images.dicom.attributes import PIXEL_KEYWORDS, code, whole_number
from serving.images.dicom.reading import DicomFile
from serving.images.dicom.syntax import guessed_syntax, is_encapsulated
from serving.images.refusal import unreadable, unsupported

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


@dataclass(frozen=True, kw_only=True)
class PixelDescription:
    """The image pixel module (DICOM PS3.3 C.7.6.3), with the gaps of the file filled."""

    keyword: str
    """PixelData, FloatPixelData or DoubleFloatPixelData."""
    value_representation: str
    transfer_syntax: UID
    rows: int
    columns: int
    num_frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool

    @property
    def is_grey(self) -> bool:
        return self.photometric in GREY

    @property
    def is_float(self) -> bool:
        return self.keyword != "PixelData"

    @property
    def frame_bits(self) -> int:
        """Of a frame that is not encapsulated."""
        if self.photometric == "YBR_FULL_422":
            return self.rows * self.columns * 2 * self.bits_allocated
        return self.rows * self.columns * self.samples * self.bits_allocated


def describe(file: DicomFile, notes: list[str]) -> PixelDescription:
    """Raises Refusal if the file has no image, or one of a kind that cannot be decoded."""
    dataset = file.dataset
    keyword = next((keyword for keyword in PIXEL_KEYWORDS if keyword in dataset), None)
    if keyword is None:
        raise unsupported("This DICOM object has no image. Send one with pixel data.")
    rows, columns = whole_number(dataset, "Rows") or 0, whole_number(dataset, "Columns") or 0
    if rows <= 0 or columns <= 0:
        raise unreadable("This DICOM file does not say the size of its image. Export it again.")
    samples = whole_number(dataset, "SamplesPerPixel") or 1
    bits_allocated, bits_stored = _bits(file, keyword, notes)
    high_bit = whole_number(dataset, "HighBit")
    if high_bit is None or not bits_stored - 1 <= high_bit < bits_allocated:
        high_bit = bits_stored - 1
    return PixelDescription(
        keyword=keyword,
        value_representation=str(dataset[keyword].VR),
        transfer_syntax=_syntax(file, keyword, notes),
        rows=rows,
        columns=columns,
        num_frames=_num_frames(file, notes),
        samples=samples,
        photometric=_photometric(file, samples, notes),
        planar=1 if whole_number(dataset, "PlanarConfiguration") == 1 else 0,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        is_signed=whole_number(dataset, "PixelRepresentation") == 1,
    )


def _bits(file: DicomFile, keyword: str, notes: list[str]) -> tuple[int, int]:
    """Allocated and stored."""
    if keyword != "PixelData":
        bits = 32 if keyword == "FloatPixelData" else 64
        return bits, bits
    allocated = whole_number(file.dataset, "BitsAllocated")
    if allocated not in (1, 8, 16, 32, 64):
        raise unsupported(
            "This DICOM image has pixels of an unusual size; 1, 8, 16, 32 or 64 bits were expected."
        )
    stored = whole_number(file.dataset, "BitsStored")
    if stored is None:
        notes.append("BitsStored is absent: all allocated bits are read")
        return allocated, allocated
    if not 1 <= stored <= allocated:
        raise unreadable("This DICOM image stores more bits than it allocates. Export it again.")
    return allocated, stored


def _num_frames(file: DicomFile, notes: list[str]) -> int:
    num_frames = whole_number(file.dataset, "NumberOfFrames")
    if num_frames is not None and num_frames <= 0:
        notes.append("NumberOfFrames is not positive: one frame is read")
        return 1
    return 1 if num_frames is None else num_frames


def _photometric(file: DicomFile, samples: int, notes: list[str]) -> str:
    photometric = code(file.dataset, "PhotometricInterpretation")
    if not photometric:
        photometric = "MONOCHROME2" if samples == 1 else "RGB"
        notes.append(f"PhotometricInterpretation is absent: read as {photometric}")
    expected = 1 if photometric in (*GREY, PALETTE) else 3 if photometric in COLOURS else None
    if expected is None:
        raise unsupported(
            "This DICOM image has a photometric interpretation that is not supported; expected was "
            f"one of {', '.join((*GREY, PALETTE, *COLOURS))}."
        )
    if samples != expected:
        raise unreadable(
            f"This DICOM image is {photometric}, which needs {expected} samples for each pixel, "
            "but it declares another number. Export it again."
        )
    return photometric


def _syntax(file: DicomFile, keyword: str, notes: list[str]) -> UID:
    if file.transfer_syntax is not None:
        return file.transfer_syntax
    syntax = guessed_syntax(file, keyword)
    if is_encapsulated(syntax):
        notes.append("the transfer syntax is absent: it is concluded from the pixel data")
    return syntax
