"""Reads a DICOM image: its frames as a viewer shows them, and the facts that are no identifiers."""

from collections.abc import Iterator, Sequence

from serving.images.dicom.attributes import ALLOWED, code
from serving.images.dicom.colour import rgb_of_colours
from serving.images.dicom.description import PALETTE, PixelDescription, describe
from serving.images.dicom.facts import laterality, modality, pixel_spacing_mm
from serving.images.dicom.grey import GreyScale
from serving.images.dicom.palette import Palette
from serving.images.dicom.reading import DicomFile, read_dicom
from serving.images.dicom.stored import Frame, stored_frames
from serving.images.image import Pixels
from serving.images.limits import DecodeLimits, require_size
from serving.images.opened_file import OpenedFile


def open_dicom(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """Raises Refusal."""
    notes: list[str] = []
    file = read_dicom(content, ALLOWED, limits)
    description = describe(file, notes)
    require_size(
        height=description.rows,
        width=description.columns,
        num_frames=description.num_frames,
        limits=limits,
    )
    if code(file.dataset, "BurnedInAnnotation") == "YES":
        notes.append("the file says that text is burned into its pixels")
    frames, photometric = stored_frames(file, description, limits, notes)
    return OpenedFile(
        format="DICOM",
        frames=_rgb_frames(file, description, frames, photometric, notes),
        laterality=laterality(file.dataset, notes),
        modality=modality(file.dataset),
        pixel_spacing_mm=pixel_spacing_mm(file.dataset),
        notes=notes,
    )


def _rgb_frames(
    file: DicomFile,
    description: PixelDescription,
    frames: Sequence[Frame],
    photometric: str,
    notes: list[str],
) -> Iterator[Pixels]:
    if description.is_grey:
        yield from GreyScale(file, description, frames, notes).rgb_frames()
    elif description.photometric == PALETTE:
        palette = Palette.of(file)
        yield from (palette.rgb(frame) for frame in frames)
    else:
        yield from (rgb_of_colours(frame, photometric, description.bits_stored) for frame in frames)
