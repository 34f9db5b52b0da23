"""Files of rows whose class follows from their columns, with some noise."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from training.tables.column_types import type_columns
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.sample import draw_sample
from training.tables.large.settings import LargeSettings
from training.tables.large.source import open_source
from training.tables.large.training import LargeTable
from training.tables.profile import profile
from training.tables.target import TargetChoice, find_target

CLASSES = np.array(["CONFIRMED", "FALSE POSITIVE"])
SMALL = LargeSettings(
    memory_bytes=64 * 2**20,
    budget_s=1000,
    max_sample_rows=1500,
    params={"n_estimators": 25, "learning_rate": 0.2, "max_depth": 4},
)


def star_table(num_rows: int, seed: int = 1) -> pa.Table:
    """Three rows of each star; `vetting` gives the class away, `depth` and `kind` are honest."""
    generator = np.random.default_rng(seed)
    depth, size = generator.normal(size=(2, num_rows))
    kind = generator.integers(4, size=num_rows)
    signal = 1.5 * depth + np.where(kind == 2, 1.5, -0.5) + generator.normal(size=num_rows) / 2
    codes = (signal < 0).astype(np.int64)
    labels: list[Any] = CLASSES[codes].tolist()
    labels[5::50] = ["CANDIDATE"] * len(labels[5::50])
    labels[7] = None
    missing = np.where(generator.random(num_rows) < 0.1, np.nan, depth)
    return pa.table(
        {
            "star": np.arange(num_rows) // 3,
            "depth": pa.array(missing, from_pandas=True),
            "size": size,
            "kind": [f"kind {code}" for code in kind],
            "vetting": np.where(generator.random(num_rows) < 0.99, codes, 1 - codes),
            "disposition": labels,
        }
    )


def written(table: pa.Table, path: Path) -> Path:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pq.write_table(table, path, row_group_size=1000)
    return path


def opened(
    path: Path,
    answers: dict[str, str],
    *,
    group: str | None = None,
    settings: LargeSettings = SMALL,
) -> LargeTable:
    """The table in the file, as its sample is understood."""
    sample = draw_sample(
        open_source(path),
        path.parent,
        max_rows=settings.max_sample_rows,
        max_bytes=MemoryPlan(settings.memory_bytes).sample_bytes,
    )
    typed = type_columns(sample.read)
    target = find_target(typed, profile(typed), "", answers)
    assert isinstance(target, TargetChoice), target
    return LargeTable(sample=sample, typed=typed, target=target, group=group)
