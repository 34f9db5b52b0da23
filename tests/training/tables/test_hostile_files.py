"""Any bytes end in a table, a question or a TableError, in bounded time and with a short message."""

import io
import json
import tempfile
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.training.tables.workbooks import write_xlsx
from training.tables.column_types import type_columns
from training.tables.errors import TableError
from training.tables.limits import TableLimits
from training.tables.profile import profile
from training.tables.question import Question
from training.tables.reader import read_table
from training.tables.target import find_target

LIMITS = TableLimits(max_memory_bytes=2**26, max_rows=10_000, max_columns=500)
MAX_SECONDS = 2


def analyse(content: bytes) -> None:
    """All that happens to an upload, up to its target."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "upload")
        path.write_bytes(content)
        try:
            read = read_table(path, limits=LIMITS)
            if not isinstance(read, Question):
                table = type_columns(read)
                found = profile(table)
                found.model_dump_json()
                find_target(table, found, "predict a or b")
        except TableError as error:
            message = str(error)
            assert len(message) < 2000
            assert message.isprintable()
    assert time.process_time() - begin < MAX_SECONDS


FIELDS = st.sampled_from(
    [
        *("a", "b", "1", "-2.5", "1,5", "1e999", "NA", "", " ", '"', "'", "x y", "yes", "no", "#"),
        *("2020-01-01", "01/02/2020", "0001-01-01", "12 kg", "€5", "9" * 30, "007", "inf", "\0"),
        *("\ufeff", "\u2028", "\x1c", "é", "0x10", "=1+1", "- ", "true", "99999-01-01"),
    ]
)
SEPARATORS = st.sampled_from([",", ";", "\t", "|", "\n", "\r\n", "\r", '"', '""', '","', ""])
TEXTS = st.lists(st.tuples(FIELDS, SEPARATORS), max_size=60).map(
    lambda parts: "".join(field + separator for field, separator in parts)
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with some of them replaced, and perhaps cut."""
    changes = st.lists(
        st.tuples(st.integers(0, len(content) - 1), st.binary(min_size=1, max_size=8)), max_size=6
    )

    def change(changed: list[tuple[int, bytes]], length: int) -> bytes:
        found = bytearray(content)
        for at, new in changed:
            found[at : at + len(new)] = new
        return bytes(found[:length])

    return st.builds(
        change, changes, st.integers(len(content) // 2, len(content)) | st.just(len(content))
    )


def parquet_bytes() -> bytes:
    columns = {
        "a": pa.array([1, 2, None] * 20),
        "b": pa.array(["x", "yy", None] * 20),
        "c": pa.array([1.5, None, 2.5] * 20),
    }
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def xlsx_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        rows = [["a", "b"], [1, "x"], [2, "y"]]
        return write_xlsx(Path(folder, "a"), {"One": rows}).read_bytes()


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/1.png", "b/2.png"):
            archive.writestr(name, b"x")
    return buffer.getvalue()


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00")
@example(b"PK\x05\x06")
@example(b"PK\x03\x04" + bytes(40))
@example(b"PAR1")
@example(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
@example(b"#\n#\n")
@example(b"\xef\xbb\xbf\xef\xbb\xbfa\n1")
def test_any_bytes(content: bytes) -> None:
    analyse(content)


@settings(max_examples=300, deadline=None)
@given(TEXTS, ENCODINGS)
def test_any_text(text: str, encoding: str) -> None:
    analyse(text.encode(encoding, errors="replace"))


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "é", ""]), VALUES), max_size=5))
def test_any_objects(rows: list[dict[str, object]]) -> None:
    analyse("\n".join(json.dumps(row) for row in rows).encode())


@settings(max_examples=200, deadline=None)
@given(damaged(parquet_bytes()))
def test_a_damaged_parquet_file(content: bytes) -> None:
    analyse(content)


@settings(deadline=None)
@given(damaged(zip_bytes()))
def test_a_damaged_archive(content: bytes) -> None:
    analyse(content)


@settings(max_examples=6, deadline=None)
@given(damaged(xlsx_bytes()))
def test_a_damaged_workbook(content: bytes) -> None:
    analyse(content)


@pytest.mark.parametrize(
    "content",
    [
        'a,b\n1,2\nsecret,"secret\n',
        "a,b\n1,2\nsecret\n",
        'a,b\n1,"secret"secret\n',
        "a,b\n1,secret\0\n",
        '{"a": "secret", "b": [1]}\n',
        '{"a": "secret\n',
        "%PDF-secret",
    ],
)
def test_no_message_quotes_a_cell(tmp_path: Path, content: str) -> None:
    path = tmp_path / "upload"
    path.write_text(content)
    with pytest.raises(TableError) as refused:
        read_table(path)
    assert "secret" not in str(refused.value)
