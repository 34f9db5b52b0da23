"""Chooses the DICOM objects of an answer: Segmentation over grey images, pictures over colour ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.explanation.dicom.derivation import Algorithm
from serving.explanation.dicom.secondary_capture import secondary_capture
from serving.explanation.dicom.segmentation import segmentation
from serving.explanation.dicom.source import Source, read_source
from serving.explanation.masks import Array, draw_masks
from serving.images.image import Pixels
from serving.v1 import diagnosis_pb2 as pb

SEGMENTATION = "segmentation"
SECONDARY_CAPTURE = "secondary_capture"


@dataclass(frozen=True, kw_only=True)
class SegmentedImage:
    """An image RGB uint8 [H, W, 3], and its class map uint8 [H, W]; class 0 is the background."""

    image: Pixels
    class_map: Array
    classes: Sequence[str]


def dicom_objects(
    header: bytes,
    algorithm: Algorithm,
    *,
    heat_map: Pixels | None = None,
    segmented: SegmentedImage | None = None,
    frame: int = 0,
) -> list[pb.DicomObject]:
    """The given heat map and masks as DICOM objects about `frame` of the file with `header`.

    `heat_map` is the overlay, RGB uint8 [H, W, 3]; it becomes a Secondary Capture. So do masks of
    colour images, since viewers fail to show a Segmentation over them. Raises ServingError
    REQUEST_INVALID if the file is no DICOM, or cannot be referred to.
    """
    source = read_source(header)
    objects = []
    if heat_map is not None:
        content = secondary_capture(heat_map, source, algorithm, what="Heat map", frame=frame)
        objects.append(pb.DicomObject(kind=SECONDARY_CAPTURE, content=content))
    if segmented is not None:
        objects.append(_masks(segmented, source, algorithm, frame))
    return objects


def _masks(
    segmented: SegmentedImage, source: Source, algorithm: Algorithm, frame: int
) -> pb.DicomObject:
    if source.is_colour:
        picture = draw_masks(segmented.image, segmented.class_map, segmented.classes)
        content = secondary_capture(picture, source, algorithm, what="Masks", frame=frame)
        return pb.DicomObject(kind=SECONDARY_CAPTURE, content=content)
    content = segmentation(segmented.class_map, segmented.classes, source, algorithm, frame=frame)
    return pb.DicomObject(kind=SEGMENTATION, content=content)
