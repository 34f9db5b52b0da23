"""Reads captions: from a text file beside the image, or from lines of JSON in `metadata.jsonl`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from training.data.decode import printable_path
from training.errors import DataError
from training.file_kind import read_file

MAX_CAPTION_BYTES = 64 * 1024
MAX_METADATA_BYTES = 256 * 2**20
MAX_NAME_CHARS = 1024
METADATA_NAME = "metadata.jsonl"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class BadCaptionError(ValueError):
    """A caption that cannot be read; the message is the reason and quotes nothing of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedCaption:
    """A line of `metadata.jsonl`; `image` is relative to the data set's root."""

    image: str
    caption: str
    line: int


def read_caption(path: Path) -> str:
    """The text of a caption file on one line. Raises BadCaptionError."""
    try:
        content = read_file(path, MAX_CAPTION_BYTES + 1)
    except OSError as error:
        raise BadCaptionError((error.strerror or "it cannot be read").lower()) from None
    if len(content) > MAX_CAPTION_BYTES:
        raise BadCaptionError(f"longer than {MAX_CAPTION_BYTES:,} bytes")
    if content.startswith(_UTF_16):
        raise BadCaptionError("UTF-16: save it as UTF-8")
    try:
        return one_line(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadCaptionError("not UTF-8: save it as UTF-8") from None


def one_line(text: str) -> str:
    """`text` without spaces around it, and with one space where lines or several spaces were."""
    return " ".join(text.replace("\0", " ").split())


def read_metadata(root: Path, path: str, text_field: str) -> Iterator[ListedCaption]:
    """The captions in the `metadata.jsonl` at `path` below `root`.

    Raises DataError that names the line.
    """
    try:
        content = read_file(root / path, MAX_METADATA_BYTES + 1)
    except OSError as error:
        raise DataError(f"{printable_path(path)} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_METADATA_BYTES:
        raise DataError(
            f"{printable_path(path)} is longer than {MAX_METADATA_BYTES:,} bytes. Split the folder."
        )
    folder = PurePosixPath(path).parent
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _listed(line, number, path, folder, text_field)


def _listed(
    line: bytes, number: int, path: str, folder: PurePosixPath, text_field: str
) -> ListedCaption:
    match _parsed(line):
        case {"file_name": str(name), **fields} if len(name) <= MAX_NAME_CHARS:
            caption = fields.get(text_field)
        case _:
            name, caption = "", None
    if not isinstance(caption, str):
        raise DataError(
            f"{printable_path(path)}, line {number}: expected JSON such as "
            f'{{"file_name": "0001.png", "{text_field}": "a caption"}} in UTF-8, of at most '
            f"{MAX_CAPTION_BYTES:,} bytes."
        )
    image = str(folder / name.removeprefix("./"))
    return ListedCaption(image=image, caption=one_line(caption), line=number)


def _parsed(line: bytes) -> Any:
    if len(line) > MAX_CAPTION_BYTES:
        return None
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
