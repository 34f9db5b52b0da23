"""Measures where the time of a decode worker goes: the processor time of each step of one file, in one process.

    .venv/bin/python -m benchmarks.serving_handover [--image-side 2048]

"kept" writes to memory that the file without a name already has, which the service does not do: it gives the
memory back after each file, so that no pixels stay. The difference is what the system takes for new memory.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

from benchmarks.serving_decoding import files
from serving.images.anonymous_file import AnonymousFile
from serving.images.decoding import decode_file
from serving.images.limits import DecodeLimits

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image-side", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(
        f"{arguments.image_side} x {arguments.image_side} px, {arguments.rounds} rounds, ms of CPU"
    )
    for name, content in files(arguments.image_side).items():
        for step, times_ms in measure(content, arguments.rounds).items():
            print(f"{name:20} {step:24} {median(times_ms):7.2f}  least {min(times_ms):.2f}")


def measure(content: bytes, num_rounds: int) -> dict[str, list[float]]:
    times_ms: dict[str, list[float]] = {}
    given, pixels = AnonymousFile(), AnonymousFile()
    try:
        for _ in range(num_rounds):
            hand_over(content, given, pixels, times_ms)
    finally:
        given.close()
        pixels.close()
    return times_ms


def hand_over(
    content: bytes,
    given: AnonymousFile,
    pixels: AnonymousFile,
    times_ms: dict[str, list[float]],
) -> None:
    """Takes the steps of one file that has one frame, and adds the time of each to `times_ms`."""

    def timed(step: str, call: Callable[[], T]) -> T:
        begin = time.process_time()
        result = call()
        times_ms.setdefault(step, []).append((time.process_time() - begin) * 1000)
        return result

    def give_back() -> None:
        given.clear()
        pixels.clear()

    timed("content, written", lambda: given.write(content))
    received = timed("content, read", lambda: given.read(len(content)))
    decoded = timed("decoded", lambda: decode_file(received, limits=DecodeLimits()))
    height, width = decoded.frames[0].shape[:2]
    flat = decoded.frames[0].tobytes()
    timed("pixels, written", lambda: pixels.write(flat))
    timed("pixels, written, kept", lambda: pixels.write(flat))
    timed("pixels, read", lambda: pixels.read_frames(1, height, width))
    timed("memory given back", give_back)


if __name__ == "__main__":
    main()
