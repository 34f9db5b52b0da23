"""Predicts a table with a registered model; nothing is trained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.registered_model import RegisteredTableModel, load_registered
from training.recipes.tables.second_table import predict_second_table
from training.recipes.tables.stages.upload import DataUpload
from training.tables.model.table_model import TableModel


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
        source = load_registered(config.pretrained, record.job.tracking_uri)
        found = predict_second_table(source.model, read)
        record.store(PipelineArtifact.ANALYSIS, _analysis(source.model))
        record.store(PipelineArtifact.DEPLOYMENT, _deployment(source))
        record.second_table(found)
        record.progress.finish()


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


def _deployment(source: RegisteredTableModel) -> Mapping[str, Any]:
    return {
        "model_name": source.name,
        "version": source.version,
        "input_columns": [column.name for column in source.model.inputs],
        "adds_up_to": source.model.adds_up_to(),
    }
