"""Names what becomes of each file of a folder of captioned images, so that none is dropped silently."""

from dataclasses import dataclass
from enum import StrEnum

from training.data.listing import LeftOutReason


class Fate(StrEnum):
    """What becomes of a file."""

    MATCHED = "an image with a caption beside it"
    LISTED = "an image with a caption in metadata.jsonl"
    EMPTY = "an image whose caption is empty"
    FIXED = "an image with the caption that all or its folder have"
    NO_CAPTION = "an image without a caption"
    BAD_CAPTION = "an image whose caption cannot be read"
    UNREADABLE = "an image that cannot be read"
    UNSUITABLE = "an image whose size suits no bucket"
    BAD_MASK = "an image whose mask cannot be used"
    COPY = "a copy of another image"
    CAPTION = "a caption"
    METADATA = "captions in metadata.jsonl"
    MASK = "a mask"
    ORPHAN_CAPTION = "a caption without its image"
    MISNAMED_CAPTION = "a caption by another ending than expected"
    ORPHAN_MASK = "a mask without its image"


CAPTIONED = frozenset({Fate.MATCHED, Fate.LISTED, Fate.EMPTY, Fate.FIXED})
"""Fates of images that can be trained on."""

CAPTION_PROBLEMS = (
    Fate.MISNAMED_CAPTION,
    Fate.ORPHAN_CAPTION,
    Fate.BAD_CAPTION,
    Fate.NO_CAPTION,
)
IMAGE_PROBLEMS = (Fate.UNREADABLE, Fate.UNSUITABLE, Fate.BAD_MASK, Fate.ORPHAN_MASK)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFate:
    """A file, its fate and, for a problem, the details; `path` is relative to the data set's root."""

    path: str
    fate: Fate | LeftOutReason
    reason: str = ""
