"""The limits within which a stranger's file is decoded."""

from dataclasses import dataclass, fields

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
