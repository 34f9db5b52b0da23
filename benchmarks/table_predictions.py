"""Measures predictions for rows of tables: the service against a direct call of the model.

    .venv/bin/python -m benchmarks.table_predictions [--columns 20] [--clients 4] [--seconds 5]

The service is `python -m serving` on this machine; the direct call is in this process. Both get rows by
name, as JSON has them, and predict with the same registered model: gradient boosting over 5 folds. The
file is a CSV, read and answered in parts; its direct call has the table in memory already.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.results import interleaved, ms, print_table, ratios, spread
from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.serving.closed_loop import Call
from benchmarks.serving.comparison import Rounds, compare
from serving.client import TablePredictionClient
from tests.ports import LOOPBACK
from tests.serving.engine.registered import Store
from tests.serving.started import started_service
from tests.serving.tables.trained_tables import register
from tests.training.tables.made_tables import made, target_of
from training.tables.descriptions import TypedTable
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import read_labels
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.model.input_column import describe_inputs
from training.tables.model.table_model import TableModel, rows_from_json, rows_from_table
from training.tables.model.target import describe_target
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.targets.problem_type import ProblemType

NAME = "benchmark"
DIRECT, SERVICE = "direct call", "service"
NUM_TRAINING_ROWS = 2000
NUM_FOLDS = 5
FILE_ROWS = {False: 50_000, True: 200}
"""By whether they are explained, which takes far longer."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model in this process, the service that has it too, and rows for both."""

    model: TableModel
    port: int
    rows: list[dict[str, Any]]
    table: TypedTable
    path: Path


def main() -> None:
    arguments = _flags().parse_args()
    with subject(arguments) as measured:
        asyncio.run(measure(measured, arguments))


async def measure(measured: Subject, arguments: argparse.Namespace) -> None:
    print(
        f"{arguments.learner} over {NUM_FOLDS} folds, {arguments.columns} columns, 3 classes; "
        f"{arguments.rounds} rounds of {arguments.seconds:g} s"
    )
    async with TablePredictionClient(LOOPBACK, measured.port) as client:
        for explain in (False, True):
            for num_rows, num_clients in ((1, 1), (1, arguments.clients), (100, 1)):
                calls = {
                    DIRECT: _direct(measured, num_rows, explain=explain),
                    SERVICE: _served(measured, client, num_rows, explain=explain),
                }
                rounds = await compare(
                    calls,
                    num_clients=num_clients,
                    num_rounds=arguments.rounds,
                    seconds=arguments.seconds,
                )
                title = f"{num_rows} rows a request, {num_clients} clients, {_shown(explain)}"
                print_comparison(title, rounds, num_rows)
            await measure_file(measured, client, arguments.rounds, explain=explain)


async def measure_file(
    measured: Subject, client: TablePredictionClient, num_rounds: int, *, explain: bool
) -> None:
    num_rows = FILE_ROWS[explain]
    _write_csv(measured, num_rows)
    seconds: dict[str, list[float]] = {DIRECT: [], SERVICE: []}
    first_s: list[float] = []
    for name in interleaved((DIRECT, SERVICE), num_rounds):
        began = time.perf_counter()
        if name == DIRECT:
            await asyncio.to_thread(_predict_table, measured, num_rows, explain)
        else:
            is_first = True
            async for _ in client.predict_file(NAME, measured.path, explain=explain):
                if is_first:
                    first_s.append(time.perf_counter() - began)
                is_first = False
        seconds[name].append(time.perf_counter() - began)
    print(
        f"\nA file of {num_rows} rows, {_shown(explain)}; first answers after {spread(first_s)} s\n"
    )
    rows = [
        [
            name,
            f"{num_rows * len(taken) / sum(taken):,.0f}",
            spread(taken, 2),
            spread(ratios(seconds[DIRECT], taken), 2),
        ]
        for name, taken in seconds.items()
    ]
    print_table(("variant", "rows/s", "seconds", f"rows/s of {DIRECT}"), rows)


def print_comparison(title: str, rounds: dict[str, Rounds], num_rows: int) -> None:
    print(f"\n{title}\n")
    base = rounds[DIRECT].per_second
    print_table(
        ("variant", "rows/s", "p50", "p99", "failed", f"rows/s of {DIRECT}"),
        [
            [
                name,
                f"{each.together.per_second * num_rows:,.0f}",
                ms(each.together.percentile_s(50)),
                ms(each.together.percentile_s(99)),
                str(len(each.together.errors)),
                spread(ratios(each.per_second, base), 2),
            ]
            for name, each in rounds.items()
        ],
    )


