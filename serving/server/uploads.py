"""Reads the files of a request from the chunks of its stream, within its limits."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from serving.errors import Reason, ServingError
from serving.images.image import Laterality
from serving.server.spool import Spool, SpooledFile
from serving.settings import ServingSettings
from serving.v1 import diagnosis_pb2 as messages

T = TypeVar("T")

MAX_NAME_LENGTH = 1024

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LATERALITIES = {
    messages.LATERALITY_RIGHT: Laterality.RIGHT,
    messages.LATERALITY_LEFT: Laterality.LEFT,
}


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """One file of a request. Its name may hold a patient's: it serves to find the laterality alone."""

    content: bytes | Path = field(repr=False)
    name: str = field(default="", repr=False)
    laterality: Laterality | None = None


@dataclass(frozen=True, kw_only=True)
class UploadLimits:
    max_bytes: int
    max_files: int
    max_images: int
    """Of a batch request."""
    idle_s: float

    @classmethod
    def of(cls, settings: ServingSettings) -> "UploadLimits":
        return cls(
            max_bytes=settings.max_upload_bytes,
            max_files=settings.max_files,
            max_images=settings.max_batch_items,
            idle_s=settings.upload_idle_s,
        )


def request_id_of(given: str) -> str:
    """The caller's id, or a new one. Raises ServingError REQUEST_INVALID, since ids are logged."""
    if given and not _REQUEST_ID.fullmatch(given):
        raise ServingError(
            Reason.REQUEST_INVALID,
            "request_id: 1 to 128 letters, digits and . _ : - were expected.",
        )
    return given or uuid.uuid4().hex


def input_file(header: messages.FileHeader, content: bytes | Path) -> InputFile:
    if len(header.name) > MAX_NAME_LENGTH:
        raise ServingError(
            Reason.REQUEST_INVALID, f"name: at most {MAX_NAME_LENGTH} characters were expected."
        )
    return InputFile(
        content=content, name=header.name, laterality=_LATERALITIES.get(header.laterality)
    )


async def next_message(stream: AsyncIterator[T], idle_s: float) -> T | None:
    """The next message; None at the stream's end. Raises ServingError DEADLINE_EXCEEDED."""
    try:
        async with asyncio.timeout(idle_s):
            return await anext(stream, None)
    except TimeoutError:
        raise ServingError(
            Reason.DEADLINE_EXCEEDED,
            f"No chunk came for {idle_s:g} s: send the chunks without pauses, and end the stream.",
        ) from None


async def read_header(
    stream: AsyncIterator[messages.DiagnoseRequest], limits: UploadLimits
) -> messages.DiagnoseHeader:
    """The first message. Raises ServingError REQUEST_INVALID if it is no header with files."""
    first = await next_message(stream, limits.idle_s)
    if first is None or first.WhichOneof("part") != "header":
        raise ServingError(
            Reason.REQUEST_INVALID, "A header was expected as the first message of the stream."
        )
    if not 1 <= len(first.header.files) <= limits.max_files:
        raise ServingError(
            Reason.REQUEST_INVALID,
            f"1 to {limits.max_files} files were expected in a request, "
            f"but {len(first.header.files)} came.",
        )
    return first.header


async def read_files(
    stream: AsyncIterator[messages.DiagnoseRequest],
    header: messages.DiagnoseHeader,
    limits: UploadLimits,
    spool: Spool,
    into: list[SpooledFile],
) -> list[InputFile]:
    """The files of the header, once the stream has ended; `into` gets what has to be removed.

    Raises ServingError REQUEST_INVALID, REQUEST_TOO_LARGE, QUEUE_FULL or DEADLINE_EXCEEDED.
    """
    into.extend(SpooledFile(spool) for _ in header.files)
    num_bytes = 0
    while (message := await next_message(stream, limits.idle_s)) is not None:
        if message.WhichOneof("part") != "chunk":
            raise ServingError(Reason.REQUEST_INVALID, "Chunks were expected after the header.")
        if message.chunk.file >= len(into):
            raise ServingError(
                Reason.REQUEST_INVALID,
                f"chunk.file: a number below {len(into)}, the number of files, was expected, "
                f"but {message.chunk.file} came.",
            )
        num_bytes += len(message.chunk.content)
        require_size(num_bytes, limits)
        into[message.chunk.file].write(message.chunk.content)
    return [
        input_file(file, spooled.content())
        for file, spooled in zip(header.files, into, strict=True)
    ]


def require_size(num_bytes: int, limits: UploadLimits) -> None:
    """Raises ServingError REQUEST_TOO_LARGE."""
    if num_bytes > limits.max_bytes:
        raise ServingError(
            Reason.REQUEST_TOO_LARGE,
            f"The files of a request may have {limits.max_bytes} bytes together, and more came: "
            "send fewer, or raise FOVEA_SERVING_MAX_UPLOAD_BYTES of the service.",
        )
