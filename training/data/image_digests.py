"""Remembers what a run was trained on and chosen with, so that no evaluation scores the same images.

An image is remembered by hashes of its file and of its pixels, of which neither tells its name or its
content. Copies with other metadata have the same pixels.
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from training.config import Split
from training.data.duplicates import KnownImage

ARTIFACT = "data/image_digests.json"
KEPT_BYTES = 8
"""Of each hash; among a million images, the chance of a false match is one in ten million."""


def digests_to_json(images: Iterable[KnownImage]) -> dict[str, Any]:
    """The hashes of the images of each split, in the layout of the artifact."""
    kept: dict[str, dict[str, bytearray]] = {}
    for image in images:
        hashes = kept.setdefault(str(image.split), {"files": bytearray(), "pixels": bytearray()})
        hashes["files"] += image.facts.file_digest[:KEPT_BYTES]
        hashes["pixels"] += image.facts.digest[:KEPT_BYTES]
    return {
        split: {kind: base64.b64encode(values).decode() for kind, values in hashes.items()}
        for split, hashes in kept.items()
    }


def num_known(images: Iterable[KnownImage], stored: Mapping[str, Any], split: Split) -> int:
    """How many of `images` were in `split` when `stored` was made. Raises ValueError if that is damaged."""
    hashes = stored.get(str(split), {})
    files, pixels = (_parts(hashes.get(kind, "")) for kind in ("files", "pixels"))
    return sum(
        image.facts.file_digest[:KEPT_BYTES] in files or image.facts.digest[:KEPT_BYTES] in pixels
        for image in images
    )


def _parts(text: str) -> frozenset[bytes]:
    values = base64.b64decode(text, validate=True)
    return frozenset(values[at : at + KEPT_BYTES] for at in range(0, len(values), KEPT_BYTES))
