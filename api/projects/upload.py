"""Receives a multipart form: its files go to disk as they arrive, its fields into memory."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import python_multipart
from fastapi.exceptions import RequestValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from api.errors import UnavailableError
from api.storage.full_disk import disk_full, means_full_disk
from tracking_plugin.printable import printable
from tracking_plugin.private_files import PRIVATE_FILE

MAX_PARTS = 64
MAX_FIELD_BYTES = 64 * 1024
MAX_HEAD_BYTES = 16 * 1024
"""Of one part: its name, and the name of its file."""
MAX_SHOWN_CHARS = 64
_WRITE_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ReceivedFile:
    """A file of the form; `name` is what its sender calls it, and no path."""

    name: str
    path: Path
    size_bytes: int
    digest: str
    """SHA-256, in hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class ReceivedForm:
    fields: Mapping[str, str]
    files: Mapping[str, ReceivedFile]


async def receive_form(
    content_type: str,
    body: AsyncIterable[bytes],
    targets: Mapping[str, Path],
    *,
    declared_bytes: int = 0,
) -> ReceivedForm:
    """The form in `body`. A file of the field `name` is written to `targets[name]`, which is new.

    Raises RequestValidationError if it is no multipart form, or has other files or too many parts;
    StorageFullError if the disk is full. The files are left to the caller in any case.
    """
    reader = _FormReader(_boundary(content_type), targets)
    with _full_disk_explained(), reader:
        _require_space(targets, declared_bytes)
        try:
            async for chunk in body:
                await reader.take(chunk)
        except ClientDisconnect:
            raise UnavailableError("The client has gone before the end of its upload") from None
        return await reader.finished()


@contextmanager
def _full_disk_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not means_full_disk(error):
            raise
        raise disk_full() from None


def _require_space(targets: Mapping[str, Path], declared_bytes: int) -> None:
    """Raises StorageFullError before anything is written, if the sender says how much will come."""
    for path in targets.values():
        if shutil.disk_usage(path.parent).free < declared_bytes:
            raise disk_full()


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind.lower() != b"multipart/form-data" or not boundary:
        raise _problem("body", "a multipart form was expected, with its boundary in Content-Type")
    return boundary


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _problem(where: str, message: str) -> RequestValidationError:
    place = ("body",) if where == "body" else ("body", printable(where, MAX_SHOWN_CHARS))
    return RequestValidationError([{"loc": place, "msg": message}])


@dataclass
class _Part:
    """The part that is being received; `file` is None for a field."""

    head: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)
    file: "_File | None" = None


@dataclass
class _File:
    name: str
    path: Path
    opened: FileIO
    size_bytes: int = 0
    hashed: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    pending: bytearray = field(default_factory=bytearray)

    def write_pending(self) -> None:
        """Blocking."""
        data = bytes(self.pending)
        self.pending.clear()
        self.hashed.update(data)
        self.size_bytes += len(data)
        while data:
            data = data[self.opened.write(data) :]


class _FormReader:
    """Feeds the parser, whose callbacks only collect; files are written between two chunks."""

    def __init__(self, boundary: bytes, targets: Mapping[str, Path]) -> None:
        self._targets = targets
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._num_head_bytes = 0
        self._num_parts = 0
        self._is_complete = False
        self._fields: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        self._parser = python_multipart.MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": self._on_header_name,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_head,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def __enter__(self) -> "_FormReader":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.opened.close()

    async def take(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _problem("body", "the form is damaged: its parts cannot be told apart") from None
        for file in self._files.values():
            if len(file.pending) >= _WRITE_BYTES:
                await asyncio.to_thread(file.write_pending)

    async def finished(self) -> ReceivedForm:
        if not self._is_complete:
            raise _problem("body", "the form ends before its last boundary: send it again")
        for file in self._files.values():
            await asyncio.to_thread(file.write_pending)
        return ReceivedForm(
            fields=self._fields,
            files={
                name: ReceivedFile(
                    name=file.name,
                    path=file.path,
                    size_bytes=file.size_bytes,
                    digest=file.hashed.hexdigest(),
                )
                for name, file in self._files.items()
            },
        )

    def _on_part(self) -> None:
        self._num_parts += 1
        if self._num_parts > MAX_PARTS:
            raise _problem("body", f"at most {MAX_PARTS} parts were expected")
        self._part, self._header, self._num_head_bytes = _Part(), (bytearray(), bytearray()), 0

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._add_to_head(self._header[0], data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._add_to_head(self._header[1], data[start:end])

    def _add_to_head(self, text: bytearray, more: bytes) -> None:
        self._num_head_bytes += len(more)
        if self._num_head_bytes > MAX_HEAD_BYTES:
            raise _problem("body", f"the head of a part may have {MAX_HEAD_BYTES} bytes")
        text += more

    def _on_header_end(self) -> None:
        name, value = self._header
        self._part.head[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _on_head(self) -> None:
        _, options = parse_options_header(self._part.head.get(b"content-disposition", b""))
        name = self._part.name = options.get(b"name", b"").decode(errors="replace")
        if not name:
            raise _problem("body", "a part without a name came")
        if name in self._fields or name in self._files:
            raise _problem(name, "one value was expected, but several came")
        if b"filename" in options:
            self._part.file = self._open(name, options[b"filename"].decode(errors="replace"))
        elif name in self._targets:
            raise _problem(name, "a file was expected, with its name")

    def _open(self, name: str, file_name: str) -> _File:
        if name not in self._targets:
            expected = " or ".join(self._targets)
            raise _problem(name, f"no file was expected here, but as {expected}")
        path = self._targets[name]
        opened = FileIO(path, "x", opener=_open_privately)
        file = self._files[name] = _File(name=file_name, path=path, opened=opened)
        return file

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            part.file.pending += data[start:end]
            return
        part.value += data[start:end]
        if len(part.value) > MAX_FIELD_BYTES:
            raise _problem(part.name, f"at most {MAX_FIELD_BYTES} bytes were expected")

    def _on_part_end(self) -> None:
        if self._part.file is None:
            self._fields[self._part.name] = self._part.value.decode(errors="replace")

    def _on_end(self) -> None:
        self._is_complete = True
