"""Logs a model of tables to a run, and registers it in MLflow's model registry."""

import importlib.metadata
import logging
import tempfile
from pathlib import Path

import mlflow
import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType

from training.recording.logged_model import new_logged_model
from training.tables.descriptions import ColumnKind
from training.tables.model.input_column import InputColumn
from training.tables.model.input_example import example_value
from training.tables.model.table_model import NUM_REASONS, TableModel
from training.tables.model.target import LabelType, ModelTarget

logger = logging.getLogger(__name__)

MODEL_NAME = "table_model"
REGISTERED_CODE = Path(__file__).with_name("registered_table_model.py")
RECIPE = "tables"

_INPUT_TYPES = {ColumnKind.CATEGORY: DataType.string, ColumnKind.TEXT: DataType.string}
"""Of other kinds any type is let in, and read by the model, which names row and column of a fault.

MLflow would refuse whole numbers for numbers, and missing values among booleans.
"""
_FRAME_TYPES = {ColumnKind.NUMBER: "float64", ColumnKind.BOOLEAN: "boolean"}
_LABEL_TYPES = {
    LabelType.BOOLEAN: DataType.boolean,
    LabelType.INTEGER: DataType.long,
    LabelType.NUMBER: DataType.double,
    LabelType.TEXT: DataType.string,
}
_LIBRARIES = {
    "catboost": ("catboost",),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost-cpu", "xgboost"),
}
"""The packages that a learner needs beside scikit-learn: the first one that is installed."""


def log_table_model(
    model: TableModel, *, run_id: str, tracking_uri: str, register_as: str, step: int = 0
) -> str:
    """Log the model to the run with its signature and an input example, and register it.

    Returns the version. `step` is that of the run's metrics at which the model was ready.
    Raises MlflowException if the server refuses, OSError if the disk is full.
    """
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient(tracking_uri)
    with (
        new_logged_model(client, run_id, MODEL_NAME) as logged,
        tempfile.TemporaryDirectory(prefix="fovea-model-") as folder,
    ):
        model.save(Path(folder))
        info = Model.log(
            artifact_path=None,
            model_id=logged.model_id,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            step=step,
            python_model=str(REGISTERED_CODE),
            artifacts={"model": folder},
            model_config={
                "recipe": RECIPE,
                "target": model.target.column,
                "classes": list(model.target.classes),
            },
            signature=signature(model),
            input_example=input_example(model),
            pip_requirements=requirements(model),
            registered_model_name=register_as,
        )
    logger.info("Registered %s, version %s.", register_as, info.registered_model_version)
    return str(info.registered_model_version)


def signature(model: TableModel) -> ModelSignature:
    """The columns that the registered model takes and gives, and its parameters."""
    return ModelSignature(
        inputs=Schema([_input(column) for column in model.inputs]),
        outputs=Schema(_outputs(model.target)),
        params=ParamSchema(
            [
                ParamSpec("explain", DataType.boolean, default=False),
                ParamSpec("top", DataType.long, default=NUM_REASONS),
            ]
        ),
    )


def input_example(model: TableModel) -> pd.DataFrame:
    """One row of usual values, which is of nobody."""
    return pd.DataFrame(
        {
            column.name: pd.Series(
                [example_value(column)], dtype=_FRAME_TYPES.get(column.kind, "object")
            )
            for column in model.inputs
        }
    )


def requirements(model: TableModel) -> list[str]:
    """What has to be installed to load the model, in the versions that wrote it."""
    learners = {
        member.learner_name for bagged in model.ensemble.models for member in bagged.members
    }
    names = ["mlflow", "numpy", "pandas", "pyarrow", "scikit-learn", "skops"]
    names += [_installed(_LIBRARIES[name]) for name in sorted(learners & _LIBRARIES.keys())]
    pinned = [f"{name}=={importlib.metadata.version(name)}" for name in names]
    return ["mlflow-fovea[training]", *pinned]


def _installed(names: tuple[str, ...]) -> str:
    installed = {item.name for item in importlib.metadata.distributions()}
    return next((name for name in names if name in installed), names[0])


def _input(column: InputColumn) -> ColSpec:
    return ColSpec(_INPUT_TYPES.get(column.kind, AnyType()), name=column.name)


def _outputs(target: ModelTarget) -> list[ColSpec | TensorSpec]:
    columns: list[ColSpec | TensorSpec] = [ColSpec(_LABEL_TYPES[target.label_type], name="label")]
    if target.has_classes:
        columns.append(ColSpec(DataType.double, name="confidence"))
        columns += [
            ColSpec(DataType.double, name=f"probability of {name}") for name in target.classes
        ]
    columns.append(ColSpec(DataType.string, name="warnings"))
    explained = {
        "reasons": DataType.string,
        "base_value": DataType.double,
        "total": DataType.double,
        "contributions": DataType.string,
    }
    return columns + [ColSpec(kind, name=name, required=False) for name, kind in explained.items()]
