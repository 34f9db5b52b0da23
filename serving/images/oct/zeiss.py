"""Reads cubes of Zeiss Cirrus: bytes without a header, whose size says their shape."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from serving.images.image import Modality, Pixels
from serving.images.limits import DecodeLimits, require_size
from serving.images.oct.frames import rgb_of_grey
from serving.images.opened_file import OpenedFile

_DEPTH = 1024


@dataclass(frozen=True)
class Cube:
    num_frames: int
    width: int


CUBES = {
    num_frames * width * _DEPTH: Cube(num_frames, width)
    for num_frames, width in ((128, 512), (200, 200))
}
"""The macular and the optic disc cube, by their size in bytes (source: OCT-Converter, `IMG`)."""


def open_zeiss(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """The B-scans of a macular or optic disc cube. Raises Refusal."""
    cube = CUBES[len(content)]
    require_size(height=_DEPTH, width=cube.width, num_frames=cube.num_frames, limits=limits)
    return OpenedFile(
        format="Zeiss IMG",
        frames=_frames(content, cube),
        modality=Modality.OCT,
        notes=["a Zeiss IMG file has no header: its shape is concluded from its size"],
    )


def _frames(content: bytes, cube: Cube) -> Iterator[Pixels]:
    size = _DEPTH * cube.width
    for start in range(0, size * cube.num_frames, size):
        # A-scans follow one another.
        scans = np.frombuffer(content, np.uint8, size, start).reshape(cube.width, _DEPTH)
        yield rgb_of_grey(scans.T)
