"""Files with random damage: each is answered, and the pool goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest

from serving.errors import Reason, ServingError
from serving.images.limits import MEBIBYTE, DecodeLimits
from serving.images.pool import DecodePool
from tests.serving.images.oct.test_oct_files import DEVICE_FILES
from tests.serving.images.test_pictures import PICTURES

pytestmark = pytest.mark.anyio

FOLDER = Path(pydicom.data.__file__).parent / "test_files"
DICOM_FILES = (
    "MR_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_small_odd.dcm",
    "examples_palette.dcm",
    "image_dfl.dcm",
    "rtdose_rle.dcm",
)
ABOUT_THE_FILE = {
    Reason.IMAGE_UNREADABLE,
    Reason.IMAGE_UNSUPPORTED,
    Reason.IMAGE_TOO_LARGE,
    Reason.DECODER_CRASHED,
    Reason.DECODER_TOO_SLOW,
}


def originals() -> list[bytes]:
    return [
        *((FOLDER / name).read_bytes() for name in DICOM_FILES),
        *(make() for make in PICTURES.values()),
        *(make() for make in DEVICE_FILES.values()),
    ]


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """The content with changed bytes, most of them where its header is, or without its end or a part."""
    changed = bytearray(content)
    for _ in range(random.integers(1, 12)):
        end = len(changed) if random.random() < 0.3 else min(2000, len(changed))
        changed[random.integers(end)] = random.integers(256)
    cut = random.integers(len(changed) // 4, len(changed))
    match random.integers(4):
        case 0:
            del changed[cut:]
        case 1:
            del changed[cut : cut + random.integers(1, 200)]
        case _:
            pass
    return bytes(changed)


async def answers_to(pool: DecodePool, contents: Sequence[bytes]) -> list[Reason | None]:
    """The reason of the refusal of each content; None for an image."""
    reasons: list[Reason | None] = []
    for content in contents:
        try:
            found = await pool.decode(content)
        except ServingError as error:
            reasons.append(error.reason)
        else:
            assert found.frames
            reasons.append(None)
    return reasons


async def check(num_files: int, seed: int) -> None:
    random, files = np.random.default_rng(seed), originals()
    contents = [mutated(files[index % len(files)], random) for index in range(num_files)]
    limits = DecodeLimits(timeout_s=20, memory_bytes=1024 * MEBIBYTE)
    pool = DecodePool(num_processes=1, limits=limits)
    await pool.start()
    try:
        reasons = await answers_to(pool, contents)
        assert {reason for reason in reasons if reason} <= ABOUT_THE_FILE
        # The damage is neither always fatal nor never.
        assert 0 < reasons.count(None) < num_files
        assert await answers_to(pool, files) == [None] * len(files)
    finally:
        await pool.close()


async def test_a_hundred_mutated_files_are_answered(anyio_backend: str) -> None:
    await check(100, seed=1)


@pytest.mark.soak
async def test_a_thousand_mutated_files_are_answered(anyio_backend: str) -> None:
    await check(1000, seed=2)
