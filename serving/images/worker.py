"""A decode process: reads one file after another, and writes its pixels to a file shared with the service.

The service starts it with `python -m serving.images.worker`; it speaks the messages of
`serving.images.wire` on its standard input, a socket.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from pydicom.pixels import decoders  # noqa: F401, loaded before the first file and its deadline

from serving.images.confinement import confine, end_with_parent, kill_after
from serving.images.decoding import open_file
from serving.images.header import read_header
from serving.images.limits import DecodeLimits
from serving.images.pictures import load_formats
from serving.images.refusal import Refusal, RefusalReason, errors_as_refusals
from serving.images.wire import Answer, Decoded, Header, Job, Ready, Refused, Setup, Taken, encode

_MAX_NOTES = 32


class Worker:
    def __init__(self, setup: Setup) -> None:
        self._input = setup.input_descriptor
        self._output = setup.output_descriptor
        self.limits = msgspec.convert(setup.limits, DecodeLimits, strict=False)

    def answer(self, job: Job) -> Answer:
        """Never raises, except when the process itself must end."""
        kill_after(self.limits.timeout_s)
        try:
            with errors_as_refusals("file"):
                content = self._content(job)
                if job.task == "header":
                    return self._header(content)
                return self._decoded(content, job.suffix)
        except Refusal as refusal:
            return Refused(reason=refusal.reason.value, message=refusal.message)
        finally:
            kill_after(None)

    def _content(self, job: Job) -> bytes:
        if job.path is not None:
            return Path(job.path).read_bytes()
        return _read(self._input, job.num_bytes)

    def _header(self, content: bytes) -> Header:
        header = read_header(content, self.limits)
        self._write(memoryview(header), 0)
        self._end_output(len(header))
        return Header(num_bytes=len(header))

    def _decoded(self, content: bytes, suffix: str) -> Decoded:
        opened = open_file(content, suffix, self.limits)
        num_frames, num_bytes, size = 0, 0, (0, 0)
        for frame in opened.frames:
            if num_frames and frame.shape[:2] != size:
                raise Refusal(RefusalReason.UNREADABLE, "The frames of the file differ in size.")
            size = (frame.shape[0], frame.shape[1])
            pixels = np.ascontiguousarray(frame, np.uint8)
            self._write(pixels.data.cast("B"), num_bytes)
            num_frames, num_bytes = num_frames + 1, num_bytes + pixels.nbytes
        self._end_output(num_bytes)
        return Decoded(
            num_frames=num_frames,
            height=size[0],
            width=size[1],
            format=opened.format,
            laterality=opened.laterality.value if opened.laterality else None,
            modality=opened.modality.value if opened.modality else None,
            pixel_spacing_mm=opened.pixel_spacing_mm,
            notes=list(dict.fromkeys(opened.notes))[:_MAX_NOTES],
        )

    def _write(self, data: memoryview, offset: int) -> None:
        while data:
            written = os.pwrite(self._output, data, offset)
            data, offset = data[written:], offset + written

    def _end_output(self, num_bytes: int) -> None:
        """Leave nothing there of an earlier file."""
        os.ftruncate(self._output, num_bytes)


def _read(descriptor: int, num_bytes: int) -> bytes:
    """The first `num_bytes`; one call to the system may return fewer, and 2 GiB at most."""
    parts: list[bytes] = []
    offset = 0
    while offset < num_bytes and (part := os.pread(descriptor, num_bytes - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def main() -> None:
    # The standard input is a socket: answers go back on it. Libraries print to the standard output.
    connection = sys.stdin.fileno()
    with open(connection, "rb") as requests, open(os.dup(connection), "wb") as answers:  # noqa: PTH123
        setup = msgspec.json.decode(requests.readline(), type=Setup)
        end_with_parent(setup.parent_pid)
        worker = Worker(setup)
        load_formats()
        confine(worker.limits)
        _send(answers, Ready())
        for line in requests:
            _send(answers, Taken())
            _send(answers, worker.answer(msgspec.json.decode(line, type=Job)))


def _send(answers: BinaryIO, message: Answer) -> None:
    answers.write(encode(message))
    answers.flush()


if __name__ == "__main__":
    # The service ended: there is nobody to answer.
    with contextlib.suppress(BrokenPipeError):
        main()