@contextmanager
def subject(arguments: argparse.Namespace) -> Iterator[Subject]:
    table = _table(arguments.columns, NUM_TRAINING_ROWS)
    model = trained(table, arguments.learner)
    columns = [name for name in table.table.column_names if name != "label"]
    rows = table.table.select(columns).slice(0, 500).to_pylist()
    with temporary_folder() as folder:
        store = Store(folder / "registry")
        store.point(register(store, model, NAME), name=NAME)
        with started_service(folder, tracking_uri=store.uri, decode_workers=1) as service:
            yield Subject(
                model=model,
                port=service.port,
                rows=rows,
                table=table,
                path=folder / "rows.csv",
            )


def trained(table: TypedTable, learner: str) -> TableModel:
    """A model of which each member has learned all folds but one."""
    choice = target_of(table, "label", {"problem_type": ProblemType.MULTICLASS})
    rows = np.arange(table.table.num_rows)
    columns = [name for name in table.table.column_names if name != "label"]
    encoder = fit_encoder(table, rows, columns)
    values, labels = encoder.transform(table.table), read_labels(table, choice)
    task = LearningTask(
        problem_type=choice.problem_type,
        num_classes=len(choice.classes),
        is_categorical=np.zeros(len(encoder.features), np.bool_),
        num_categories=np.zeros(len(encoder.features), np.int64),
    )
    members = tuple(
        LEARNERS[learner].fit(
            task,
            Examples(values[rows % NUM_FOLDS != fold], labels.numbers[rows % NUM_FOLDS != fold]),
            Examples(values[rows % NUM_FOLDS == fold], labels.numbers[rows % NUM_FOLDS == fold]),
            {},
        )
        for fold in range(NUM_FOLDS)
    )
    return TableModel(
        encoder=encoder,
        ensemble=EnsembleModel(models=(BaggedModel(members=members),), weights=(1.0,)),
        calibration=Calibration(kind=CalibrationKind.IDENTITY, reason="Not calibrated."),
        target=describe_target(table, choice),
        inputs=describe_inputs(table, rows, encoder.input_columns),
    )


def _table(num_columns: int, num_rows: int) -> TypedTable:
    random = np.random.default_rng(0)
    values = random.normal(size=(num_rows, num_columns))
    score = values[:, 0] + values[:, 1] * values[:, 2] + random.normal(size=num_rows) / 2
    label = np.array(["a", "b", "c"])[np.digitize(score, [-0.5, 0.5])]
    columns = {f"column {at}": values[:, at].tolist() for at in range(num_columns)}
    return made({**columns, "label": label.tolist()})


def _direct(measured: Subject, num_rows: int, *, explain: bool) -> Call:
    def predict(number: int) -> None:
        rows = rows_from_json(measured.model, _rows(measured, number, num_rows))
        measured.model.predict(rows, explain=explain)

    return lambda number: asyncio.to_thread(predict, number)


def _served(
    measured: Subject, client: TablePredictionClient, num_rows: int, *, explain: bool
) -> Call:
    return lambda number: client.predict(NAME, _rows(measured, number, num_rows), explain=explain)


def _rows(measured: Subject, number: int, num_rows: int) -> list[dict[str, Any]]:
    start = number % (len(measured.rows) - num_rows)
    return measured.rows[start : start + num_rows]


def _predict_table(measured: Subject, num_rows: int, explain: bool) -> None:
    size = measured.table.table.num_rows
    for start in range(0, num_rows, size):
        rows = rows_from_table(measured.model, measured.table).slice(0, num_rows - start)
        measured.model.predict(rows, explain=explain)


def _write_csv(measured: Subject, num_rows: int) -> None:
    table = measured.table.table
    names = table.column_names
    lines = [",".join(str(row[name]) for name in names) for row in table.to_pylist()]
    repeated = (lines * (num_rows // len(lines) + 1))[:num_rows]
    measured.path.write_text("\n".join([",".join(names), *repeated]) + "\n")


def _shown(explain: bool) -> str:
    return "explained" if explain else "not explained"


def _flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learner", choices=list(LEARNERS), default="lightgbm")
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


if __name__ == "__main__":
    main()
