"""Writes a Parquet table of any length whose class follows from its columns, with noise."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = "disposition"
GROUP = "star"
NUM_COLUMNS = 20
_ROW_GROUP = 262_144
_NUM_NUMBERS = NUM_COLUMNS - 4


def write_table(path: Path, num_rows: int) -> int:
    """Write `num_rows` rows of 20 columns; returns their size in memory, as Arrow has them."""
    generator = np.random.default_rng(0)
    num_bytes = 0
    with pq.ParquetWriter(path, _rows(generator, 0, 1).schema) as writer:
        for start in range(0, num_rows, _ROW_GROUP):
            rows = _rows(generator, start, min(_ROW_GROUP, num_rows - start))
            num_bytes += rows.nbytes
            writer.write_table(rows)
    return num_bytes


def _rows(generator: np.random.Generator, start: int, num_rows: int) -> pa.Table:
    numbers = generator.normal(size=(_NUM_NUMBERS, num_rows))
    kind = generator.integers(12, size=num_rows)
    signal = numbers[0] + numbers[1] * numbers[2] + 0.5 * (kind % 3) - 0.3 * numbers[3]
    signal += generator.normal(size=num_rows)
    numbers[generator.random(numbers.shape) < 0.05] = np.nan
    names = np.array(["FALSE POSITIVE", "CANDIDATE", "CONFIRMED"])
    return pa.table(
        {
            GROUP: (start + np.arange(num_rows)) // 4,
            **{f"x{n}": pa.array(values, from_pandas=True) for n, values in enumerate(numbers)},
            "kind": [f"kind {code}" for code in kind.tolist()],
            "count": generator.integers(100, size=num_rows),
            TARGET: names[np.digitize(signal, (-0.5, 1.0))].tolist(),
        }
    )
