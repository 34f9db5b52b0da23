"""Files of OCT devices that are no DICOM."""

import io
import struct
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from serving.images.image import Laterality, Modality
from serving.images.limits import DecodeLimits
from serving.images.oct.zeiss import CUBES
from serving.images.refusal import RefusalReason
from tests.serving.images.decoded_here import decoded, refusal
from tests.serving.images.oct.oct_files import e2e_file, topcon_file, vol_file

SCANS = np.random.default_rng(3).integers(0, 256, (3, 8, 10), np.uint8)
DEVICE_FILES = {
    "vol": lambda: vol_file(SCANS, eye="OD"),
    "e2e": lambda: e2e_file([(SCANS, "R")]),
    "fda": lambda: topcon_file(jpegs=[png_of(scan) for scan in SCANS]),
    "fds": lambda: topcon_file(levels=SCANS.astype(np.uint16) * 257),
}


def png_of(scan: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scan).save(buffer, "JPEG2000", irreversible=False, num_resolutions=1)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "name", "tolerance"),
    [
        ("vol", "Heidelberg VOL", 1),
        ("e2e", "Heidelberg E2E", 3),
        ("fda", "Topcon FDA", 0),
        ("fds", "Topcon FDS", 0),
    ],
)
def test_the_b_scans_of_a_device_file_are_read_in_order(
    kind: str, name: str, tolerance: int
) -> None:
    found = decoded(DEVICE_FILES[kind]())
    assert found.format == name
    assert found.modality is Modality.OCT
    assert found.laterality is Laterality.RIGHT
    shown = np.stack(found.frames)
    assert shown.shape == (3, 8, 10, 3)
    assert np.abs(shown.astype(int) - SCANS[..., None]).max() <= tolerance


@pytest.mark.parametrize(("kind", "spacing"), [("vol", (0.004, 0.011)), ("fds", (0.0026, 0.6))])
def test_the_pixel_spacing_of_a_device_file_is_read(
    kind: str, spacing: tuple[float, float]
) -> None:
    assert decoded(DEVICE_FILES[kind]()).pixel_spacing_mm == pytest.approx(spacing)


def test_of_several_volumes_the_largest_is_read_and_it_is_said() -> None:
    found = decoded(e2e_file([(SCANS[:1], "R"), (SCANS, "L")]))
    assert len(found.frames) == 3
    assert found.laterality is Laterality.LEFT
    assert found.notes == ("the file has 2 volumes: only the largest is read",)


@pytest.mark.parametrize("kind", DEVICE_FILES)
def test_a_device_file_that_is_cut_off_is_refused(kind: str) -> None:
    content = DEVICE_FILES[kind]()
    assert refusal(content[: len(content) * 2 // 3]).reason in (
        RefusalReason.UNREADABLE,
        RefusalReason.UNSUPPORTED,
    )


@pytest.mark.parametrize("kind", DEVICE_FILES)
def test_a_device_file_with_too_many_frames_is_refused(kind: str) -> None:
    refused = refusal(DEVICE_FILES[kind](), limits=DecodeLimits(num_frames=2))
    assert refused.reason is RefusalReason.TOO_LARGE


@pytest.mark.parametrize("kind", ["vol", "e2e"])
def test_without_the_extra_a_heidelberg_file_is_refused_with_what_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = DEVICE_FILES[kind]()
    monkeypatch.setitem(sys.modules, "eyepy", None)
    refused = refusal(content)
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "install mlflow-fovea[oct]" in refused.message


def test_a_topcon_file_without_a_volume_is_refused() -> None:
    refused = refusal(topcon_file())
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "no OCT volume" in refused.message


def test_a_zeiss_cube_is_known_by_its_ending_and_its_size() -> None:
    size, cube = next((size, cube) for size, cube in CUBES.items() if cube.num_frames == 200)
    content = bytearray(size)
    # The second scan of the third frame, at its fifth level of depth.
    content[2 * cube.width * 1024 + 1024 + 4] = 99
    found = decoded(bytes(content), suffix=".img")
    assert (len(found.frames), found.frames[0].shape) == (200, (1024, 200, 3))
    assert found.frames[2][4, 1].tolist() == [99, 99, 99]
    assert "its shape is concluded from its size" in found.notes[0]


def test_a_zeiss_file_of_another_size_is_refused() -> None:
    refused = refusal(bytes([7]) * 4096, suffix=".img")
    assert "cubes of 512 x 128 and 200 x 200" in refused.message


def test_the_chunks_of_a_topcon_file_may_come_in_any_order() -> None:
    content = topcon_file(levels=SCANS.astype(np.uint16) * 257)
    header, rest = content[:15], content[15:]
    name = b"@OTHER"
    other = struct.pack("<B", len(name)) + name + struct.pack("<I", 5) + b"12345"
    assert len(decoded(header + other + rest).frames) == 3
