"""Fetches tables of NASA's Exoplanet Archive, and keeps them in the data folder."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.custom_training.archived_tables import ArchivedTable
from api.errors import TooLargeError, UnavailableError
from tracking_plugin.private_files import make_private_folder

DEADLINE_S = 120.0
CONNECT_S = 10.0


class NasaArchive:
    """Tables in `copies` come first, then those fetched before into `folder`, then the archive.

    A fetched table is kept until it is removed from `folder`.
    """

    def __init__(
        self,
        folder: Path,
        copies: Path | None,
        *,
        max_bytes: int,
        deadline_s: float = DEADLINE_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._folder = folder
        self._copies = copies
        self._max_bytes = max_bytes
        self._deadline_s = deadline_s
        self._transport = transport
        self._fetching = asyncio.Lock()

    async def file(self, table: ArchivedTable) -> Path:
        """Raises UnavailableError that says where to put the file if the archive is out of reach."""
        async with self._fetching:
            found = await asyncio.to_thread(self._local, table)
            return found or await self._fetch(table)

    def _local(self, table: ArchivedTable) -> Path | None:
        folders = [it for it in (self._copies, self._folder) if it is not None]
        return next((it / table.file for it in folders if (it / table.file).is_file()), None)

    async def _fetch(self, table: ArchivedTable) -> Path:
        await asyncio.to_thread(make_private_folder, self._folder)
        target = self._folder / table.file
        with _new_file(target) as part:
            try:
                async with asyncio.timeout(self._deadline_s):
                    await self._download(table.url, part)
            except (TimeoutError, httpx.HTTPError):
                raise _out_of_reach(table) from None
            if not await asyncio.to_thread(_has_column, part, table.label):
                raise _out_of_reach(table)
            await asyncio.to_thread(part.replace, target)
        return target

    async def _download(self, url: str, target: Path) -> None:
        timeout = httpx.Timeout(self._deadline_s, connect=CONNECT_S)
        size_bytes = 0
        async with (
            httpx.AsyncClient(timeout=timeout, transport=self._transport) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            with target.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    size_bytes += len(chunk)
                    if size_bytes > self._max_bytes:
                        raise TooLargeError(
                            f"The archive sends more than {self._max_bytes:,} bytes, the limit of "
                            "FOVEA_MAX_UPLOAD_BYTES"
                        )
                    await asyncio.to_thread(file.write, chunk)


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """A file beside `target`, which is removed unless it has taken its place."""
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _has_column(path: Path, column: str) -> bool:
    """Whether the header names the column; answers about errors are XML."""
    with path.open("rb") as file:
        header = file.readline(65_536).decode(errors="replace")
    return column in [name.strip('" \r\n') for name in header.split(",")]


def _out_of_reach(table: ArchivedTable) -> UnavailableError:
    return UnavailableError(
        f"The table {table.name} ({table.title}) could not be fetched from NASA's archive. Download "
        f"{table.url} as {table.file} into a folder, and name the folder by FOVEA_NASA_TABLES, or "
        "upload the file with data_source=user"
    )
