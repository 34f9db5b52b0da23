"""Finds the type of an uploaded file from its bytes; its name says nothing."""

import re
import struct
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from training.file_kind import NotAFileError, read_file
from training.tables.errors import TableError, wrong_type
from training.tables.files.file_signatures import binary_kind, text_kind
from training.tables.files.text_encoding import utf16_without_mark
from training.tables.files.zip_directory import ZipEntry, read_zip_directory
from training.tables.limits import DEFAULT_LIMITS, TableLimits

READ_TYPES = "CSV, TSV, Excel (xlsx, xls, ods), Parquet, JSON Lines or a ZIP of image folders"
IMAGE_ENDINGS = frozenset(
    [".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm"]
)
_HEAD_BYTES = 8192
_MAX_CONTROL_SHARE = 0.02
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"


class FileType(StrEnum):
    """A type of file that is read."""

    DELIMITED_TEXT = "delimited_text"
    JSON_LINES = "json_lines"
    PARQUET = "parquet"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    IMAGE_ZIP = "image_zip"


def detect_file_type(path: Path, limits: TableLimits = DEFAULT_LIMITS) -> FileType:
    """The type of the file at `path`.

    Raises TableError if the file cannot be read, is empty or of no type that is read; its message
    names the type that was found. A ZIP archive is also checked by `read_zip_directory`.
    """
    try:
        head = read_file(path, _HEAD_BYTES)
        return _type_of(path, head, limits)
    except NotAFileError:
        raise wrong_type(f"Expected a file ({READ_TYPES}), but this is no regular file.") from None
    except OSError as error:
        raise TableError(f"The file cannot be read: {error.strerror}.") from None
    except ValueError:
        raise TableError("The file cannot be read: its path is not valid.") from None


def _type_of(path: Path, head: bytes, limits: TableLimits) -> FileType:
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise TableError("Expected a table, but the file is empty. Upload it again.")
    if head.startswith(b"PAR1"):
        return FileType.PARQUET
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(path, limits)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound_type(path, head)
    if is_text(head):
        return _text_type(head)
    raise _refused(binary_kind(head))


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text in UTF-8, UTF-16, UTF-32 or an 8-bit encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return True
    if utf16_without_mark(head) is not None:
        return True
    # A text with a few stray control characters is refused later, with the line.
    return len(_CONTROLS.findall(head)) <= _MAX_CONTROL_SHARE * len(head) + 1


def _text_type(head: bytes) -> FileType:
    if (kind := text_kind(head)) is not None:
        raise _refused(kind)
    encoding = utf16_without_mark(head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    text = head.decode(encoding or "utf-8-sig", errors="ignore").lstrip()
    if text.startswith("{"):
        return FileType.JSON_LINES
    if re.match(r"\[\s*([\[{]|\Z)", text):
        raise _refused("a JSON list: write one object in each line (JSON Lines)")
    return FileType.DELIMITED_TEXT


def _zip_type(path: Path, limits: TableLimits) -> FileType:
    entries = read_zip_directory(path, limits)
    names = {entry.name for entry in entries}
    if not entries:
        raise TableError("Expected a table or images, but the ZIP archive is empty.")
    if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
        return FileType.XLSX
    if "xl/workbook.bin" in names:
        raise _refused("an Excel binary workbook (xlsb): save it as xlsx")
    if "mimetype" in names:
        return _open_document_type(path)
    for part, kind in (
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a PowerPoint file"),
        ("META-INF/MANIFEST.MF", "a Java archive"),
        ("AndroidManifest.xml", "an Android program"),
    ):
        if part in names:
            raise _refused(kind)
    if _has_image_folders(entries):
        return FileType.IMAGE_ZIP
    raise _refused(
        "a ZIP archive without image folders. Unpack a table; put images in one folder per class"
    )


def _open_document_type(path: Path) -> FileType:
    # The format wants this entry first and unpacked, so that it can be read here.
    head = read_file(path, 200)
    if _ODS_TYPE in head:
        return FileType.ODS
    raise _refused("an OpenDocument file that is no spreadsheet")


def _has_image_folders(entries: tuple[ZipEntry, ...]) -> bool:
    paths = (PurePosixPath(entry.name) for entry in entries if not entry.is_folder)
    return any(
        path.suffix.lower() in IMAGE_ENDINGS
        and len(path.parts) > 1
        and "__MACOSX" not in path.parts
        for path in paths
    )


def _compound_type(path: Path, head: bytes) -> FileType:
    with path.open("rb") as file:
        names = _compound_names(file, head)
    if names & {"Workbook", "Book"}:
        return FileType.XLS
    if "EncryptedPackage" in names:
        raise _refused("a document with a password: save it without one")
    if "WordDocument" in names:
        raise _refused("a Word document")
    raise _refused("a Microsoft Office document that is no Excel workbook")


def _compound_names(file: BinaryIO, head: bytes) -> set[str]:
    """Names in the first sectors of the directory of a compound file ([MS-CFB] 2.6)."""
    if len(head) < 512:
        return set()
    (shift,) = struct.unpack_from("<H", head, 30)
    (sector,) = struct.unpack_from("<L", head, 48)
    if shift not in (9, 12):
        return set()
    file.seek((sector + 1) << shift)
    directory = file.read(4096)
    names = set()
    for start in range(0, len(directory) - 127, 128):
        (name_bytes,) = struct.unpack_from("<H", directory, start + 64)
        raw = directory[start : start + min(max(name_bytes - 2, 0), 62)]
        names.add(raw.decode("utf-16-le", errors="ignore"))
    return names


def _refused(kind: str) -> TableError:
    return wrong_type(f"Expected {READ_TYPES}, but the file is {kind}.")
