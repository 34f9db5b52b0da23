"""Reads volumes of Topcon devices: FDA and FDS files.

The layout is the one of OCT-Converter (`fda_binary`, `fds_binary`). Its own readers need a function that
NumPy 2.3 removed, and they also read the chunks about the patient, which are skipped here.
"""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from serving.images.image import Laterality, Modality, Pixels
from serving.images.limits import DecodeLimits, require_size
from serving.images.oct.frames import rgb_of_grey
from serving.images.opened_file import OpenedFile
from serving.images.refusal import unreadable, unsupported
from training.data.greys import DeclaredLevels, level_range

_FILE_HEADER_BYTES = 15
_EYES = {0: Laterality.RIGHT, 1: Laterality.LEFT}
# Scan mode, width, height, bits per pixel, number of slices, format, size.
_LEVELS_HEADER = struct.Struct("<BIIIIBI")
# Scan mode, two unknown numbers, width, height, number of slices, an unknown number.
_JPEGS_HEADER = struct.Struct("<B6I")
_LEVELS_CHUNKS = (b"@IMG_MOT_COMP_03", b"@IMG_SCAN_03")
_JPEGS_CHUNK = b"@IMG_JPEG"
_CAPTURE_CHUNKS = (b"@CAPTURE_INFO_02", b"@CAPTURE_INFO")
# Of the chunks about the scan: position of width (mm), length (mm), depth (micrometres).
_SCAN_CHUNKS = ((b"@PARAM_SCAN_04", 12), (b"@PARAM_SCAN_02", 21))

Chunks = Mapping[bytes, memoryview]


@dataclass(frozen=True, kw_only=True)
class _Volume:
    width: int
    height: int
    num_frames: int
    data: memoryview
    is_jpeg: bool


def open_topcon(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """The B-scans of an FDA or FDS file. Raises Refusal."""
    chunks = _chunks(content)
    volume = _volume(chunks)
    require_size(
        height=volume.height, width=volume.width, num_frames=volume.num_frames, limits=limits
    )
    return OpenedFile(
        format="Topcon FDS" if b"@IMG_SCAN_03" in chunks else "Topcon FDA",
        frames=_jpeg_frames(volume) if volume.is_jpeg else _level_frames(volume),
        laterality=_laterality(chunks),
        modality=Modality.OCT,
        pixel_spacing_mm=_spacing(chunks, volume),
    )


def _chunks(content: bytes) -> Chunks:
    """The chunks about images and scans, by name: name length, name, size, data."""
    wanted = {
        *_LEVELS_CHUNKS,
        _JPEGS_CHUNK,
        *_CAPTURE_CHUNKS,
        *(name for name, _ in _SCAN_CHUNKS),
    }
    chunks: dict[bytes, memoryview] = {}
    position, view = _FILE_HEADER_BYTES, memoryview(content)
    while position < len(content) and (name_length := content[position]) > 0:
        start = position + 1 + name_length
        name = content[position + 1 : start]
        (size,) = struct.unpack_from("<I", content, start)
        if name in wanted:
            chunks[name] = view[start + 4 : start + 4 + size]
        position = start + 4 + size
    return chunks


def _volume(chunks: Chunks) -> _Volume:
    if _JPEGS_CHUNK in chunks:
        data = chunks[_JPEGS_CHUNK]
        _, _, _, width, height, num_frames, _ = _JPEGS_HEADER.unpack_from(data)
        return _Volume(
            width=width,
            height=height,
            num_frames=num_frames,
            data=data[_JPEGS_HEADER.size :],
            is_jpeg=True,
        )
    name = next((name for name in _LEVELS_CHUNKS if name in chunks), None)
    if name is None:
        raise unsupported(
            "This Topcon file has no OCT volume that can be read. Export it as DICOM instead."
        )
    data = chunks[name]
    _, width, height, _, num_frames, _, _ = _LEVELS_HEADER.unpack_from(data)
    return _Volume(
        width=width,
        height=height,
        num_frames=num_frames,
        data=data[_LEVELS_HEADER.size :],
        is_jpeg=False,
    )


def _level_frames(volume: _Volume) -> Iterator[Pixels]:
    size = volume.width * volume.height
    if len(volume.data) < 2 * size * volume.num_frames:
        raise unreadable("This Topcon file is cut off. Export it again.")
    levels = np.frombuffer(volume.data, np.dtype("<u2"), size * volume.num_frames)
    # One scale for all frames, as the training shows levels of 16 bits; level 0 is black.
    white = level_range(levels, DeclaredLevels(most_bits=16)).white
    for frame in levels.reshape(volume.num_frames, volume.height, volume.width):
        grey = np.rint(frame.astype(np.float32) * (255 / max(white, 1))).astype(np.uint8)
        yield rgb_of_grey(grey)


def _jpeg_frames(volume: _Volume) -> Iterator[Pixels]:
    position = 0
    for _ in range(volume.num_frames):
        (size,) = struct.unpack_from("<i", volume.data, position)
        stream = io.BytesIO(volume.data[position + 4 : position + 4 + max(size, 0)])
        with Image.open(stream, formats=("JPEG", "JPEG2000")) as image:
            if image.size != (volume.width, volume.height):
                raise unreadable("The B-scans of this Topcon file differ in size. Export it again.")
            yield rgb_of_grey(np.asarray(image.convert("L"), np.uint8))
        position += 4 + size


def _laterality(chunks: Chunks) -> Laterality | None:
    capture = next((chunks[name] for name in _CAPTURE_CHUNKS if chunks.get(name)), None)
    return None if capture is None else _EYES.get(capture[0])


def _spacing(chunks: Chunks, volume: _Volume) -> tuple[float, float] | None:
    for name, position in _SCAN_CHUNKS:
        if name in chunks and len(chunks[name]) >= position + 24:
            width_mm, _, depth_um = struct.unpack_from("<3d", chunks[name], position)
            spacing = depth_um / 1000, width_mm / volume.width
            return spacing if all(np.isfinite(s) and s > 0 for s in spacing) else None
    return None
