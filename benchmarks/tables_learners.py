"""Compares the selection of models with plain CatBoost, LightGBM and XGBoost, on the same rows.

    .venv/bin/python -m benchmarks.tables_learners [--nasa FOLDER] [--budget-s 60] [--seeds 3]
        [--tables wine,cumulative] [--autogluon PYTHON]

Each table is split by its group, each time with another seed. All get the same features of the same
rows. AutoGluon, in the environment of PYTHON (docs/tables.md), gets the folds and the seconds of the
selection. The libraries have their own defaults, and take categories as the numbers that the encoder
gives them. Scores are of a holdout that none of them saw; how far the selection is ahead in macro F1
is measured on the same split each time. FOLDER has `cumulative.csv` and `TOI.csv` of NASA's exoplanet
archive; the columns that give the label away are left out.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from xgboost import XGBClassifier

from benchmarks.harness.results import print_table
from training.tables.column_types import type_columns
from training.tables.evaluation.calibration import fit_calibration
from training.tables.evaluation.holdout import evaluate_holdout
from training.tables.features.encoder import TableEncoder
from training.tables.features.feature import FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.file_type import FileType
from training.tables.labels import Floats, Labels, read_labels
from training.tables.leak_check import find_leaks
from training.tables.learners.learner import LearningTask
from training.tables.profile import profile
from training.tables.question import Question
from training.tables.reader import ReadTable, read_table
from training.tables.selection.autogluon_engine import AutoGluonEngine
from training.tables.selection.engine import Engine, EngineRequest
from training.tables.selection.machine import num_cores
from training.tables.selection.select import select
from training.tables.split import split_table
from training.tables.splits.table_split import SplitSettings, TableSplit
from training.tables.target import find_target

SELECTION = "selection"
_LIBRARIES: dict[str, Callable[[int], object]] = {
    "CatBoost": lambda seed: CatBoostClassifier(
        random_seed=seed, verbose=0, allow_writing_files=False, thread_count=num_cores()
    ),
    "LightGBM": lambda seed: LGBMClassifier(random_state=seed, verbose=-1, n_jobs=num_cores()),
    "XGBoost": lambda seed: XGBClassifier(random_state=seed, n_jobs=num_cores()),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A table that is split and encoded, of which every method gets the same."""

    name: str
    values: Floats
    labels: Labels
    split: TableSplit
    encoder: TableEncoder


@dataclass(frozen=True, kw_only=True)
class Result:
    """Scores on the holdout; `first_s` are the seconds to the first validated score."""

    macro_f1: float
    auroc: float
    log_loss: float
    seconds: float
    first_s: float | None = None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nasa", type=Path, help="folder with cumulative.csv and TOI.csv")
    options.add_argument("--budget-s", type=float, default=60.0)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--tables", default="", help="names of tables with commas; default all")
    options.add_argument("--autogluon", type=Path, help="Python of an environment with AutoGluon")
    arguments = options.parse_args()
    wanted = set(filter(None, arguments.tables.split(",")))
    for name, read, target in tables(arguments.nasa):
        if wanted and name not in wanted:
            continue
        results: dict[str, list[Result]] = {}
        for seed in range(arguments.seeds):
            measured = subject(name, read, target, seed)
            results.setdefault(SELECTION, []).append(selection(measured, arguments.budget_s, seed))
            if arguments.autogluon:
                engine = AutoGluonEngine(arguments.autogluon)
                found = other_engine(measured, engine, arguments.budget_s, seed)
                results.setdefault("AutoGluon", []).append(found)
            for library in _LIBRARIES:
                results.setdefault(library, []).append(plain(measured, library, seed))
        splits = f"{arguments.seeds} splits with their least and most"
        print(f"\n{name}: {read.table.num_rows:,} rows, medians of {splits}")
        print_table(
            ("", "macro F1", "selection ahead", "AUROC", "log loss", "s", "first score, s"),
            [row(method, found, results[SELECTION]) for method, found in results.items()],
        )


def tables(nasa: Path | None) -> Iterator[tuple[str, ReadTable, str]]:
    for load in (load_breast_cancer, load_digits, load_wine):
        data = load(as_frame=True)
        frame = data.frame.assign(target=[f"class {code}" for code in data.frame["target"]])
        table = pa.Table.from_pandas(frame, preserve_index=False)
        yield load.__name__.removeprefix("load_"), _from(table), "target"
    named = {"cumulative": "koi_disposition", "TOI": "tfopwg_disp"} if nasa else {}
    for name, target in named.items():
        assert nasa is not None
        read = read_table(nasa / f"{name}.csv")
        assert isinstance(read, ReadTable)
        yield name, read, target


