"""Trains on a large table in a process of its own, and prints its memory as JSON.

    .venv/bin/python -m benchmarks.tables.large_training FILE MEMORY_BYTES BUDGET_S

`benchmarks.tables_memory` runs it.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.tables.made_parquet import GROUP, TARGET
from training.tables.column_types import type_columns
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.sample import draw_sample
from training.tables.large.settings import LargeSettings
from training.tables.large.source import open_source
from training.tables.large.training import LargeResult, LargeTable, train_large
from training.tables.profile import profile
from training.tables.question import Question
from training.tables.target import find_target


def main() -> None:
    path, memory_bytes, budget_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    # What the program and its libraries take does not grow with the table.
    before = psutil.Process().memory_info().rss
    settings = LargeSettings(memory_bytes=memory_bytes, budget_s=budget_s)
    with TemporaryDirectory(dir=path.parent) as folder:
        result = train(path, Path(folder), settings)
    peak = _peak_bytes()
    print(
        json.dumps(
            {
                "before_bytes": before,
                "peak_bytes": peak,
                "seconds": result.report.seconds,
                "num_trained": result.report.num_trained,
                "rounds": result.report.rounds,
                "macro_f1": result.holdout.metrics["macro_f1"].model_dump(),
            }
        )
    )


def train(path: Path, folder: Path, settings: LargeSettings) -> LargeResult:
    sample = draw_sample(
        open_source(path),
        folder,
        max_rows=settings.max_sample_rows,
        max_bytes=MemoryPlan(settings.memory_bytes).sample_bytes,
        seed=settings.seed,
    )
    typed = type_columns(sample.read)
    target = find_target(typed, profile(typed), "", {"target": TARGET})
    if isinstance(target, Question):
        raise TypeError(target.text)
    table = LargeTable(sample=sample, typed=typed, target=target, group=GROUP)
    return train_large(table, folder, settings=settings)


def _peak_bytes() -> int:
    """The largest resident memory so far, with pages of files."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("Expected VmHWM in /proc/self/status: this benchmark runs on Linux.")


if __name__ == "__main__":
    main()
