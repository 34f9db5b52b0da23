"""What a reader gives: the facts about a file, and its frames one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from serving.images.image import Laterality, Modality, Pixels
from serving.images.limits import DecodeLimits
from serving.images.refusal import too_large, unreadable


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """A file whose frames are decoded as they are taken; only then are `notes` complete."""

    format: str
    frames: Iterator[Pixels]
    laterality: Laterality | None = None
    modality: Modality | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)


def require_size(*, height: int, width: int, num_frames: int, limits: DecodeLimits) -> None:
    """Raises Refusal if the image is empty, or larger than the limits."""
    if height <= 0 or width <= 0 or num_frames <= 0:
        raise unreadable("The file declares an image without pixels. Export it again.")
    if num_frames > limits.num_frames:
        raise too_large(
            f"The file has more than {limits.num_frames:,} frames. Send a part of them."
        )
    if height * width > limits.frame_pixels:
        raise too_large(
            f"The image has more than {limits.frame_pixels:,} pixels. Send a smaller one."
        )
    if height * width * num_frames > limits.total_pixels:
        raise too_large(
            f"The frames have more than {limits.total_pixels:,} pixels together. "
            "Send a part of them."
        )
