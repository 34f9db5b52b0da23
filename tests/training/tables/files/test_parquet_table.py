"""A Parquet file keeps its types; nothing in it is executed or trusted."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.training.tables.reading import refusal
from training.tables.errors import TableError, TableErrorCode
from training.tables.limits import TableLimits
from training.tables.reader import ReadTable, read_table


def parquet(folder: Path, columns: dict[str, pa.Array], **options: object) -> Path:
    path = folder / "upload"
    pq.write_table(pa.table(columns), path, **options)
    return path


def read(path: Path, limits: TableLimits | None = None) -> ReadTable:
    table = read_table(path, limits=limits or TableLimits())
    assert isinstance(table, ReadTable)
    return table


def test_types_are_kept_in_few_kinds(tmp_path: Path) -> None:
    columns = {
        "int": pa.array([1, None], pa.int8()),
        "big": pa.array([2**60, 1]),
        "half": pa.array([1.5, None], pa.float32()),
        "money": pa.array([Decimal("1.25"), None]),
        "flag": pa.array([True, None]),
        "day": pa.array([date(1000, 1, 2), None]),
        "time": pa.array([datetime.fromisoformat("2700-01-02"), None], pa.timestamp("ms")),
        "zone": pa.array([datetime(2020, 1, 2, tzinfo=UTC), None], pa.timestamp("ns", "UTC")),
        "long": pa.array([timedelta(seconds=90), None], pa.duration("ms")),
        "text": pa.array(["a", None]),
        "codes": pa.array(["a", None]).dictionary_encode(),
        "none": pa.nulls(2),
    }
    table = read(parquet(tmp_path, columns)).table
    assert [str(field.type) for field in table.schema] == [
        *("int64", "string", "double", "double", "bool", "date32[day]", "timestamp[us]"),
        *("timestamp[us, tz=UTC]", "double", "string", "string", "string"),
    ]
    first = {name: values[0] for name, values in table.to_pydict().items()}
    assert first["big"] == str(2**60)
    assert first["long"] == 90.0
    assert first["day"] == date(1000, 1, 2)
    assert first["time"] == datetime.fromisoformat("2700-01-02")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([[1, 2]]), "a nested type"),
        (pa.array([{"a": 1}]), "a nested type"),
        (pa.array([b"\x80\x04."]), "a binary type"),
        (pa.array([b"1234"], pa.binary(4)), "a binary type"),
    ],
)
def test_a_column_of_another_kind_is_refused_by_name(
    tmp_path: Path, values: pa.Array, kind: str
) -> None:
    path = parquet(tmp_path, {"a": pa.array([1]), "b": values})
    with pytest.raises(TableError, match=f"column 'b', but it has {kind}"):
        read(path)


def test_metadata_for_pandas_are_ignored(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]}).replace_schema_metadata({"pandas": "no JSON"})
    pq.write_table(table, tmp_path / "upload")
    assert read(tmp_path / "upload").table.schema.metadata is None


@pytest.mark.parametrize("at", [4, 40, -60, -8])
def test_a_damaged_file_is_refused(tmp_path: Path, at: int) -> None:
    path = parquet(tmp_path, {"a": pa.array(range(1000)), "b": pa.array(["x"] * 1000)})
    content = bytearray(path.read_bytes())
    content[at : at + 6 if at + 6 else None] = b"\xff" * len(content[at : at + 6 or None])
    assert "Write it again" in refusal(tmp_path, bytes(content))


def test_repeated_and_absent_content_is_refused(tmp_path: Path) -> None:
    empty = parquet(tmp_path, {"a": pa.array([], pa.int64())}).read_bytes()
    assert "has none" in refusal(tmp_path, empty)
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "two")
    assert "more than once" in refusal(tmp_path, (tmp_path / "two").read_bytes())


def test_limits_hold_before_texts_are_unpacked(tmp_path: Path) -> None:
    # 50 KB in the file, and 2 GB unpacked.
    indices = pa.array([0] * 40_000, pa.int32())
    path = parquet(tmp_path, {"a": pa.DictionaryArray.from_arrays(indices, ["x" * 50_000])})
    content = path.read_bytes()
    assert len(content) < 100_000
    too_large = TableErrorCode.FILE_TOO_LARGE
    limits = TableLimits(max_memory_bytes=10**8)
    assert "100,000,000 bytes" in refusal(tmp_path, content, limits, too_large)
    limits = TableLimits(max_cell_chars=1000)
    assert "1,000 characters" in refusal(tmp_path, content, limits, too_large)
    assert "rows; the limit is 5" in refusal(tmp_path, content, TableLimits(max_rows=5), too_large)
