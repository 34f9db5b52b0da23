"""Records what a finished model predicts, of the second table or of the holdout."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracking_plugin.names import PipelineArtifact
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.second_table import predict_test_data
from training.tables.model.row_predictor import RowPredictor


def record_predictions(
    model: RowPredictor,
    config: TablesConfig,
    record: PipelineRecord,
    memory_bytes: int,
    of_holdout: Callable[[], Sequence[Mapping[str, Any]]],
) -> None:
    """`of_holdout` is called without a second table. Raises TableError if that does not fit."""
    second = predict_test_data(config, model, memory_bytes)
    if second is not None:
        record.second_table(second)
        return
    record.store(PipelineArtifact.PREDICTIONS, of_holdout())
