"""Predicts a table with a registered model; nothing is trained."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow.artifacts
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from tracking_plugin.names import CHAMPION, PipelineArtifact, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.second_table import predict_second_table
from training.recipes.tables.stages.upload import DataUpload
from training.recording.model_artifacts import TABLE_MODEL
from training.tables.errors import TableError
from training.tables.model.table_model import TableModel
from training.tables.printable import printable


class PretrainedPipeline:
    """The stages that are left if there is a model: prediction and evaluation."""

    def __init__(self, config: TablesConfig, record: PipelineRecord, memory_bytes: int) -> None:
        self._config = config
        self._record = record
        self._memory_bytes = memory_bytes

    def run(self) -> None:
        """Raises TableError if there is no such model, or the table does not fit it."""
        config, record = self._config, self._record
        path = Path(config.data)
        read = DataUpload(self._memory_bytes).run(config, path)
        record.begin(path, read, num_rows=read.table.num_rows)
        record.enter(PipelineStage.MODEL_EVALUATION)
        model = load_registered(config.pretrained, record.job.tracking_uri)
        found = predict_second_table(model, read)
        record.store(PipelineArtifact.ANALYSIS, _analysis(model))
        record.store(PipelineArtifact.DEPLOYMENT, _deployment(config.pretrained, model))
        record.second_table(found)
        record.progress.finish()


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