def _from(table: pa.Table) -> ReadTable:
    return ReadTable(table=table, file_type=FileType.PARQUET)


def subject(name: str, read: ReadTable, target_column: str, seed: int) -> Subject:
    typed = type_columns(read)
    described = profile(typed)
    target = find_target(typed, described, "which class", {"target": target_column})
    assert not isinstance(target, Question)
    group = next((item.column for item in described.group_candidates), None)
    names = [item.column for item in described.identifier_columns]
    split = split_table(
        typed, target, group=group, ignored=names, settings=SplitSettings(seed=seed)
    )
    leaks = find_leaks(typed, target, split, row_names=names)
    hidden = {target.column, group, *leaks.left_out, *leaks.row_names}
    columns = [column for column in typed.table.column_names if column not in hidden]
    encoder = fit_encoder(typed, split.development, columns, seed=seed)
    return Subject(
        name=name,
        values=encoder.transform(typed.table),
        labels=read_labels(typed, target),
        split=split,
        encoder=encoder,
    )


def selection(measured: Subject, budget_s: float, seed: int) -> Result:
    task = learning_task(measured, seed)
    first: list[float] = []
    begin = time.monotonic()
    found = select(
        task,
        measured.values,
        measured.labels.numbers,
        measured.split,
        budget_s=budget_s,
        on_candidate=lambda item: (
            first.append(time.monotonic() - begin) if item.is_finished else None
        ),
    )
    rows = measured.split.development
    calibration = fit_calibration(
        found.oof, measured.labels.strata[rows], measured.split.groups[rows], seed=seed
    )
    seconds = time.monotonic() - begin
    predicted = calibration.apply(found.model.predict(measured.values[measured.split.holdout]))
    return result(measured, predicted, seconds, first[0])


def other_engine(measured: Subject, engine: Engine, budget_s: float, seed: int) -> Result:
    """An engine on the folds of the selection; its seconds are those of training."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fovea-engine-") as folder:
        found = engine.fit(
            EngineRequest(
                task=learning_task(measured, seed),
                values=measured.values,
                targets=measured.labels.numbers,
                split=measured.split,
                budget_s=budget_s,
                folder=Path(folder),
            )
        )
        seconds = time.monotonic() - begin
        predicted = found.model.predict(measured.values[measured.split.holdout])
    return result(measured, predicted, seconds)


def learning_task(measured: Subject, seed: int) -> LearningTask:
    features = measured.encoder.features
    return LearningTask(
        problem_type=measured.labels.problem_type,
        num_classes=len(measured.labels.classes),
        is_categorical=np.array([item.kind is FeatureKind.CATEGORY for item in features]),
        num_categories=np.array([item.num_categories for item in features], np.int64),
        seed=seed,
        num_threads=num_cores(),
    )


def plain(measured: Subject, library: str, seed: int) -> Result:
    model = _LIBRARIES[library](seed)
    rows = measured.split.development
    begin = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(measured.values[rows], measured.labels.strata[rows])  # type: ignore[attr-defined]
        predicted = model.predict_proba(measured.values[measured.split.holdout])  # type: ignore[attr-defined]
    return result(measured, np.asarray(predicted, np.float64), time.monotonic() - begin)


def result(
    measured: Subject, predicted: Floats, seconds: float, first_s: float | None = None
) -> Result:
    rows = measured.split.holdout
    report = evaluate_holdout(
        measured.labels.of_rows(rows),
        predicted / predicted.sum(axis=1, keepdims=True),
        measured.split.groups[rows],
    )
    found = {name: item.value or 0.0 for name, item in report.metrics.items()}
    return Result(
        macro_f1=found["macro_f1"],
        auroc=found["auroc_macro"],
        log_loss=found["log_loss"],
        seconds=seconds,
        first_s=first_s,
    )


def row(method: str, found: list[Result], selected: list[Result]) -> tuple[str, ...]:
    firsts = [item.first_s for item in found if item.first_s is not None]
    ahead = [ours.macro_f1 - other.macro_f1 for ours, other in zip(selected, found, strict=True)]
    return (
        method,
        ranged([item.macro_f1 for item in found]),
        "" if found is selected else ranged(ahead, sign="+"),
        ranged([item.auroc for item in found]),
        ranged([item.log_loss for item in found]),
        f"{median(item.seconds for item in found):.1f}",
        f"{median(firsts):.1f}" if firsts else "",
    )


def ranged(values: list[float], sign: str = "") -> str:
    """The median, and the least and the most of all splits."""
    low, middle, high = (f"{it:{sign}.3f}" for it in (min(values), median(values), max(values)))
    return f"{middle} ({low} to {high})"


if __name__ == "__main__":
    main()
