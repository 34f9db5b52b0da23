"""How an uploaded file is read, to be sent on in chunks."""

from typing import Protocol

CHUNK_BYTES = 1024 * 1024
"""Well below the 4 MiB that gRPC accepts in a message by default."""


class ReadableFile(Protocol):
    """A file that is read from its beginning."""

    async def read(self, size: int = -1, /) -> bytes: ...
