"""Files are read in batches like whole ones, and a sample is drawn while that happens."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.training.tables.large.made_files import star_table, written
from training.tables.errors import TableError
from training.tables.large.sample import TableSample, draw_sample
from training.tables.large.source import needs_streaming, open_source, table_bytes
from training.tables.reader import ReadTable, read_table

NUM_ROWS = 40_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    table = star_table(NUM_ROWS)
    for name in ("stars.parquet", "stars.csv"):
        written(table, folder / name)
    return folder


def whole(path: Path) -> pa.Table:
    read = read_table(path)
    assert isinstance(read, ReadTable)
    return read.table


def drawn(
    path: Path, folder: Path, *, max_rows: int = 1000, max_bytes: int = 2**30, seed: int = 0
) -> TableSample:
    source = open_source(path)
    return draw_sample(source, folder, max_rows=max_rows, max_bytes=max_bytes, seed=seed)


@pytest.mark.parametrize("name", ["stars.parquet", "stars.csv"])
def test_batches_are_the_whole_table(folder: Path, name: str) -> None:
    batches = [batch.table for batch in open_source(folder / name).batches()]
    assert len(batches) > 1
    assert pa.concat_tables(batches).equals(whole(folder / name))


@pytest.mark.parametrize("name", ["stars.parquet", "stars.csv"])
def test_a_sample_has_rows_of_the_whole_table(folder: Path, name: str, tmp_path: Path) -> None:
    sample = drawn(folder / name, tmp_path)
    table = whole(folder / name)
    assert sample.num_rows == NUM_ROWS
    assert sample.read.table.equals(table.take(pa.array(sample.row_numbers)))
    assert len(sample.row_numbers) == 1000
    assert (np.diff(sample.row_numbers) > 0).all()
    assert np.mean(sample.row_numbers) == pytest.approx(NUM_ROWS / 2, rel=0.06)
    again = [batch.table for batch in sample.source.batches()]
    assert pa.concat_tables(again).equals(table)
    text_format = next(sample.source.batches()).text_format
    assert text_format == sample.read.text_format


def test_wide_rows_make_a_smaller_sample(folder: Path, tmp_path: Path) -> None:
    path = folder / "stars.parquet"
    sample = drawn(path, tmp_path, max_bytes=20_000)
    assert 100 < len(sample.row_numbers) < 500
    assert sample.read.table.nbytes < 25_000
    every = drawn(path, tmp_path, max_rows=10**6)
    assert len(every.row_numbers) == NUM_ROWS
    other = drawn(path, tmp_path, seed=1)
    assert other.row_numbers.tolist() != drawn(path, tmp_path).row_numbers.tolist()


def test_large_whole_numbers_in_some_batches_make_text(tmp_path: Path) -> None:
    numbers = np.arange(40_000)
    numbers[-1] = 2**60
    path = written(pa.table({"n": numbers, "m": numbers}), tmp_path / "n.parquet")
    sample = drawn(path, tmp_path, max_rows=40_000)
    column = sample.read.table.column("n")
    assert column.type == pa.string()
    assert column[-1].as_py() == str(2**60)
    assert column[3].as_py() == "3"


def test_the_size_in_memory_is_estimated(folder: Path) -> None:
    for name in ("stars.parquet", "stars.csv"):
        size = table_bytes(folder / name)
        assert size == pytest.approx(whole(folder / name).nbytes, rel=0.1)
    assert needs_streaming(folder / "stars.csv", 2**20)
    assert not needs_streaming(folder / "stars.csv", 2**30)


def test_other_files_and_files_without_rows_are_refused(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"a": 1}\n{"a": 2}\n')
    assert not needs_streaming(lines, 1)
    with pytest.raises(TableError, match="Save it as Parquet or CSV"):
        open_source(lines)
    header = tmp_path / "header.csv"
    header.write_text("a,b\n")
    with pytest.raises(TableError, match="has none"):
        drawn(header, tmp_path)
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n" + "1,2\n" * 9000 + "1\n")
    with pytest.raises(TableError, match="Line 9,002"):
        drawn(ragged, tmp_path)
