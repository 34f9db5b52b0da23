"""Reads the file of a prediction request from the chunks of its stream, within its limits."""

from collections.abc import AsyncIterator
from pathlib import Path

from serving.errors import Reason, ServingError
from serving.server.spool import Spool, SpooledFile
from serving.server.uploads import UploadLimits, next_message, require_size
from serving.v1 import predictions_pb2 as messages

Stream = AsyncIterator[messages.PredictFileRequest]


async def read_file_header(stream: Stream, limits: UploadLimits) -> messages.PredictFileHeader:
    """The first message. Raises ServingError REQUEST_INVALID if it is no header."""
    first = await next_message(stream, limits.idle_s)
    if first is None or first.WhichOneof("part") != "header":
        raise ServingError(
            Reason.REQUEST_INVALID, "A header was expected as the first message of the stream."
        )
    return first.header


async def read_file(
    stream: Stream, limits: UploadLimits, spool: Spool, into: list[SpooledFile]
) -> Path:
    """The file on disk, once the stream has ended; `into` gets what has to be removed.

    Raises ServingError REQUEST_INVALID, REQUEST_TOO_LARGE, QUEUE_FULL or DEADLINE_EXCEEDED.
    """
    file = SpooledFile(spool)
    into.append(file)
    while (message := await next_message(stream, limits.idle_s)) is not None:
        if message.WhichOneof("part") != "content":
            raise ServingError(Reason.REQUEST_INVALID, "Content was expected after the header.")
        require_size(file.num_bytes + len(message.content), limits)
        file.write(message.content)
    return file.on_disk()
