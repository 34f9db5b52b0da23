"""Measures decode workers, which a broken file cannot take down with the service, against decoding in-process.

    .venv/bin/python -m benchmarks.serving_decoding [--image-side 2048] [--clients 4]

The files are a fundus photograph as JPEG, and the same pixels as DICOM in JPEG 2000 and uncompressed.
"""

import argparse
import asyncio
import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.serving.closed_loop import Call
from benchmarks.serving.comparison import Rounds, compare, print_comparison
from serving.images.decoding import decode_file
from serving.images.limits import DecodeLimits
from serving.images.pool import DecodePool
from serving.server.spool import MEMORY_BYTES

FUNDUS = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
TIMEOUT_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image-side", type=int, default=2048)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2, help="decode workers, and threads")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    results = asyncio.run(measure(arguments))
    print(
        f"{arguments.image_side} x {arguments.image_side} px, {arguments.processes} workers or "
        f"threads, {arguments.clients} clients; {arguments.rounds} rounds of {arguments.seconds:g} s"
    )
    for name, rounds in results.items():
        print_comparison(name, rounds)


async def measure(arguments: argparse.Namespace) -> dict[str, dict[str, Rounds]]:
    limits = DecodeLimits()
    pool = DecodePool(num_processes=arguments.processes, limits=limits)
    await pool.start()
    try:
        with (
            temporary_folder() as folder,
            ThreadPoolExecutor(arguments.processes) as threads,
        ):
            return {
                name: await compare(
                    {
                        "in-process": in_process(content, limits, threads),
                        "decode workers": in_workers(spooled(content, folder), pool),
                    },
                    num_clients=arguments.clients,
                    num_rounds=arguments.rounds,
                    seconds=arguments.seconds,
                )
                for name, content in files(arguments.image_side).items()
            }
    finally:
        await pool.close()


def in_process(content: bytes, limits: DecodeLimits, threads: ThreadPoolExecutor) -> Call:
    async def call(_: int) -> object:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, lambda: decode_file(content, limits=limits))

    return call


def spooled(content: bytes, folder: Path) -> bytes | Path:
    """As the service gives a file to the workers: a large one is on the disk by then."""
    if len(content) <= MEMORY_BYTES:
        return content
    path = folder / uuid.uuid4().hex
    path.write_bytes(content)
    return path


def in_workers(content: bytes | Path, pool: DecodePool) -> Call:
    async def call(_: int) -> object:
        return await pool.decode(content, timeout_s=TIMEOUT_S)

    return call


def files(side: int) -> dict[str, bytes]:
    """The same smooth picture with a little noise in three formats."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 255, (side // 16, side // 16, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    noise = random.integers(-3, 4, smooth.shape, np.int16)
    pixels = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    jpeg = io.BytesIO()
    Image.fromarray(pixels).save(jpeg, "JPEG", quality=92)
    return {
        "JPEG": jpeg.getvalue(),
        "DICOM, JPEG 2000": dicom(pixels, compressed=True),
        "DICOM, uncompressed": dicom(pixels, compressed=False),
    }


def dicom(pixels: np.ndarray, *, compressed: bool) -> bytes:  # type: ignore[type-arg]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = FUNDUS
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    if compressed:
        dataset.compress(JPEG2000Lossless)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
