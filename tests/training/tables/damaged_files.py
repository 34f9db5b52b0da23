"""Strategies for files that nobody has made on purpose: texts of odd fields, and damaged files of each type."""

import io
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.training.tables.workbooks import Cell, write_xlsx

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
        rows: list[list[Cell]] = [["a", "b"], [1, "x"], [2, "y"]]
        return write_xlsx(Path(folder, "a"), {"One": rows}).read_bytes()


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/1.png", "b/2.png"):
            archive.writestr(name, b"x")
    return buffer.getvalue()
