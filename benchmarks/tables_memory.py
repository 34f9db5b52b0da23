"""Measures the peak memory of learning from a large Parquet table, beside the table's own size.

    .venv/bin/python -m benchmarks.tables_memory [--rows 20000000] [--memory-mib 512 1024]

The table has 20 columns, in a temporary folder that needs about 12 GB for 20 million rows. Each
training runs in a process of its own; the memory of the program and its libraries is shown apart.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness.results import print_table
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.tables.made_parquet import NUM_COLUMNS, write_table

_MIB = 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000_000)
    options.add_argument("--memory-mib", type=int, nargs="+", default=[512, 1024])
    options.add_argument("--budget-s", type=float, default=600.0)
    arguments = options.parse_args()
    with temporary_folder() as folder:
        path = folder / "table.parquet"
        size = write_table(path, arguments.rows)
        print(
            f"{arguments.rows:,} rows of {NUM_COLUMNS} columns: {mib(size)} in memory, "
            f"{mib(path.stat().st_size)} as a file\n",
            flush=True,
        )
        rows = [
            row(limit, train(path, limit * _MIB, arguments.budget_s), size)
            for limit in arguments.memory_mib
        ]
    print_table(
        (
            "limit",
            "peak",
            "program alone",
            "growth",
            "of the table",
            "rows",
            "rounds",
            "macro F1",
            "s",
        ),
        rows,
    )


def train(path: Path, memory_bytes: int, budget_s: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.tables.large_training"]
    arguments = [str(path), str(memory_bytes), str(budget_s)]
    done = subprocess.run([*command, *arguments], check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(limit_mib: int, found: dict[str, Any], size: int) -> list[str]:
    growth = found["peak_bytes"] - found["before_bytes"]
    return [
        f"{limit_mib} MiB",
        mib(found["peak_bytes"]),
        mib(found["before_bytes"]),
        mib(growth),
        f"{growth / size:.0%}",
        f"{found['num_trained']:,}",
        str(found["rounds"]),
        f"{found['macro_f1']['value']:.3f}",
        f"{sum(found['seconds'].values()):.0f}",
    ]


def mib(size: float) -> str:
    return f"{size / _MIB:,.0f} MiB"


if __name__ == "__main__":
    main()
