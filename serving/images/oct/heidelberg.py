"""Reads volumes of Heidelberg devices: VOL and E2E files, with the formats and contrast of eyepy.

Only the parts about images are read, not those about the patient.
"""

import io
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serving.images.image import Laterality, Modality, Pixels
from serving.images.limits import DecodeLimits, require_size
from serving.images.oct.frames import laterality_of, rgb_of_grey
from serving.images.opened_file import OpenedFile
from serving.images.refusal import Refusal, unreadable, unsupported

_VOL_HEADER_BYTES = 2048
_SEVERAL_VOLUMES, _SEVERAL_VOLUMES_BYTES = b"E2EMultipleVolumeFile", 64
_CONTAINER_HEADER_BYTES = 60
# Types of folders and of images in E2E files, as eyepy numbers them, and a position in a folder.
_IMAGE_FOLDER, _LATERALITY_FOLDER, _LATERALITY_AT = 1073741824, 11, 14
_B_SCAN = 35652097
_CUT_OFF = "This Heidelberg file is cut off. Export it again."


def open_vol(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """The B-scans of a VOL file, in the contrast of Heyex. Raises Refusal."""
    _require_eyepy()
    width, num_frames, height, scale_x, _, scale_y, slo_width, slo_height = struct.unpack_from(
        "<3I3d2I", content, 12
    )
    require_size(height=height, width=width, num_frames=num_frames, limits=limits)
    (b_scan_header_bytes,) = struct.unpack_from("<I", content, 100)
    stride = b_scan_header_bytes + 4 * width * height
    first = _VOL_HEADER_BYTES + slo_width * slo_height + b_scan_header_bytes
    if first + stride * num_frames - b_scan_header_bytes > len(content):
        raise unreadable(_CUT_OFF)
    starts = [first + stride * index for index in range(num_frames)]
    return OpenedFile(
        format="Heidelberg VOL",
        frames=_vol_frames(content, starts, (height, width)),
        laterality=laterality_of(content[84:88].decode("ascii", "replace")),
        modality=Modality.OCT,
        pixel_spacing_mm=_spacing_mm(scale_y, scale_x),
    )


def open_e2e(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """The B-scans of the largest volume of an E2E file, in the contrast of Heyex. Raises Refusal."""
    _require_eyepy()
    if content.startswith(_SEVERAL_VOLUMES):
        content = content[_SEVERAL_VOLUMES_BYTES:]
    volumes = [series for series in _series(content).values() if series.b_scans]
    if not volumes:
        raise unsupported("This E2E file has no B-scans. Send a file with an OCT volume.")
    volume = max(volumes, key=lambda series: len(series.b_scans))
    starts = [volume.b_scans[slice_id] for slice_id in sorted(volume.b_scans)]
    height, width = _image_size(content, starts[0])
    require_size(height=height, width=width, num_frames=len(starts), limits=limits)
    return OpenedFile(
        format="Heidelberg E2E",
        frames=_e2e_frames(content, starts, (height, width)),
        laterality=volume.laterality,
        modality=Modality.OCT,
        notes=[f"the file has {len(volumes)} volumes: only the largest is read"]
        if len(volumes) > 1
        else [],
    )


@dataclass
class _Series:
    """Where the B-scans of one volume start in the file, by slice."""

    b_scans: dict[int, int] = field(default_factory=dict)
    laterality: Laterality | None = None


def _series(content: bytes) -> Mapping[tuple[int, int, int], _Series]:
    from eyepy.io.he.e2e_format import e2e_format  # noqa: PLC0415, an extra

    series: dict[tuple[int, int, int], _Series] = defaultdict(_Series)
    parsed = e2e_format.parse_stream(io.BytesIO(content))
    if parsed.header.current >= len(content):
        raise unreadable(_CUT_OFF)
    for chunk in parsed.chunks:
        for folder in chunk.folders:
            if folder.start + folder.size > len(content):
                raise unreadable(_CUT_OFF)
            volume = series[folder.patient_id, folder.study_id, folder.series_id]
            start = folder.start + _CONTAINER_HEADER_BYTES
            if int(folder.type) == _LATERALITY_FOLDER:
                code = content[start + _LATERALITY_AT : start + _LATERALITY_AT + 1]
                volume.laterality = laterality_of(code.decode("ascii", "replace"))
            elif int(folder.type) == _IMAGE_FOLDER and _image_type(content, start) == _B_SCAN:
                volume.b_scans.setdefault(folder.slice_id, start)
    return series


def _image_type(content: bytes, start: int) -> int:
    return int.from_bytes(content[start + 4 : start + 8], "little")


def _image_size(content: bytes, start: int) -> tuple[int, int]:
    """Height and width."""
    height, width = struct.unpack_from("<2I", content, start + 12)
    return height, width


def _vol_frames(content: bytes, starts: list[int], size: tuple[int, int]) -> Iterator[Pixels]:
    from eyepy.core.utils import from_vol_intensity  # noqa: PLC0415, an extra

    for start in starts:
        levels = np.frombuffer(content, np.dtype("<f4"), size[0] * size[1], start).reshape(size)
        yield rgb_of_grey(from_vol_intensity(np.nan_to_num(levels, nan=0.0)))


def _e2e_frames(content: bytes, starts: list[int], size: tuple[int, int]) -> Iterator[Pixels]:
    from eyepy.core.utils import from_e2e_intensity  # noqa: PLC0415, an extra
    from eyepy.io.he.e2e_format import type1073741824_format  # noqa: PLC0415, an extra

    num_bytes = 20 + 2 * size[0] * size[1]
    for start in starts:
        if _image_size(content, start) != size:
            raise unreadable("The B-scans of this E2E file differ in size. Export it again.")
        image: Any = type1073741824_format.parse(content[start : start + num_bytes])
        yield rgb_of_grey(from_e2e_intensity(np.array(image.data, np.float32)))


def _spacing_mm(row: float, column: float) -> tuple[float, float] | None:
    return (row, column) if 0 < row < np.inf and 0 < column < np.inf else None


def _require_eyepy() -> None:
    try:
        import eyepy  # noqa: F401, PLC0415, an extra
    except ImportError:
        raise _missing_extra() from None


def _missing_extra() -> Refusal:
    return unsupported(
        "Heidelberg files need the extra `oct`: install mlflow-fovea[oct] where the service runs, "
        "or send the volume as DICOM."
    )
