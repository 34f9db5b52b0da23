"""A file that a reader has opened: the facts about it, and its frames one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from serving.images.image import Laterality, Modality, Pixels


@dataclass(frozen=True, kw_only=True)
class OpenedFile:
    """A file whose frames are decoded one by one; `notes` are complete after the last."""

    format: str
    frames: Iterator[Pixels]
    laterality: Laterality | None = None
    modality: Modality | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)
