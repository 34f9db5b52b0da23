"""The limits within which a stranger's file is decoded."""

from dataclasses import dataclass, fields

from serving.images.refusal import too_large, unreadable

MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """Raises ValueError if a limit is not positive."""

    file_bytes: int = 512 * MEBIBYTE
    inflated_bytes: int = 512 * MEBIBYTE
    """Of a DICOM file whose transfer syntax is deflated, after inflation."""
    frame_pixels: int = 64 * MEBIBYTE
    total_pixels: int = 256 * MEBIBYTE
    """Of all frames together."""
    num_frames: int = 1024
    header_bytes: int = 4 * MEBIBYTE
    """Of a DICOM file without its pixels."""
    memory_bytes: int = 2048 * MEBIBYTE
    """Address space of a decode process; its libraries alone take about 170 MiB."""
    timeout_s: float = 30.0
    """For one file, from the moment a decode process takes it."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise ValueError(f"The limit {field.name} must be positive, not {value}.")


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
