"""Makes files of OCT devices, with a patient's name in them."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

PATIENT = b"Planted-Name"

Scans = np.ndarray[Any, np.dtype[Any]]


def vol_file(scans: Scans, *, eye: str) -> bytes:
    """A VOL file of uint8 [frames, H, W], as the contrast of Heyex shows them."""
    num_frames, height, width = scans.shape
    header = b"HSF-OCT-103\0" + struct.pack("<3I", width, num_frames, height)
    header += struct.pack("<3d2I2dId", 0.011, 0.1, 0.004, 4, 5, 1, 1, 30, 0)
    header += eye.encode().ljust(4, b"\0") + struct.pack("<QiI", 0, 3, 256)
    header = (header + bytes(32) + PATIENT).ljust(2048, b"\0")
    content = header + bytes(4 * 5)
    for scan in scans:
        content += bytes(256) + _heyex_levels(scan).astype("<f4").tobytes()
    return content


def e2e_file(volumes: Sequence[tuple[Scans, str]]) -> bytes:
    """An E2E file; each volume is uint8 [frames, H, W] with R or L."""
    folders: list[tuple[int, int, int, int, bytes]] = [
        (9, -1, 0, 0, PATIENT.ljust(127, b"\0")),
    ]
    for series, (scans, code) in enumerate(volumes):
        folders.append((11, series, -1, 0, bytes(14) + code.encode() + bytes(12)))
        for index, scan in enumerate(scans):
            folders.append((1073741824, series, 2 * index, 1, _e2e_image(scan)))
    head = _e2e_header(b"CMDb", 36)
    start_of_chunk = 36 + 52
    position = start_of_chunk + 52 + 44 * len(folders)
    entries, data = b"", b""
    for kind, series, slice_id, ind, item in folders:
        ids = struct.pack("<4i2H2I", 1, 1, series, slice_id, ind, 0, kind, 0)
        entries += struct.pack("<4I", position, position, len(item), 0) + ids
        container = b"MDbData\0".ljust(12, b"\0") + struct.pack("<5I", 0, 0, 0, len(item), 0)
        data += container + ids + item
        position += 60 + len(item)
    main = _e2e_header(b"MDbMDir", 36) + struct.pack("<4I", 0, start_of_chunk, 0, 0)
    chunk = _e2e_header(b"MDbDir", 36) + struct.pack("<4I", len(folders), 0, 0, 0)
    return head + main + chunk + entries + data


def topcon_file(*, levels: Scans | None = None, jpegs: Sequence[bytes] = ()) -> bytes:
    """An FDS file of uint16 [frames, H, W], or an FDA file of JPEG 2000 streams of 8 x 10 pixels."""
    content = b"FOCTFDA" + struct.pack("<2I", 1, 0)
    content += _chunk(b"@PATIENT_INFO_02", PATIENT.ljust(512, b"\0"))
    content += _chunk(b"@CAPTURE_INFO_02", bytes(120))
    scan = struct.pack("<3I5d2B", 0, 0, 0, 6.0, 6.0, 2.6, 0, 0, 0, 0)
    content += _chunk(b"@PARAM_SCAN_04", scan)
    if levels is not None:
        num_frames, height, width = levels.shape
        header = struct.pack("<BIIIIBI", 2, width, height, 16, num_frames, 0, levels.nbytes)
        content += _chunk(b"@IMG_SCAN_03", header + levels.astype("<u2").tobytes())
    if jpegs:
        header = struct.pack("<B6I", 2, 0, 0, 10, 8, len(jpegs), 0)
        streams = b"".join(struct.pack("<i", len(jpeg)) + jpeg for jpeg in jpegs)
        content += _chunk(b"@IMG_JPEG", header + streams)
    return content + b"\0"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<B", len(name)) + name + struct.pack("<I", len(data)) + data


def _e2e_header(magic: bytes, size: int) -> bytes:
    return (magic.ljust(12, b"\0") + struct.pack("<I10H", 100, *[0xFFFF] * 10)).ljust(size, b"\0")


def _e2e_image(scan: Scans) -> bytes:
    height, width = scan.shape
    floats = np.array([_small_float(value) for value in _heyex_levels(scan).ravel()], "<u2")
    return struct.pack("<5I", floats.nbytes, 35652097, scan.size, height, width) + floats.tobytes()


def _small_float(value: float) -> int:
    """A number in the unsigned format of Heyex: 6 bits of exponent, 10 of mantissa, lowest first."""
    mantissa, exponent = np.frexp(max(value, 2.0**-62))
    reversed_mantissa = int(f"{int((2 * mantissa - 1) * 1024):010b}"[::-1], 2)
    return (int(exponent) - 1 + 63 << 10) | reversed_mantissa


def _heyex_levels(scan: Scans) -> Scans:
    """The reflectivity that the contrast of Heyex shows with these levels."""
    return np.exp(scan / 255 * 8.285 - 8.3) - 2.44e-4
