"""Trains small models of tables, and registers them in a model registry."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.serving.engine.registered import Store
from tests.training.tables.made_tables import made, target_of
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.features.feature import FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import read_labels
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.model.input_column import describe_inputs
from training.tables.model.publish import log_table_model
from training.tables.model.table_model import TableModel
from training.tables.model.target import describe_target
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.targets.problem_type import ProblemType

NUM_ROWS = 90
COLUMNS = ("period", "depth", "host", "seen")


def columns(seed: int = 0) -> dict[str, list[Any]]:
    """The columns of a table that tells its label apart."""
    random = np.random.default_rng(seed)
    period = np.linspace(0.5, 700.0, NUM_ROWS)
    return {
        "period": period.tolist(),
        "depth": random.normal(10, 2, NUM_ROWS).tolist(),
        "host": [("G", "K", "M")[at % 3] for at in range(NUM_ROWS)],
        "seen": [bool(at % 2) for at in range(NUM_ROWS)],
    }


def labels(classes: Sequence[Any]) -> list[Any]:
    """Of rows in the order of `columns`: their period decides."""
    return [classes[at * len(classes) // NUM_ROWS] for at in range(NUM_ROWS)]


def trained(
    target: Sequence[Any],
    problem_type: ProblemType = ProblemType.MULTICLASS,
    *,
    learner: str = "linear",
    seed: int = 0,
) -> TableModel:
    """A model of the column `label`, which has the values `target`."""
    typed = made({**columns(seed), "label": list(target)})
    choice = target_of(typed, "label", {"problem_type": problem_type})
    rows = np.arange(NUM_ROWS)
    encoder = fit_encoder(typed, rows, COLUMNS)
    read = read_labels(typed, choice)
    task = LearningTask(
        problem_type=problem_type,
        num_classes=len(choice.classes) if read.has_classes else 0,
        is_categorical=np.array([it.kind is FeatureKind.CATEGORY for it in encoder.features]),
        num_categories=np.array([it.num_categories for it in encoder.features], np.int64),
        seed=seed,
    )
    examples = Examples(encoder.transform(typed.table), read.numbers)
    fitted = LEARNERS[learner].fit(task, examples, None, {})
    return TableModel(
        encoder=encoder,
        ensemble=EnsembleModel(models=(BaggedModel(members=(fitted,)),), weights=(1.0,)),
        calibration=Calibration(kind=CalibrationKind.IDENTITY, reason="Not calibrated."),
        target=describe_target(typed, choice),
        inputs=describe_inputs(typed, rows, encoder.input_columns),
    )


def register(store: Store, model: TableModel, name: str) -> str:
    """The new version of the model; the alias champion stays where it is."""
    run = store.client.create_run(store.experiment_id)
    version = log_table_model(
        model, run_id=run.info.run_id, tracking_uri=store.uri, register_as=name
    )
    store.client.set_terminated(run.info.run_id)
    return version
