"""Columns that repeat in a table, but hardly in its sample."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.training.tables.large.made_files import star_table, written
from training.tables.large.group_search import find_repeated
from training.tables.large.sample import TableSample, draw_sample
from training.tables.large.source import open_source


def sample_of(table: pa.Table, folder: Path, *, max_rows: int) -> TableSample:
    path = written(table, folder / "stars.csv")
    return draw_sample(open_source(path), folder, max_rows=max_rows, max_bytes=2**20)


def test_values_that_are_rare_in_the_sample_are_counted_in_the_table(tmp_path: Path) -> None:
    table = star_table(30_000).append_column("row", pa.array(np.arange(30_000)))
    sample = sample_of(table, tmp_path, max_rows=20)
    (found,) = find_repeated(sample, ["row", "star"])
    assert (found.column, found.num_rows) == ("star", 30_000)
    assert abs(found.num_groups - 10_000) < 500


def test_a_sample_of_all_rows_has_no_secrets(tmp_path: Path) -> None:
    sample = sample_of(star_table(30), tmp_path, max_rows=100)
    assert find_repeated(sample, ["star"]) == ()
