"""Predicts a table with a registered model; nothing is trained."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow.artifacts
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from tracking_plugin.names import CHAMPION, PipelineArtifact, PipelineStage
from training.job import TrainingJob
from training.recipes.tables.progress import PipelineProgress
from training.recipes.tables.second_table import SecondTable, predict_second_table
from training.recording.model_artifacts import TABLE_MODEL
from training.tables.errors import TableError
from training.tables.model.table_model import TableModel
from training.tables.printable import printable
from training.tables.reader import ReadTable


class PretrainedPrediction:
    """The part of the pipeline that is left if there is a model: prediction and evaluation."""

    def __init__(self, job: TrainingJob, progress: PipelineProgress) -> None:
        self._job = job
        self._progress = progress

    def run(self, name: str, read: ReadTable) -> Mapping[PipelineArtifact, Any]:
        """What is to be recorded. Raises TableError if there is no such model, or it does not fit."""
        self._progress.enter(PipelineStage.MODEL_EVALUATION)
        model = load_registered(name, self._job.tracking_uri)
        found = predict_second_table(model, read)
        documents: dict[PipelineArtifact, Any] = {
            PipelineArtifact.ANALYSIS: _analysis(model),
            PipelineArtifact.DEPLOYMENT: _deployment(name, model),
            PipelineArtifact.PREDICTIONS: found.predictions,
        }
        if (document := second_table_document(found)) is not None:
            documents[PipelineArtifact.TEST_EVALUATION] = document
        return documents


def second_table_document(found: SecondTable) -> Mapping[str, Any] | None:
    return None if found.report is None else found.report.model_dump(mode="json")


def load_registered(name: str, tracking_uri: str) -> TableModel:
    """The model of `name` or `name@alias`, by default the champion.

    None of the code that MLflow keeps with a model is executed. Raises TableError if there is no
    such model, or it is none of tables.
    """
    model_name, _, alias = name.partition("@")
    shown = printable(name)
    with tempfile.TemporaryDirectory(prefix="fovea-model-") as folder:
        try:
            place = mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{model_name}@{alias or CHAMPION}",
                dst_path=folder,
                tracking_uri=tracking_uri,
            )
            artifacts = Model.load(place).flavors["python_function"]["artifacts"]
            part = (Path(place) / artifacts[TABLE_MODEL]["path"]).resolve()
        except (MlflowException, KeyError, TypeError, OSError):
            raise TableError(
                f"Expected a registered model of tables, but there is none called '{shown}'. Name "
                "one of the registry, as in name or name@alias."
            ) from None
        if not part.is_relative_to(Path(folder).resolve()):
            raise TableError(f"The files of the model '{shown}' are not its own.")
        return TableModel.load(part)


def _analysis(model: TableModel) -> Mapping[str, Any]:
    target = model.target
    return {
        "target": {
            "column": target.column,
            "problem_type": str(target.problem_type),
            "classes": dict.fromkeys(target.classes),
        },
        "group": {"column": model.facts.get("group")},
    }


def _deployment(name: str, model: TableModel) -> Mapping[str, Any]:
    return {
        "model_name": name,
        "input_columns": [column.name for column in model.inputs],
        "adds_up_to": model.adds_up_to(),
    }
