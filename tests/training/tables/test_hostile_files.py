"""Any bytes end in a table, a question or a TableError, in bounded time and with a short message."""

import json
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.training.tables.damaged_files import (
    ENCODINGS,
    TEXTS,
    VALUES,
    damaged,
    parquet_bytes,
    xlsx_bytes,
    zip_bytes,
)
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
@example(parquet_bytes().replace(b"yy", b"y\xff"))
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
