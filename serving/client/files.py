"""Makes the messages of an upload from files, chunk by chunk."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from serving.v1 import diagnosis_pb2 as messages

CHUNK_BYTES = 1024**2


def readable(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """The paths, each of a file that can be opened. Raises OSError before anything is sent."""
    found = [Path(path) for path in paths]
    for path in found:
        path.open("rb").close()
    return found


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    """The content in parts of at most CHUNK_BYTES. Raises OSError."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while part := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield part
    finally:
        file.close()


def file_header(path: Path) -> messages.FileHeader:
    return messages.FileHeader(name=path.name)


async def patient_messages(
    paths: Sequence[Path], options: messages.DiagnosisOptions
) -> AsyncIterator[messages.DiagnoseRequest]:
    """A request about the files of one patient."""
    header = messages.DiagnoseHeader(files=map(file_header, paths), options=options)
    yield messages.DiagnoseRequest(header=header)
    for position, path in enumerate(paths):
        async for part in chunks_of(path):
            yield messages.DiagnoseRequest(chunk=messages.FileChunk(file=position, content=part))


async def batch_messages(
    paths: Sequence[Path], request_ids: Sequence[str], options: messages.DiagnosisOptions
) -> AsyncIterator[messages.DiagnoseBatchRequest]:
    """A request about independent images, each with its id."""
    for path, request_id in zip(paths, request_ids, strict=True):
        header = messages.BatchItemHeader(
            request_id=request_id, file=file_header(path), options=options
        )
        yield messages.DiagnoseBatchRequest(header=header)
        async for part in chunks_of(path):
            yield messages.DiagnoseBatchRequest(content=part)
        yield messages.DiagnoseBatchRequest(content=b"", ends_image=True)
