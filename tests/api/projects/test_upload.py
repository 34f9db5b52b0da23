"""Forms are received whole, however they are divided into chunks, or are refused."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import StorageFullError
from api.projects.upload import MAX_HEAD_BYTES, MAX_PARTS, ReceivedForm, receive_form
from tests.small_disk import small_disk

CONTENT_TYPE = "multipart/form-data; boundary=bo"
CONTENT = b"a,b\r\n1,2\r\n--b\r\n" * 50


def part(head: bytes, content: bytes) -> bytes:
    return b"--bo\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n"


FORM = (
    part(b'name="file"; filename="t\xc3\xa4.csv"', CONTENT)
    + part(b'name="text"', "ü".encode())
    + b"--bo--\r\n"
)


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def receive(folder: Path, body: bytes, size: int = 100, declared_bytes: int = 0) -> ReceivedForm:
    folder.mkdir(exist_ok=True)
    targets = {"file": folder / "upload"}
    (folder / "upload").unlink(missing_ok=True)
    return asyncio.run(
        receive_form(CONTENT_TYPE, chunks(body, size), targets, declared_bytes=declared_bytes)
    )


@given(size=st.integers(1, len(FORM)))
@settings(max_examples=20)
def test_a_form_is_received_in_chunks_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "chunks"

    form = receive(folder, FORM, size)

    assert form.fields == {"text": "ü"}
    file = form.files["file"]
    assert (file.name, file.size_bytes) == ("tä.csv", len(CONTENT))
    assert file.path.read_bytes() == CONTENT
    assert file.digest == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        FORM[:-10],
        b"",
        part(b'name="a"', b"1") + part(b'name="a"', b"2") + b"--bo--\r\n",
        part(b'filename="x"', b"1") + b"--bo--\r\n",
        b"".join(part(b'name="%d"' % i, b"") for i in range(MAX_PARTS + 1)) + b"--bo--\r\n",
        part(b'name="' + b"x" * MAX_HEAD_BYTES + b'"', b"1") + b"--bo--\r\n",
    ],
)
def test_a_damaged_form_is_refused(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(RequestValidationError):
        receive(tmp_path / "x", body)


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 64) as disk:
        with pytest.raises(StorageFullError, match="FOVEA_DATA_DIR"):
            receive(disk, part(b'name="file"; filename="x"', bytes(128 * 1024)) + b"--bo--\r\n")
        with pytest.raises(StorageFullError):
            receive(disk, FORM, declared_bytes=10**9)
