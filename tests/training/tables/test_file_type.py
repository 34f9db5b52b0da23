"""The type of a file comes from its bytes; what is no table is refused and named."""

import gzip
import io
import os
import pickle
import struct
import time
import zipfile
from pathlib import Path

import pytest

from tests.training.tables.reading import written
from tests.training.tables.workbooks import write_ods, write_xlsx
from training.tables.errors import TableError, TableErrorCode
from training.tables.file_type import FileType, detect_file_type
from training.tables.limits import TableLimits

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20)


def archive(*names: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return buffer.getvalue()


def compound(*names: str) -> bytes:
    """The start of a compound file with a directory in its first sector."""
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    struct.pack_into("<H", header, 30, 9)
    directory = b""
    for name in names:
        raw = name.encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + struct.pack("<H", len(raw) + 2).ljust(64, b"\0")
    return bytes(header) + directory


def name_of(value: object) -> str:
    """The name of a case, without contents: those of an archive have the time in them."""
    return value if isinstance(value, str) else "content"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a,b\n1,2\n", FileType.DELIMITED_TEXT),
        ("größe;b\n1;2\n".encode("cp1252"), FileType.DELIMITED_TEXT),
        ("a\tb\n1\t2\n".encode("utf-16"), FileType.DELIMITED_TEXT),
        ("a\tb\n1\t2\n".encode("utf-16-le"), FileType.DELIMITED_TEXT),
        (b"BMI,age\n1,2\n", FileType.DELIMITED_TEXT),
        (b"MZ,id\n1,2\n", FileType.DELIMITED_TEXT),
        (b'\xef\xbb\xbf\n {"a": 1}\n', FileType.JSON_LINES),
        (b"PAR1....PAR1", FileType.PARQUET),
        (compound("Root Entry", "Workbook"), FileType.XLS),
        (archive("cats/1.png", "dogs/2.jpg"), FileType.IMAGE_ZIP),
    ],
    ids=name_of,
)
def test_the_type_comes_from_the_bytes(tmp_path: Path, content: bytes, kind: FileType) -> None:
    assert detect_file_type(written(tmp_path, content)) is kind


def test_workbooks_are_told_from_other_archives(tmp_path: Path) -> None:
    assert detect_file_type(write_xlsx(tmp_path / "a.png", {"One": [["a"], [1]]})) is FileType.XLSX
    assert detect_file_type(write_ods(tmp_path / "b.csv", [["a"], [1]])) is FileType.ODS


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
        (PNG, "a PNG image"),
        (b"MZ\x90\0\x03\0\0\0" + bytes(60), "a program for Windows"),
        (b"\x7fELF" + bytes(60), "a program"),
        (gzip.compress(b"a,b\n" * 50), "a gzip archive: unpack it first"),
        (pickle.dumps({"a": 1}), "a Python pickle, which is never opened"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'[{"a": 1}]', "a JSON list: write one object in each line"),
        (b"ARROW1\0\0" + bytes(60), "an Arrow file"),
        (b"SQLite format 3\0" + bytes(60), "an SQLite database"),
        (bytes(range(256)) * 4, "a binary file of an unknown type"),
        (archive("word/document.xml"), "a Word document"),
        (archive("table.csv"), "a ZIP archive without image folders"),
        (archive("a.png"), "a ZIP archive without image folders"),
        (compound("Root Entry", "WordDocument"), "a Word document"),
        (compound("Root Entry", "EncryptedPackage"), "a document with a password"),
    ],
    ids=name_of,
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(TableError) as refused:
        detect_file_type(written(tmp_path, content))
    assert refused.value.code is TableErrorCode.INVALID_FILE_TYPE
    assert f"but the file is {found}" in str(refused.value)
    assert "Parquet" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableError, match="the file is empty"):
        detect_file_type(written(tmp_path, content))


def test_a_folder_a_pipe_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (
        (tmp_path, "no regular file"),
        (tmp_path / "pipe", "no regular file"),
        (tmp_path / "absent", "No such file"),
        (tmp_path / "\0", "not valid"),
    ):
        with pytest.raises(TableError, match=reason):
            detect_file_type(path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a/x.png", "leads out of it"),
        ("a/../../x.png", "leads out of it"),
        ("a\\..\\x.png", "leads out of it"),
        ("/etc/x.png", "has an absolute path"),
        ("C:/x.png", "has an absolute path"),
        ("c:x.png", "has an absolute path"),
        ("a/x\n.png", "control characters"),
        ("a/" + 5000 * "x", "too long a name"),
    ],
)
def test_an_entry_that_leaves_its_folder_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(TableError, match=reason):
        detect_file_type(written(tmp_path, archive("a/1.png", name)))


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as file:
        entry = zipfile.ZipInfo("a/x.png")
        entry.create_system = 3
        entry.external_attr = 0o120777 << 16
        file.writestr(entry, "/etc/passwd")
    with pytest.raises(TableError, match="is a link"):
        detect_file_type(path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(archive("a/x.png"))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(TableError, match="without a password"):
        detect_file_type(written(tmp_path, bytes(content)))


def million_entries() -> bytes:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 9, 5, *[0] * 6) + b"a/b/c"
    directory = entry * 1_000_000
    end_64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, len(directory), 4
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 4 + len(directory), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return b"PK\x03\x04" + directory + end_64 + locator + end


def test_an_archive_of_a_million_entries_is_refused_without_reading_them(tmp_path: Path) -> None:
    path = written(tmp_path, million_entries())
    begin = time.process_time()
    with pytest.raises(TableError, match="more than 200,000 files") as refused:
        detect_file_type(path)
    assert time.process_time() - begin < 0.5
    assert refused.value.code is TableErrorCode.FILE_TOO_LARGE


def test_an_archive_that_hides_its_number_of_entries_is_refused(tmp_path: Path) -> None:
    content = bytearray(archive(*(f"a/{n}.png" for n in range(30))))
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<2H", content, end + 8, 1, 1)
    path = written(tmp_path, bytes(content))
    with pytest.raises(TableError, match="damaged"):
        detect_file_type(path)
    with pytest.raises(TableError, match="more than 20 files"):
        detect_file_type(path, TableLimits(max_zip_entries=20))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, archive("a/x.png", content=bytes(40 * 2**20)))
    with pytest.raises(TableError, match="200 times its size"):
        detect_file_type(path)
    with pytest.raises(TableError, match="more than 1,000 bytes"):
        detect_file_type(path, TableLimits(max_inflated_bytes=1000))


def test_entries_that_share_their_data_are_refused(tmp_path: Path) -> None:
    content = bytearray(archive("a/1.png", "a/2.png", content=os.urandom(1000)))
    for at in (content.index(b"PK\x01\x02"), content.rindex(b"PK\x01\x02")):
        struct.pack_into("<L", content, at + 20, 2000)
    with pytest.raises(TableError, match="damaged"):
        detect_file_type(written(tmp_path, bytes(content)))
