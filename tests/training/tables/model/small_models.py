"""Small models of tables, of each kind of learner and problem."""

import datetime as dt
from functools import cache
from typing import Any

import numpy as np

from tests.training.tables.made_tables import made, target_of
from training.tables.descriptions import TypedTable
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.features.feature import FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import read_labels
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.model.input_column import describe_inputs
from training.tables.model.table_model import TableModel
from training.tables.model.target import describe_target
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.targets.problem_type import ProblemType

NUM_ROWS = 90
TRAINED = np.arange(60)
MEASURED = np.random.default_rng(0).normal(size=NUM_ROWS).round(3)
COLUMNS: dict[str, Any] = {
    "a[1]": MEASURED,
    "b<2": [None if row % 9 == 4 else row % 7 for row in range(NUM_ROWS)],
    "": [None] * NUM_ROWS,
    "kind": ["late" if row == 80 else "xyz"[row % 3] for row in range(NUM_ROWS)],
    "seen": [dt.date(1000 + 20 * row, 1 + row % 12, 1) for row in range(NUM_ROWS)],
    "yes": [row % 2 == 0 for row in range(NUM_ROWS)],
    "note": [f"word{row % 5} of {row}" for row in range(NUM_ROWS)],
}
TARGETS: dict[str, Any] = {
    "flag": MEASURED > 0,
    "grade": [int(value > -0.5) + 9 * int(value > 0.5) for value in MEASURED],
    "name": ["CONFIRMED" if value > 0 else "FALSE POSITIVE" for value in MEASURED],
    "size": MEASURED * 3 + 1,
}
SMALL = {
    **dict.fromkeys(["n_estimators", "iterations", "max_iter"], 10),
    **dict.fromkeys(["min_child_samples", "min_samples_leaf"], 2),
}
TEMPERATURE = Calibration(kind=CalibrationKind.TEMPERATURE, reason="", temperature=1.5)
IDENTITY = Calibration(kind=CalibrationKind.IDENTITY, reason="")


@cache
def table(target: str = "name") -> TypedTable:
    return made({**COLUMNS, target: TARGETS[target]})


@cache
def model(
    *learners: str,
    target: str = "name",
    num_folds: int = 2,
    calibration: CalibrationKind = CalibrationKind.IDENTITY,
) -> TableModel:
    """An ensemble of these learners, each with a model per fold, on the first 60 rows."""
    typed = table(target)
    problem = ProblemType.REGRESSION if target == "size" else ProblemType.MULTICLASS
    choice = target_of(typed, target, {"problem_type": problem})
    encoder = fit_encoder(typed, TRAINED, list(COLUMNS))
    task = LearningTask(
        problem_type=choice.problem_type,
        num_classes=len(choice.classes),
        is_categorical=np.array([item.kind is FeatureKind.CATEGORY for item in encoder.features]),
        num_categories=np.array([item.num_categories for item in encoder.features]),
    )
    values = encoder.transform(typed.table)
    numbers = read_labels(typed, choice).numbers
    examples = [Examples(values[rows], numbers[rows]) for rows in np.split(TRAINED, num_folds)]
    return TableModel(
        encoder=encoder,
        ensemble=EnsembleModel(
            tuple(_bagged(learner, task, examples) for learner in learners),
            (1.0,)
            if len(learners) == 1
            else (0.75, *[0.25 / (len(learners) - 1)] * (len(learners) - 1)),
        ),
        calibration=IDENTITY if calibration is CalibrationKind.IDENTITY else TEMPERATURE,
        target=describe_target(typed, choice),
        inputs=describe_inputs(typed, TRAINED, encoder.input_columns),
        evidence={"metrics": {"macro_f1": 0.5}},
        facts={"table": "made"},
    )


def _bagged(name: str, task: LearningTask, examples: list[Examples]) -> BaggedModel:
    learner = LEARNERS[name]
    params = {
        item.name: SMALL[item.name] for item in learner.hyperparameters(task) if item.name in SMALL
    }
    return BaggedModel(tuple(learner.fit(task, part, None, params) for part in examples))
